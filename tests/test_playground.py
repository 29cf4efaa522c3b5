"""The playground's learning rules beside those of dfa_utils, from the same numbers."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import book_tool

from dfa_utils import RULES, SGD, Network, Normal, Recipe, Run, Zeros, error_angles, load_dataset
from dfa_utils.array import get_backend
from dfa_utils.array.batches import shuffled_orders

NODE = Path(sys.prefix) / "bin" / "node"
OFFERED = ("bp", "fa", "dfa")
SIZES, SEED, BATCH_SIZE, EPOCHS, RATE = [64, 32, 24, 10], 3, 32, 3, 0.1
STARTS = {"small": Normal(0.1), "zero": Zeros()}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory, javascript):
    """The folder of scripts, as the pages load it."""
    folder = tmp_path_factory.mktemp("site") / "play"
    book_tool("play").write_scripts(javascript, folder)
    return folder


def in_node(scripts, task):
    """Run the playground's code on a task."""
    command = [NODE, Path(__file__).with_name("train_in_node.js"), scripts]
    given = json.dumps(task)
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", backend="numpy")


def start(digits, rule, name):
    """Return a run before its first epoch."""
    recipe = Recipe(RULES[rule](Normal(0.3)), SGD(RATE), batch_size=BATCH_SIZE)
    return Run(Network(SIZES), recipe, digits, [SEED], weights=STARTS[name])


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
                "batchSize": BATCH_SIZE,
                "orders": [order.tolist() for order in orders],
            }
    results = in_node(scripts, {"runs": list(runs.values())})
    return dict(zip(runs, results, strict=True))


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("rule", OFFERED)
def test_the_playground_trains_as_dfa_utils_does(trained_in_node, digits, rule, name):
    found = trained_in_node[rule, name]
    run = start(digits, rule, name).fit(EPOCHS, measure={"angles": error_angles})
    history = run.history
    # The last bit of a sum may turn one image on the boundary of two classes.
    one_train, one_test = (100 / len(x) + 1e-6 for x in (digits.train_labels, digits.test_labels))
    np.testing.assert_allclose(found["trainError"], history.train_error[:, 0], atol=one_train)
    np.testing.assert_allclose(found["testError"][1:], history.test_error[:, 0], atol=one_test)
    measured = np.array(found["angles"], dtype=float)
    # float32 gives the cosine of a small angle with an error that the arc cosine enlarges.
    angles = np.array(run.measured["angles"])[:, 0]
    np.testing.assert_allclose(measured, angles, atol=0.1 if rule == "bp" else 0.01)
    for layer, ours in zip(run.params, found["params"], strict=True):
        np.testing.assert_allclose(ours["weights"], layer.weights[0], atol=2e-5)
        np.testing.assert_allclose(ours["biases"], layer.biases[0], atol=2e-5)


def test_training_moves_what_is_compared(trained_in_node, digits):
    """So that two networks that both stand still cannot pass for the same."""
    for (rule, name), found in trained_in_node.items():
        params = start(digits, rule, name).params
        moved = [
            np.abs(np.array(ours["weights"]) - layer.weights[0]).max()
            for layer, ours in zip(params, found["params"], strict=True)
        ]
        stands_still = rule == "bp" and name == "zero"
        assert max(moved) == 0 if stands_still else min(moved) > 0.1, (rule, name)
    ends = {key: np.array(found["params"][0]["weights"]) for key, found in trained_in_node.items()}
    for one, other in (("bp", "fa"), ("bp", "dfa"), ("fa", "dfa")):
        assert np.abs(ends[one, "small"] - ends[other, "small"]).max() > 0.1


def test_training_leaves_no_memory_behind(trained_in_node):
    assert {found["leaked"] for found in trained_in_node.values()} == {0}


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
