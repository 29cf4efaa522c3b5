"""Extremes of numbers and of shapes: finite results, or an error that says where it broke."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT
from small_data import STRICT, random_dataset, random_network
from test_training import RULES, run

from dfa_utils.arrays import get_backend
from dfa_utils.history import QUANTITIES
from dfa_utils.learning_rules import backward_propagation, direct_feedback_alignment
from dfa_utils.losses import LOSSES
from dfa_utils.network import Layer, forward_propagation
from dfa_utils.optimizers import SGD, RMSprop
from dfa_utils.run_checks import check_finite
from dfa_utils.training import train

pytestmark = pytest.mark.filterwarnings("error")
ACTIVATIONS = pytest.mark.parametrize("activation", ["tanh", "logistic", "relu"])
BY_LOSS = pytest.mark.parametrize("loss", LOSSES)


def train_on(data, rule, sizes=(6, 5, 4, 3), scale=1.0, dtype="float32", **settings):
    """Train on a data set from weights of a given scale; return parameters and history."""
    params, feedback = random_network(rule, (0, 1), dtype=dtype, sizes=list(sizes))
    params = [Layer(*(array * array.dtype.type(scale) for array in layer)) for layer in params]
    settings = {"num_epochs": 3, "batch_size": 16, "optimizer": SGD(0.1)} | settings
    quiet = {"report": lambda *_: None, "seeds": (0, 1)}
    return train(rule, params, data, feedback=feedback, **quiet, **settings)


def assert_finite(result):
    params, history = result
    for quantity in QUANTITIES:
        assert np.isfinite(getattr(history, quantity)).all(), quantity
    for layer in params:
        assert all(np.isfinite(array).all() for array in layer)


@RULES
@ACTIVATIONS
@BY_LOSS
def test_saturated_units_and_huge_logits(rule, activation, loss):
    data = random_dataset(dtype="float32")
    settings = {"activation": activation, "loss": loss, "num_epochs": 1}
    # A ReLU multiplies the size by every layer, so that its logits reach the millions.
    scale = 30 if activation == "relu" else 1e4
    result = train_on(data, rule, scale=scale, optimizer=SGD(1e-6), **settings)
    assert_finite(result)
    assert result[1].train_loss.max() > 1000


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


@RULES
@BY_LOSS
def test_batches_of_one_class(rule, loss):
    data = random_dataset(dtype="float32")
    first = np.zeros(50, dtype=np.int64)
    data = replace(data, train_labels=first, train_targets=np.eye(3, dtype="float32")[first])
    result = train_on(data, rule, loss=loss, num_epochs=20)
    assert_finite(result)
    assert (result[1].train_error[-1] == 0).all()


@RULES
@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.01)], ids=["sgd", "rmsprop"])
def test_features_that_are_constant(rule, optimizer):
    data = random_dataset(dtype="float32")
    for value in (0, 1):
        images = np.full_like(data.train_images, value)
        constant = replace(data, train_images=images, test_images=images[:20])
        params, history = train_on(constant, rule, optimizer=optimizer)
        assert_finite((params, history))
    zero = replace(data, train_images=0 * images, test_images=0 * images[:20])
    before, _ = random_network(rule, (0, 1), dtype="float32")
    after, _ = train_on(zero, rule, optimizer=optimizer)
    np.testing.assert_array_equal(before[0].weights, after[0].weights)


@RULES
def test_a_batch_larger_than_the_data_is_all_of_it(rule):
    *_, whole = run(rule, batch_size=50)
    *_, larger = run(rule, batch_size=10**30)
    for quantity in QUANTITIES:
        np.testing.assert_array_equal(getattr(whole, quantity), getattr(larger, quantity))


@RULES
def test_batches_of_one_sample(rule):
    assert_finite(run(rule, batch_size=1, optimizer=SGD(0.05))[1:])


@RULES
@pytest.mark.parametrize("hidden_layers", [1, 100])
def test_one_and_a_hundred_hidden_layers(rule, hidden_layers):
    data = random_dataset(dtype="float32")
    sizes = [6, *[8] * hidden_layers, 3]
    result = train_on(data, rule, sizes, optimizer=RMSprop(1e-3), error_reduction="sum")
    assert_finite(result)
    if rule is direct_feedback_alignment:
        assert (result[1].train_loss[-1] < result[1].train_loss[0]).all()


def broken(layer, backend="numpy"):
    """Return the parameters of two networks, the second with one that is not finite."""
    params, _ = random_network(backward_propagation, (4, 9), backend)
    if layer is not None:
        params[layer].biases[1, 0, 0] = float("nan")
    return params


@pytest.mark.parametrize("backend", ["numpy", "torch", STRICT], ids=["numpy", "torch", "strict"])
@pytest.mark.parametrize(
    ("layer", "place"),
    [(0, "hidden layer 1"), (1, "hidden layer 2"), (2, "the output layer"), (None, "the logits")],
)
def test_a_loss_that_is_not_finite_names_the_first_broken_layer(layer, place, backend):
    values = {"train_loss": np.array([1.0, np.nan]), "test_loss": np.array([1.0, np.inf])}
    text = rf"epoch 7 \(backward_propagation, seed 9 in {place}\): try a smaller learning_rate"
    with pytest.raises(FloatingPointError, match=text):
        check_finite(values, broken(layer, backend), 7, backward_propagation, (4, 9))


def test_each_seed_that_diverged_is_named():
    data = random_dataset(dtype="float32")
    text = r"epoch 1 \(backward_propagation, seed 0 in hidden layer 1, seed 1 in hidden layer 1\)"
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=text):
        train_on(data, backward_propagation, activation="relu", optimizer=SGD(1e30))


@RULES
@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.01)], ids=["sgd", "rmsprop"])
def test_single_and_double_precision_agree(rule, optimizer):
    """The full replication in both is a part of `make soak`."""
    *_, single = run(rule, dtype="float32", optimizer=optimizer)
    *_, double = run(rule, dtype="float64", optimizer=optimizer)
    for quantity in ("train_loss", "test_loss"):
        np.testing.assert_allclose(
            getattr(single, quantity), getattr(double, quantity), rtol=1e-4, atol=1e-6
        )


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_logistic_units_far_out_do_not_overflow(backend):
    backend = get_backend(backend)
    params, _ = random_network(backward_propagation, (0,), backend)
    x = backend.asarray(np.array([[1e300] * 6, [-1e300] * 6, [0.0] * 6]))
    outputs = forward_propagation(params, x, "logistic").outputs
    assert all(np.isfinite(backend.to_host(output)).all() for output in outputs)


TRAIN_WITH_THREADS = """
import json, sys
from dfa_utils import datasets, feedback, initialisers, learning_rules, network
from dfa_utils import optimizers, training
data = datasets.load_dataset("digits", backend="numpy")
rule, sizes = learning_rules.direct_feedback_alignment, [64, 400, 400, 10]
params = network.initialise_params(sizes, [0], initialisers.zeros, backend="numpy")
matrices = feedback.initialise_feedback(
    rule, sizes, [0], initialisers.normal(0.1), backend="numpy"
)
settings = {"feedback": matrices, "num_epochs": 5, "optimizer": optimizers.SGD(0.1)}
_, history = training.train(rule, params, data, report=lambda *_: None, **settings)
json.dump([history.test_loss.tolist(), history.test_error.tolist()], sys.stdout)
"""


def test_another_number_of_threads_changes_rounding_alone():
    losses, errors = [], []
    for threads in ("1", "2"):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", TRAIN_WITH_THREADS],
            env=environment,
            capture_output=True,
            check=True,
            timeout=100,
        )
        loss, error = json.loads(done.stdout)
        losses.append(loss)
        errors.append(error)
    np.testing.assert_allclose(*losses, rtol=1e-3)
    np.testing.assert_allclose(*errors, atol=0.6)  # two of the 355 test images
