"""The training loop: on every array library, for stacks of seeds, with frozen layers."""

import array_api_strict
import numpy as np
import pytest
from small_data import SIZES, STRICT, random_dataset, random_network

from dfa_utils.arrays import get_backend
from dfa_utils.history import QUANTITIES
from dfa_utils.learning_rules import (
    LEARNING_RULES,
    backward_propagation,
    direct_feedback_alignment,
)
from dfa_utils.network import compute_accuracy, predict
from dfa_utils.optimizers import SGD
from dfa_utils.training import train

RULES = pytest.mark.parametrize("rule", LEARNING_RULES.values(), ids=LEARNING_RULES)


def run(rule, seeds=(0, 1), backend="numpy", dtype="float64", network_seeds=None, **settings):
    params, feedback = random_network(rule, network_seeds or seeds, backend, dtype)
    data = random_dataset(backend, dtype)
    settings = {"num_epochs": 3, "batch_size": 16, "optimizer": SGD(0.5)} | settings
    settings |= {"seeds": seeds, "report": lambda *_: None, "feedback": feedback}
    return params, *train(rule, params, data, **settings)


def assert_same_run(one, other, rtol):
    for quantity in QUANTITIES:
        np.testing.assert_allclose(
            getattr(one, quantity), getattr(other, quantity), rtol=rtol, atol=1e-12
        )


@RULES
@pytest.mark.parametrize("activation", ["tanh", "logistic", "relu"])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
@pytest.mark.parametrize("other", ["torch", "strict"])
def test_every_array_library_gives_the_same_run(rule, activation, loss, other):
    settings = {"activation": activation, "loss": loss}
    backend = STRICT if other == "strict" else other
    *_, expected = run(rule, **settings)
    *_, history = run(rule, backend=backend, **settings)
    assert_same_run(history, expected, rtol=1e-10)


@RULES
@pytest.mark.parametrize("other", ["torch", "strict"])
def test_every_array_library_gives_the_same_run_in_float32(rule, other):
    backend = STRICT if other == "strict" else other
    *_, expected = run(rule, dtype="float32")
    *_, history = run(rule, backend=backend, dtype="float32")
    assert_same_run(history, expected, rtol=1e-4)


@pytest.mark.gpu
@RULES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cupy_gives_the_same_run(rule, dtype):
    *_, expected = run(rule, dtype=dtype)
    *_, history = run(rule, backend="cupy", dtype=dtype)
    assert_same_run(history, expected, rtol=1e-4 if dtype == "float32" else 1e-10)


class HostCopyError(Exception):
    """A value was read from the device inside an epoch."""


@pytest.fixture
def forbid_host_copies(monkeypatch):
    """Make every way from the strict array to the host raise, but for `Backend.to_host`."""
    array_type = type(array_api_strict.asarray(0))
    ways = ["__float__", "__int__", "__bool__", "__index__", "__complex__", "__array__"]
    ways += ["__dlpack__", "to_device", "__buffer__"]

    def refuse(self, *args, **kwargs):
        raise HostCopyError

    def forbid():
        for way in ways:
            if hasattr(array_type, way):
                monkeypatch.setattr(array_type, way, refuse)

    return forbid


class EndOfEpoch(Exception):
    """Where the test stops: all of the epoch's batches are done."""


def one_epoch_without_host(forbid, monkeypatch, rule, optimizer):
    """Run the batches of one epoch while nothing may come back to the host."""
    import dfa_utils.training as training

    batches = training.mini_batches

    def watched(*args):
        all_batches = list(batches(*args))
        forbid()
        yield from all_batches
        raise EndOfEpoch

    monkeypatch.setattr(training, "mini_batches", watched)
    run(rule, backend=STRICT, optimizer=optimizer)


@RULES
def test_nothing_comes_back_to_the_host_inside_an_epoch(forbid_host_copies, monkeypatch, rule):
    with pytest.raises(EndOfEpoch):
        one_epoch_without_host(forbid_host_copies, monkeypatch, rule, SGD(0.5))


@pytest.mark.parametrize("read", [float, int, bool, np.asarray])
def test_a_planted_host_copy_is_caught(forbid_host_copies, monkeypatch, read):
    def reading_rule(params, feedback, forward, error):
        read(error[0, 0, 0])
        return backward_propagation(params, feedback, forward, error)

    with pytest.raises(HostCopyError):
        one_epoch_without_host(forbid_host_copies, monkeypatch, reading_rule, SGD(0.5))


@RULES
def test_a_stack_of_seeds_gives_what_separate_runs_give(rule):
    *_, stacked = run(rule, seeds=(3, 7, 11))
    for column, seed in enumerate((3, 7, 11)):
        *_, alone = run(rule, seeds=(seed,))
        for quantity in QUANTITIES:
            np.testing.assert_allclose(
                getattr(stacked, quantity)[:, column], getattr(alone, quantity)[:, 0], rtol=1e-12
            )


@RULES
def test_the_same_seed_gives_the_same_bits(rule):
    _, params, history = run(rule, dtype="float32")
    _, again, history_again = run(rule, dtype="float32")
    for quantity in QUANTITIES:
        np.testing.assert_array_equal(getattr(history, quantity), getattr(history_again, quantity))
    for layer, other in zip(params, again, strict=True):
        np.testing.assert_array_equal(layer.weights, other.weights)


def test_shuffles_differ_by_seed():
    *_, history = run(backward_propagation, seeds=(0, 1), network_seeds=(5, 5))
    assert (history.train_loss[:, 0] != history.train_loss[:, 1]).all()


@RULES
@pytest.mark.parametrize("frozen", [{0}, {1}, {0, 2}])
def test_a_frozen_layer_does_not_change_by_a_bit(rule, frozen):
    before, after, _ = run(rule, frozen=frozen)
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        for old_array, new_array in zip(old, new, strict=True):
            assert (old_array == new_array).all() == (index in frozen)


@RULES
def test_training_leaves_the_initial_parameters_as_they_are(rule):
    before, after, _ = run(rule)
    fresh, _ = random_network(rule, (0, 1))
    for old, new in zip(before, fresh, strict=True):
        np.testing.assert_array_equal(old.weights, new.weights)
    assert (before[0].weights != after[0].weights).any()


@RULES
def test_two_halves_make_the_whole(rule):
    *_, whole = run(rule, num_epochs=4)
    params, feedback = random_network(rule, (0, 1))
    settings = {"batch_size": 16, "optimizer": SGD(0.5), "num_epochs": 2, "seeds": (0, 1)}
    settings |= {"report": lambda *_: None, "feedback": feedback}
    half, first = train(rule, params, random_dataset(), **settings)
    _, second = train(rule, half, random_dataset(), first_epoch=3, **settings)
    joined = first.followed_by(second)
    np.testing.assert_array_equal(joined.epochs, whole.epochs)
    np.testing.assert_array_equal(joined.test_loss, whole.test_loss)


@RULES
def test_the_last_smaller_batch_is_trained_on(rule):
    *_, history = run(rule, batch_size=49)
    *_, full = run(rule, batch_size=50)
    assert (history.train_loss[-1] != full.train_loss[-1]).all()


@RULES
def test_a_network_learns(rule):
    _, trained, history = run(rule, num_epochs=40)
    assert history.test_error[-1].max() < 10
    data = random_dataset()
    accuracy = compute_accuracy(trained, data.test_images, data.test_labels)
    np.testing.assert_allclose(accuracy, 100 - history.test_error[-1])
    assert predict(trained, data.test_images).shape == (2, 20)


def test_dfa_without_feedback_is_refused():
    params, _ = random_network(direct_feedback_alignment)
    with pytest.raises(ValueError, match="feedback of direct_feedback_alignment must have"):
        train(direct_feedback_alignment, params, random_dataset())


def test_layers_that_do_not_fit_are_refused():
    params, _ = random_network(backward_propagation, sizes=[6, 50, 400, 4])
    with pytest.raises(ValueError, match="layer sizes"):
        train(backward_propagation, params, random_dataset())


def test_seeds_that_do_not_fit_are_refused():
    params, _ = random_network(backward_propagation, seeds=(0, 1))
    with pytest.raises(ValueError, match="seeds must name"):
        train(backward_propagation, params, random_dataset(), seeds=(0,))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_not_finite_names_epoch_rule_seed_and_layer():
    params, _ = random_network(backward_propagation, seeds=(4, 9))
    params[0].weights[1, 0, 0] = np.nan
    text = r"epoch 1 \(backward_propagation, seed 9 in hidden layer 1\): try a smaller"
    with pytest.raises(FloatingPointError, match=text):
        train(backward_propagation, params, random_dataset(), seeds=(4, 9))


@pytest.mark.parametrize("name", ["activation", "loss"])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be one of .*, got 'nonsense'"):
        run(backward_propagation, **{name: "nonsense"})


def test_seeds_mean_the_same_on_every_backend():
    for other in ("torch", STRICT):
        params, _ = random_network(backward_propagation, (0, 1), backend=other)
        expected, _ = random_network(backward_propagation, (0, 1))
        backend = get_backend(other)
        for ours, theirs in zip(params, expected, strict=True):
            np.testing.assert_array_equal(backend.to_host(ours.weights), theirs.weights)
    assert len(SIZES) == len(expected) + 1
