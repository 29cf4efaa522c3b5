"""Extremes of numbers and of shapes: finite results, or an error that says where it broke."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT
from small_data import assert_same_run, host_arrays, random_dataset, small_run

from dfa_utils import RULES, SGD, Normal, RMSprop
from dfa_utils.array import get_backend
from dfa_utils.losses import LOSSES
from dfa_utils.network import ACTIVATIONS
from dfa_utils.validation.fit import check_finite

pytestmark = pytest.mark.filterwarnings("error")
BY_RULE = pytest.mark.parametrize("rule", RULES)
BY_LOSS = pytest.mark.parametrize("loss", LOSSES)
BY_OPTIMIZER = pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.01)])


def assert_finite(run):
    assert all(np.isfinite(array).all() for array in host_arrays(run))


@BY_RULE
@pytest.mark.parametrize("activation", ACTIVATIONS)
@BY_LOSS
def test_saturated_units_and_huge_logits(rule, activation, loss):
    # A ReLU multiplies the size by every layer, so that its logits reach the millions.
    scale = Normal(20.0 if activation == "relu" else 1e4)
    settings = {"activation": activation, "loss": loss, "optimizer": SGD(1e-6), "dtype": "float32"}
    run = small_run(rule, weights=scale, biases=scale, **settings).fit(1)
    assert_finite(run)
    assert run.history.train_loss.max() > 1000


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@BY_LOSS
def test_a_loss_is_exact_for_huge_logits(loss, dtype):
    """A right and a wrong answer, both beyond doubt: the loss is nothing, or the distance."""
    for size in (1e3, 1e4, 1e30):
        logits = np.array([[size, -size], [-size, size]], dtype)
        targets = np.array([[1, 0], [1, 0]], dtype)
        distance = 2 * logits[0, 0]
        np.testing.assert_array_equal(LOSSES[loss].value(logits, targets), [0, distance])
        assert np.abs(LOSSES[loss].error(logits, targets)).max() == 1


@BY_RULE
@BY_LOSS
def test_batches_of_one_class(rule, loss):
    data, first = random_dataset(dtype="float32"), np.zeros(50, dtype=np.int64)
    data = replace(data, train_labels=first, train_targets=np.eye(3, dtype="float32")[first])
    run = small_run(rule, data=data, loss=loss, optimizer=SGD(0.1)).fit(20)
    assert_finite(run)
    assert (run.history.train_error[-1] == 0).all()


@BY_RULE
@BY_OPTIMIZER
def test_features_that_are_constant(rule, optimizer):
    data = random_dataset(dtype="float32")
    for value in (1, 0):
        images = np.full_like(data.train_images, value)
        constant = replace(data, train_images=images, test_images=images[:20])
        run = small_run(rule, data=constant, optimizer=optimizer)
        before = run.params[0].weights.copy()
        assert_finite(run.fit(3))
    np.testing.assert_array_equal(before, run.params[0].weights)


@BY_RULE
def test_batches_of_one_sample(rule):
    assert_finite(small_run(rule, batch_size=1, optimizer=SGD(0.05)).fit(3))


@BY_RULE
@pytest.mark.parametrize("hidden_layers", [1, 100])
def test_one_and_a_hundred_hidden_layers(rule, hidden_layers):
    sizes = (6, *[8] * hidden_layers, 3)
    run = small_run(rule, sizes=sizes, dtype="float32", optimizer=RMSprop(1e-3), reduction="sum")
    assert_finite(run.fit(3))
    if rule == "dfa":
        assert_finite(run.fit(20))
        assert (run.history.train_loss[-1] < run.history.train_loss[0]).all()


@pytest.mark.parametrize("backend", ["numpy", "torch", "strict"])
@pytest.mark.parametrize(
    ("layer", "place"),
    [(0, "hidden layer 1"), (1, "hidden layer 2"), (2, "the output layer"), (None, "the logits")],
)
def test_a_loss_that_is_not_finite_names_the_first_broken_layer(layer, place, backend):
    run = small_run("bp", (4, 9), backend)
    run.epoch = 7
    if layer is not None:
        run.params[layer].biases[1, 0, 0] = float("nan")
    values = {"train_loss": np.array([1.0, np.nan]), "test_loss": np.array([1.0, np.inf])}
    text = rf"epoch 7 \(BP, seed 9 in {place}\): try a smaller learning_rate"
    with pytest.raises(FloatingPointError, match=text):
        check_finite(values, run)


def test_each_seed_that_diverged_is_named():
    run = small_run("bp", activation="relu", optimizer=SGD(1e30), dtype="float32")
    text = r"epoch 1 \(BP, seed 0 in hidden layer 1, seed 1 in hidden layer 1\)"
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=text):
        run.fit(2)


def test_the_seed_that_diverged_is_named_where_others_have_stopped():
    run = small_run("bp", (3, 4, 9)).fit(1, stop=lambda run: [True, False, False])
    run.state.params[1].weights[1, 0, 0] = np.nan
    with pytest.raises(FloatingPointError, match=r"epoch 2 \(BP, seed 9 in hidden layer 1\)"):
        run.fit(2)


# Their noise is drawn in the type of the networks: other numbers.
NOISY = ("wm", "np")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in NOISY])
@BY_OPTIMIZER
def test_single_and_double_precision_agree(rule, optimizer):
    """The full replication in both is a part of `make soak`."""
    single, double = (
        small_run(rule, dtype=dtype, optimizer=optimizer).fit(3) for dtype in ("float32", "float64")
    )
    assert_same_run(single, double, rtol=2e-4)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_logistic_units_far_out_do_not_overflow(backend):
    run, backend = small_run(backend=backend, activation="logistic"), get_backend(backend)
    x = backend.asarray(np.array([[1e300] * 6, [-1e300] * 6, [0.0] * 6]))
    for output in run.network.forward(run.params, x).outputs:
        assert np.isfinite(backend.to_host(output)).all()


TRAIN_WITH_THREADS = """
import json, sys
from dfa_utils import DFA, SGD, Network, Normal, Recipe, Run, load_dataset
data = load_dataset("digits", backend="numpy")
network = Network.between(data, [400, 400])
history = Run(network, Recipe(DFA(Normal(0.1)), SGD(0.1)), data, [0]).fit(5).history
json.dump([history.test_loss.tolist(), history.test_error.tolist()], sys.stdout)
"""


def test_another_number_of_threads_changes_rounding_alone():
    losses, errors = [], []
    for threads in ("1", "2"):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", TRAIN_WITH_THREADS]
        done = subprocess.run(
            command, env=environment, capture_output=True, check=True, timeout=100
        )
        loss, error = json.loads(done.stdout)
        losses.append(loss)
        errors.append(error)
    np.testing.assert_allclose(*losses, rtol=1e-3)
    np.testing.assert_allclose(*errors, atol=0.6)  # two of the 355 test images
