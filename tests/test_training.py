"""The training loop: on every array library, for stacks of seeds, with all that a recipe holds."""

import operator
from dataclasses import replace
from types import SimpleNamespace

import array_api_strict
import numpy as np
import pytest
from small_data import SIZES, STRICT, assert_same_run, bits, random_dataset, small_run

from dfa_utils import (
    BP,
    RULES,
    SGD,
    Dropout,
    FastGradientSign,
    HalvedOnPlateau,
    InverseDecay,
    Momentum,
    Network,
    Normal,
    RMSprop,
    error_angles,
)
from dfa_utils.array import Backend, get_backend
from dfa_utils.array.tree import leaves

BY_RULE = pytest.mark.parametrize("rule", RULES)
NOISE = {"dropout": Dropout(0.1, 0.3), "perturbation": FastGradientSign(0.05)}
SETTINGS = {
    "plain": {"optimizer": SGD(0.5, HalvedOnPlateau(), weight_decay=0.01)},
    "momentum": {"optimizer": Momentum(0.1, InverseDecay(0.1)), "activation": "logistic"},
    "nesterov": {"optimizer": Momentum(0.1, nesterov=True), "loss": "cross_entropy"},
    "relu": {"optimizer": RMSprop(0.01), "activation": "relu", "loss": "cross_entropy"},
    "paper": {"optimizer": RMSprop(0.01, HalvedOnPlateau()), "reduction": "sum"} | NOISE,
}
BY_SETTING = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)


@BY_RULE
@BY_SETTING
@pytest.mark.parametrize("other", ["torch", "strict"])
def test_every_array_library_gives_the_same_run(rule, settings, other):
    run = small_run(rule, backend=other, **settings).fit(3)
    assert_same_run(run, small_run(rule, **settings).fit(3), rtol=1e-8)


@BY_RULE
@pytest.mark.parametrize("other", ["torch", "strict"])
def test_every_array_library_gives_the_same_run_in_float32(rule, other):
    run = small_run(rule, backend=other, dtype="float32").fit(3)
    # Node perturbation divides a small difference of two losses by the square of its noise.
    rtol = 1e-2 if rule == "np" else 1e-4
    assert_same_run(run, small_run(rule, dtype="float32").fit(3), rtol=rtol)


@pytest.mark.gpu
@BY_RULE
@BY_SETTING
@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-3), ("float64", 1e-8)])
def test_cupy_gives_the_same_run(rule, settings, dtype, rtol):
    rtol = 10 * rtol if rule == "np" else rtol
    if rule == "ss" and settings is SETTINGS["relu"]:
        # A unit whose weights all have one sign is sent the sum of the errors, which is zero after
        # a softmax. RMSprop makes whole steps of what rounding leaves of it, on NumPy too, unless
        # its epsilon is larger than that.
        settings = settings | {"optimizer": RMSprop(0.01, epsilon=1e-4)}
    run = small_run(rule, backend="cupy", dtype=dtype, **settings).fit(3)
    assert_same_run(run, small_run(rule, dtype=dtype, **settings).fit(3), rtol=rtol)


class HostCopyError(Exception):
    """A value was read from the device by another way than `Backend.to_host`."""


@pytest.fixture
def device(monkeypatch):
    """A backend that counts what it brings home; where it is shut there is no other way."""
    kind = type(array_api_strict.asarray(0))
    door = SimpleNamespace(is_open=True, reads=0)
    ways = ["__float__", "__int__", "__bool__", "__index__", "__complex__", "__array__"]

    def guard(original):
        def guarded(self, *args, **kwargs):
            if not door.is_open:
                raise HostCopyError
            return original(self, *args, **kwargs)

        return guarded

    for way in [*ways, "__dlpack__", "to_device", "__buffer__"]:
        if hasattr(kind, way):
            monkeypatch.setattr(kind, way, guard(getattr(kind, way)))

    class Guarded(Backend):
        def to_host(self, array):
            was, door.is_open, door.reads = door.is_open, True, door.reads + 1
            try:
                return super().to_host(array)
            finally:
                door.is_open = was

    door.backend = Guarded("strict", STRICT.xp, STRICT.device, STRICT.host_device)
    return door


def fit_behind_doors(device, rule, **settings):
    """Train two epochs; return how often something came home."""
    run = small_run(rule, backend=device.backend, **settings)
    device.is_open, device.reads = False, 0
    run.fit(2, measure={"angles": error_angles})
    return device.reads


@BY_RULE
@BY_SETTING
def test_nothing_comes_home_but_four_results_an_epoch_and_what_is_measured(device, rule, settings):
    for batch_size in (8, 50):
        settings = settings | {"batch_size": batch_size}
        assert fit_behind_doors(device, rule, **settings) == 2 * 4 + 3
        device.is_open = True


@pytest.mark.parametrize(
    "read",
    [
        *(float, int, bool, complex, operator.index, np.asarray, np.from_dlpack),
        lambda array: array.to_device(STRICT.host_device),
    ],
)
def test_a_planted_host_copy_is_caught(device, read):
    class Reading(BP):
        def send(self, step):
            read(step.signal[0, 0, 0])
            return super().send(step)

    with pytest.raises(HostCopyError):
        fit_behind_doors(device, Reading())


@BY_RULE
@BY_SETTING
def test_a_stack_of_seeds_gives_what_separate_runs_give(rule, settings):
    stacked = small_run(rule, (3, 7, 11), **settings).fit(3)
    for place, seed in enumerate(stacked.seeds):
        alone = small_run(rule, (seed,), **settings).fit(3)
        for ours, theirs in zip(leaves(stacked.state), leaves(alone.state), strict=True):
            np.testing.assert_allclose(ours[place], theirs[0], rtol=1e-9, atol=1e-13)
        ours = [row["test_loss"][place] for row in stacked.curves]
        np.testing.assert_allclose(ours, alone.history.test_loss[:, 0], rtol=1e-9)


@BY_RULE
@BY_SETTING
def test_the_same_seed_gives_the_same_bits(rule, settings):
    ours, theirs = (small_run(rule, dtype="float32", **settings).fit(3) for _ in range(2))
    assert bits(ours) == bits(theirs)


def test_seeds_mean_the_same_on_every_backend():
    expected = Network(SIZES).draw((0, 1), Normal(0.7), backend="numpy")
    for other in ("torch", STRICT):
        params = Network(SIZES).draw((0, 1), Normal(0.7), backend=other)
        backend = get_backend(other)
        for ours, theirs in zip(params, expected, strict=True):
            np.testing.assert_array_equal(backend.to_host(ours.weights), theirs.weights)


def test_shuffles_differ_by_seed():
    params = small_run("bp", (5,)).params
    twice = [type(layer)(*(np.concatenate([a, a]) for a in layer)) for layer in params]
    run = small_run("bp", params=twice).fit(3)
    assert (run.history.train_loss[:, 0] != run.history.train_loss[:, 1]).all()


@pytest.mark.parametrize("optimizer", [SGD(0.1, weight_decay=0.1), Momentum(0.1), RMSprop(0.1)])
@pytest.mark.parametrize("frozen", [{0}, {1}, {0, 2}])
@BY_RULE
def test_nothing_of_a_frozen_layer_changes_by_a_bit(rule, frozen, optimizer):
    run = small_run(rule, optimizer=optimizer, frozen=frozen)
    before = [[array.copy() for array in leaves(part)] for part in parts_of_layers(run)]
    after = [leaves(part) for part in parts_of_layers(run.fit(3))]
    for layer, pairs in enumerate(zip(before, after, strict=True)):
        for old, new in zip(*pairs, strict=True):
            assert (old == new).all() if layer in frozen else (old != new).any()


def parts_of_layers(run):
    """Return what belongs to each layer, the feedback that learns with its weights included."""
    state = run.state
    parts = [[*pair] for pair in zip(state.params, state.slots, strict=True)]
    if run.recipe.rule.name == "KP":
        learned = zip(state.feedback, state.feedback_slots, strict=True)
        for part, matrix_and_slots in zip(parts[1:], learned, strict=True):
            part.extend(matrix_and_slots)
    return parts


@BY_RULE
def test_the_last_smaller_batch_is_trained_on(rule):
    runs = [small_run(rule, batch_size=size).fit(3).history.train_loss for size in (49, 50)]
    assert (runs[0][-1] != runs[1][-1]).all()


@BY_RULE
def test_a_batch_larger_than_the_data_is_all_of_it(rule):
    small, large = (small_run(rule, batch_size=size).fit(3) for size in (50, 10**30))
    assert bits(small) == bits(large)


@BY_RULE
def test_a_network_learns(rule):
    run, data = small_run(rule).fit(40), random_dataset()
    assert run.history.test_error[-1].max() < 10
    wrong = run.network.predict(run.params, data.test_images) != data.test_labels
    np.testing.assert_allclose(100 * wrong.mean(axis=-1), run.history.test_error[-1])


def test_features_are_the_outputs_of_the_hidden_layers():
    run, x = small_run("bp"), random_dataset(test=4100).test_images  # in more than one piece
    first, second = run.network.features(run.params, x)
    expected = np.tanh(x @ run.params[0].weights + run.params[0].biases)
    np.testing.assert_allclose(first, expected)
    expected = np.tanh(expected @ run.params[1].weights + run.params[1].biases)
    np.testing.assert_allclose(second, expected)


@BY_RULE
def test_a_summed_error_is_a_mean_error_times_the_batch(rule):
    summed = small_run(rule, optimizer=SGD(0.01), reduction="sum", batch_size=10).fit(3)
    averaged = small_run(rule, optimizer=SGD(0.1), reduction="mean", batch_size=10).fit(3)
    assert_same_run(summed, averaged, rtol=1e-9)


@BY_RULE
def test_dropout_and_perturbation_change_the_run(rule):
    each = [{}, NOISE, *({name: value} for name, value in NOISE.items())]
    losses = {small_run(rule, **settings).fit(3).curves[-1]["train_loss"][0] for settings in each}
    assert len(losses) == 4


STOPPING = {"optimizer": RMSprop(0.01), "reduction": "sum", "dropout": Dropout(0.0, 0.1)}
SEEDS = (0, 1, 2, 3)


def test_each_seed_stops_on_its_own_and_keeps_its_whole_state():
    run = small_run(seeds=SEEDS, **STOPPING).fit(30, stop=4.0)
    history, epochs = run.history, run.history.epochs_run
    assert len(set(epochs)) > 1 and epochs.max() == run.epoch < 30 and not run.running.size
    assert (history.last("train_error") <= 4).all()
    assert not np.isnan(history.held("test_error")).any()
    for place, (seed, count) in enumerate(zip(SEEDS, epochs, strict=True)):
        assert (history.train_error[: count - 1, place] > 4).all()
        assert np.isnan(history.test_error[count:, place]).all()
        held = history.held("test_error")[count - 1 :, place]
        assert (held == history.test_error[count - 1, place]).all()
        alone = small_run(seeds=(seed,), **STOPPING).fit(count)
        np.testing.assert_allclose(
            alone.history.test_loss[:, 0], history.test_loss[:count, place], rtol=1e-9
        )
        for ours, theirs in zip(leaves(run.stack.whole), leaves(alone.state), strict=True):
            np.testing.assert_allclose(ours[place], theirs[0], rtol=1e-7)


@pytest.mark.parametrize("backend", ["torch", "strict"])
def test_seeds_stop_alike_on_every_array_library(backend):
    expected, run = (
        small_run(seeds=SEEDS, backend=name, **STOPPING).fit(30, stop=4.0)
        for name in ("numpy", backend)
    )
    np.testing.assert_array_equal(run.history.epochs_run, expected.history.epochs_run)


def test_validation_images_are_measured_and_never_trained_on():
    data = random_dataset(validation=30)
    nowhere = replace(data, validation_images=-data.validation_images)
    plain, run, other = (
        small_run(data=each, **SETTINGS["paper"]).fit(3) for each in (None, data, nowhere)
    )
    assert plain.history.validation_error is None and len(run.history.quantities) == 6
    for ours, theirs in zip(leaves(run.state), leaves(plain.state), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(run.history.test_loss, plain.history.test_loss)
    wrong = run.network.predict(run.params, data.validation_images) != data.validation_labels
    np.testing.assert_allclose(run.history.validation_error[-1], 100 * wrong.mean(axis=-1))
    assert (other.history.validation_loss > run.history.validation_loss).all()
