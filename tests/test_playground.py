"""The playground's learning rules beside those of dfa_utils, from the same numbers."""

import itertools

import numpy as np
import pytest
from in_node import in_node

from dfa_utils import RULES, SGD, Network, Normal, Recipe, Run, Zeros, error_angles, load_dataset
from dfa_utils.alignment import weight_angles
from dfa_utils.array import get_backend
from dfa_utils.array.batches import shuffled_orders
from dfa_utils.figures import looks_of
from dfa_utils.initialisers import Initialiser

OFFERED = ("bp", "fa", "dfa", "drtp", "ss", "kp")
SIZES, SEED, BATCH_SIZE, EPOCHS, RATE = [64, 32, 24, 10], 3, 32, 3, 0.1
#: By name: where the weights start, and their decay.
STARTS = {"small": (Normal(0.1), 0.0), "zero": (Zeros(), 0.0), "decay": (Normal(0.1), 0.03)}


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", backend="numpy")


def start(digits, rule, name):
    """Return a run before its first epoch."""
    weights, decay = STARTS[name]
    moves = SGD(RATE, weight_decay=decay)
    recipe = Recipe(RULES[rule](Normal(0.3)), moves, batch_size=BATCH_SIZE)
    return Run(Network(SIZES), recipe, digits, [SEED], weights=weights)


@pytest.fixture(scope="module")
def trained_in_node(scripts, digits):
    """What the playground makes of each rule and start, in one process."""
    count, numpy = len(digits.train_labels), get_backend("numpy")
    orders = [shuffled_orders(count, [SEED], epoch, numpy)[0] for epoch in range(1, EPOCHS + 1)]
    runs = {}
    for rule in OFFERED:
        for name in STARTS:
            run = start(digits, rule, name)
            runs[rule, name] = {
                "rule": rule,
                "params": [{k: v[0].tolist() for k, v in p._asdict().items()} for p in run.params],
                "feedback": [matrix[0].tolist() for matrix in run.feedback],
                "learningRate": RATE,
                "weightDecay": STARTS[name][1],
                "batchSize": BATCH_SIZE,
                "orders": [order.tolist() for order in orders],
            }
    results = in_node(scripts, {"runs": list(runs.values())})
    return dict(zip(runs, results, strict=True))


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("rule", OFFERED)
def test_the_playground_trains_as_dfa_utils_does(trained_in_node, digits, rule, name):
    found = trained_in_node[rule, name]
    run = start(digits, rule, name)
    measure = {"errorAngles": error_angles}
    if run.recipe.rule.aims(run.params):
        measure["matrixAngles"] = weight_angles
    history = run.fit(EPOCHS, measure=measure).history
    # The last bit of a sum may turn one image on the boundary of two classes.
    one_train, one_test = (100 / len(x) + 1e-6 for x in (digits.train_labels, digits.test_labels))
    np.testing.assert_allclose(found["trainError"], history.train_error[:, 0], atol=one_train)
    np.testing.assert_allclose(found["testError"][1:], history.test_error[:, 0], atol=one_test)
    for kind in ("errorAngles", "matrixAngles"):
        angles = np.array(found[kind], dtype=float)
        assert angles.shape == (EPOCHS + 1, len(SIZES) - 2)
        if kind not in measure:
            assert np.all(np.isnan(angles))
            continue
        # float32 gives the cosine of a small angle with an error that the arc cosine enlarges.
        tolerance = 0.1 if rule == "bp" else 0.01
        np.testing.assert_allclose(angles, np.array(run.measured[kind])[:, 0], atol=tolerance)
    for layer, ours in zip(run.params, found["params"], strict=True):
        np.testing.assert_allclose(ours["weights"], layer.weights[0], atol=2e-5)
        np.testing.assert_allclose(ours["biases"], layer.biases[0], atol=2e-5)
    for matrix, ours in zip(run.feedback, found["feedback"], strict=True):
        np.testing.assert_allclose(ours, matrix[0], atol=2e-5)


def test_training_moves_what_is_compared(trained_in_node, digits):
    """So that two networks that both stand still cannot pass for the same."""
    for (rule, name), found in trained_in_node.items():
        params = start(digits, rule, name).params
        moved = [
            np.abs(np.array(ours["weights"]) - layer.weights[0]).max()
            for layer, ours in zip(params, found["params"], strict=True)
        ]
        stands_still = rule in ("bp", "ss") and name == "zero"
        assert max(moved) == 0 if stands_still else min(moved) > 0.1, (rule, name)
    ends = {key: np.array(found["params"][0]["weights"]) for key, found in trained_in_node.items()}
    for one, other in itertools.combinations(OFFERED, 2):
        assert np.abs(ends[one, "small"] - ends[other, "small"]).max() > 0.1
    for rule in OFFERED:
        assert np.abs(ends[rule, "small"] - ends[rule, "decay"]).max() > 0.1
        learned = [np.float32(matrix) for matrix in trained_in_node[rule, "small"]["feedback"]]
        drawn = [matrix[0] for matrix in start(digits, rule, "small").feedback]
        moved = [np.abs(ours - matrix).max() for ours, matrix in zip(learned, drawn, strict=True)]
        assert min(moved) > 0.1 if rule == "kp" else not any(moved)


def test_training_leaves_no_memory_behind(trained_in_node):
    assert {found["leaked"] for found in trained_in_node.values()} == {0}


def replayed(matrices):
    """Return an initialiser that draws matrices that are known."""
    rest = iter(map(np.array, matrices))

    class Replayed(Initialiser):
        def __call__(self, rng, shape, fan_in, fan_out):
            return next(rest)

    return Replayed()


@pytest.fixture(scope="module")
def described(scripts):
    """What the playground draws and loads by itself."""
    return in_node(scripts, {"describe": {"sizes": SIZES, "seed": 1, "scale": 0.5}})


def test_the_digits_of_the_page_are_those_of_the_book(described, digits):
    for name in ("train_images", "train_targets", "test_images", "test_targets"):
        part, kind = name.split("_")
        np.testing.assert_array_equal(described[part + kind.capitalize()], getattr(digits, name))


def test_random_numbers_have_the_right_shapes_and_sizes(described):
    for layer, shape in zip(described["params"], [(64, 32), (32, 24), (24, 10)], strict=True):
        weights = np.array(layer["weights"])
        assert weights.shape == shape and not np.any(layer["biases"])
        assert abs(weights.mean()) < 4 * 0.5 / np.sqrt(weights.size)
        assert weights.std() == pytest.approx(0.5, rel=0.2)
    for rule, matrices in described["feedback"].items():
        assert [np.shape(matrix) for matrix in matrices] == RULES[rule]().shapes(SIZES)
    assert sorted(described["order"]) == list(range(len(described["trainImages"])))
    assert described["order"] != sorted(described["order"])
    # Where a rule makes something of what is drawn, it is what dfa_utils makes of it.
    for rule, like in (("ss", "fa"), ("kp", "fa"), ("drtp", "dfa")):
        drawn = RULES[rule](replayed(described["feedback"][like])).draw(None, SIZES, None)
        for ours, theirs in zip(described["feedback"][rule], drawn, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_rules_have_the_names_and_lines_of_the_book(described):
    assert [rule for rule, _ in described["offered"]] == list(OFFERED)
    sent = [words for _, words in described["offered"]]
    assert len(set(sent)) == len(sent) and all(len(words.split()) > 5 for words in sent)
    looks = looks_of(rule.name for rule in RULES.values())
    assert list(described["rules"]) == list(RULES)
    for name, told in described["rules"].items():
        assert told["label"] == RULES[name].name
        look = looks[told["label"]]
        assert told["colour"] == f"var(--rule-{name}, {look.colour.lower()})"
        named = {"-": [], "-.": [6.4, 1.6, 1, 1.6], ":": [1, 1.65]}  # as Matplotlib draws them
        assert told["dashes"] == (named.get(look.line) if look.line in named else [*look.line[1]])
