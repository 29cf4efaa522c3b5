"""The playground's learning rules beside those of dfa_utils, from the same numbers."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import book_tool

from dfa_utils.alignment import follow_alignment
from dfa_utils.batches import shuffled_orders
from dfa_utils.datasets import load_dataset
from dfa_utils.feedback import feedback_shapes, initialise_feedback
from dfa_utils.initialisers import normal, zeros
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.network import initialise_params
from dfa_utils.optimizers import SGD

NODE = Path(sys.prefix) / "bin" / "node"
RULES = ("bp", "fa", "dfa")
SIZES, SEED, BATCH_SIZE, EPOCHS, RATE = [64, 32, 24, 10], 3, 32, 3, 0.1
STARTS = {"small": normal(0.1), "zero": zeros}


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


def start(rule, initialiser):
    """Return initial parameters and feedback."""
    options = {"backend": "numpy"}
    params = initialise_params(SIZES, [SEED], initialiser, **options)
    rule = LEARNING_RULES[rule]
    return params, initialise_feedback(rule, SIZES, [SEED], normal(0.3), **options)


@pytest.fixture(scope="module")
def trained_in_node(scripts, digits):
    """What the playground makes of each rule and start, in one process."""
    orders = [shuffled_orders(digits, [SEED], epoch)[0] for epoch in range(1, EPOCHS + 1)]
    runs = {}
    for rule in RULES:
        for name, initialiser in STARTS.items():
            params, feedback = start(rule, initialiser)
            runs[rule, name] = {
                "rule": rule,
                "params": [{k: v[0].tolist() for k, v in p._asdict().items()} for p in params],
                "feedback": [matrix[0].tolist() for matrix in feedback],
                "learningRate": RATE,
                "batchSize": BATCH_SIZE,
                "orders": [order.tolist() for order in orders],
            }
    results = in_node(scripts, {"runs": list(runs.values())})
    return dict(zip(runs, results, strict=True))


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("rule", RULES)
def test_the_playground_trains_as_dfa_utils_does(trained_in_node, digits, rule, name):
    found = trained_in_node[rule, name]
    params, feedback = start(rule, STARTS[name])
    trained, history, angles = follow_alignment(
        LEARNING_RULES[rule],
        params,
        digits,
        feedback=feedback,
        optimizer=SGD(RATE),
        batch_size=BATCH_SIZE,
        num_epochs=EPOCHS,
        seeds=[SEED],
        report=lambda *_: None,
    )
    # The last bit of a sum may turn one image on the boundary of two classes.
    one_train, one_test = (100 / len(x) + 1e-6 for x in (digits.train_labels, digits.test_labels))
    np.testing.assert_allclose(found["trainError"], history.train_error[:, 0], atol=one_train)
    np.testing.assert_allclose(found["testError"][1:], history.test_error[:, 0], atol=one_test)
    measured = np.array(found["angles"], dtype=float)
    # float32 gives the cosine of a small angle with an error that the arc cosine enlarges.
    np.testing.assert_allclose(measured, angles[..., 0], atol=0.1 if rule == "bp" else 0.01)
    for layer, ours in zip(trained, found["params"], strict=True):
        np.testing.assert_allclose(ours["weights"], layer.weights[0], atol=2e-5)
        np.testing.assert_allclose(ours["biases"], layer.biases[0], atol=2e-5)


def test_training_moves_what_is_compared(trained_in_node):
    """So that two networks that both stand still cannot pass for the same."""
    for (rule, name), found in trained_in_node.items():
        params, _ = start(rule, STARTS[name])
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
        shapes = feedback_shapes(LEARNING_RULES[rule], SIZES)
        assert [np.shape(matrix) for matrix in matrices] == shapes
    assert sorted(described["order"]) == list(range(len(described["trainImages"])))
    assert described["order"] != sorted(described["order"])
