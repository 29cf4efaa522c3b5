"""The steps against torch's, fused and plain; and rates that change, each seed's by itself.

Whole runs with every optimizer stand beside torch's in `test_rules.py`.
"""

import importlib
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_data import assert_same_run, small_run

from dfa_utils import (
    SGD,
    HalvedEvery,
    HalvedOnPlateau,
    InverseDecay,
    Momentum,
    RMSprop,
)
from dfa_utils.array import kernels
from dfa_utils.array.kernels import plain_rmsprop, step_rmsprop, subtract_product
from dfa_utils.array.tree import leaves
from dfa_utils.optimizers import running_mean


def normal(*shapes, dtype="float64", seed=0):
    generator = np.random.default_rng(seed)
    return [generator.standard_normal(shape).astype(dtype) for shape in shapes]


@pytest.fixture
def forgetful():
    """Let numba be looked for again, before and after."""
    kernels._numba_rmsprop.cache_clear()
    yield
    kernels._numba_rmsprop.cache_clear()


@pytest.fixture(params=["fused", "plain"])
def kernel(request, monkeypatch):
    """Run a test with the compiled step and with the plain one."""
    if request.param == "fused":
        pytest.importorskip("numba")
    else:
        monkeypatch.setattr(kernels, "_numba_rmsprop", lambda: None)


@pytest.mark.parametrize("rate", [1e-4, 0.1, np.array([1e-3, 0.1]).reshape(2, 1, 1)])
def test_rmsprop_equals_torch(kernel, rate):
    (start,), gradients = normal((2, 7, 5)), normal(*[(2, 7, 5)] * 20, seed=1)
    (mean_square,) = RMSprop().slots(ours := start.copy())
    theirs = [torch.tensor(matrix, requires_grad=True) for matrix in start]
    rates = np.broadcast_to(np.ravel(rate), 2)
    optimizer = torch.optim.RMSprop(
        [{"params": [matrix], "lr": float(r)} for matrix, r in zip(theirs, rates, strict=True)]
    )
    for gradient in gradients:
        RMSprop().step(ours, gradient, (mean_square,), rate)
        for matrix, of_seed in zip(theirs, gradient, strict=True):
            matrix.grad = torch.tensor(of_seed)
        optimizer.step()
    np.testing.assert_allclose(ours, np.stack([m.detach() for m in theirs]), rtol=1e-10)


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-4), ("float64", 1e-12)])
@pytest.mark.parametrize("size", [8, 400])
def test_a_product_is_subtracted_where_the_weights_lie(dtype, rtol, size):
    shapes = ((2, size, size + 1), (2, 64, size), (2, 64, size + 1))
    weights, x, error = normal(*shapes, dtype=dtype)
    expected = weights - np.einsum("sni,sno->sio", x.astype("float64"), error)
    assert (weights[0].size >= kernels.WORTHWHILE) == (size == 400)
    subtract_product(weights, x, error)
    np.testing.assert_allclose(weights, expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize(("threads", "used"), [("1", "True"), ("2", "False")])
def test_the_product_of_scipy_is_used_on_one_thread_alone(threads, used):
    code = "from dfa_utils.array.kernels import _gemm; print(_gemm('f') is not None)"
    libraries = ("OPENBLAS", "OMP", "MKL", "BLIS")
    environment = os.environ | {f"{library}_NUM_THREADS": threads for library in libraries}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == used


@pytest.mark.parametrize("view", [lambda a: a[:, :, ::2], lambda a: a[:, :, :400].mT])
def test_what_does_not_lie_in_one_piece_is_changed_too(view):
    whole, x, error, gradient = normal((1, 400, 800), *[(1, 8, 400)] * 2, (1, 400, 400))
    before = view(whole).copy()
    subtract_product(view(whole), x, error)
    np.testing.assert_allclose(view(whole), before - x.mT @ error)
    before, square = view(whole).copy(), np.ones_like(whole)
    step_rmsprop(view(whole), gradient, view(square), 0.1, 0.9, 1e-8)
    expected = [before, gradient, np.ones_like(gradient)]
    plain_rmsprop(*expected, 0.1, 0.9, 1e-8)
    np.testing.assert_allclose(view(whole), expected[0])


def assert_fused_is_plain(arrays, rate, to_host, rtol):
    ours, plain = ([array.copy() for array in arrays] for _ in range(2))
    step_rmsprop(*ours, rate, 0.9, 1e-8)
    plain_rmsprop(*plain, rate, 0.9, 1e-8)
    for one, other in zip(ours, plain, strict=True):
        assert one.dtype == arrays[0].dtype
        np.testing.assert_allclose(to_host(one), to_host(other), rtol=rtol, atol=rtol)
    assert (to_host(ours[0]) != to_host(arrays[0])).all()


@pytest.mark.parametrize("rate", [1e-2, [0.01, 0.02, 0.04]])
@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-6), ("float64", 1e-14)])
def test_the_fused_step_is_the_plain_step(dtype, rtol, rate):
    pytest.importorskip("numba")
    arrays = normal(*[(3, 40, 30)] * 3, dtype=dtype, seed=1)
    arrays[2] **= 2
    if isinstance(rate, list):
        rate = np.array(rate, dtype).reshape(3, 1, 1)
    assert_fused_is_plain(arrays, rate, np.asarray, rtol)


@pytest.mark.gpu
@pytest.mark.parametrize("rate", [1e-2, [0.01, 0.02, 0.04]])
@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-5), ("float64", 1e-13)])
def test_the_fused_step_is_the_plain_step_on_a_gpu(dtype, rtol, rate):
    cupy = importlib.import_module("cupy")
    arrays = [*map(cupy.asarray, normal(*[(3, 40, 30)] * 2, dtype=dtype))]
    if isinstance(rate, list):
        rate = cupy.asarray(rate, dtype).reshape(3, 1, 1)
    assert_fused_is_plain([*arrays, cupy.ones((3, 40, 30), dtype)], rate, cupy.asnumpy, rtol)


@pytest.mark.parametrize(
    "error",
    [
        ImportError("Numba needs NumPy 2.2 or less"),
        OSError("libtbb.so: cannot open"),
        AttributeError("no ufunc"),
        ModuleNotFoundError("No module named 'numba'", name="numba"),
    ],
)
def test_without_numba_or_with_a_broken_one_the_plain_step_serves(
    error, monkeypatch, forgetful, capsys
):
    def broken(name):
        raise error if name == "numba" else AssertionError(name)

    monkeypatch.setattr(kernels, "importlib", SimpleNamespace(import_module=broken))
    expected = small_run(optimizer=RMSprop(0.01)).fit(2)
    printed = capsys.readouterr().out
    monkeypatch.undo()
    kernels._numba_rmsprop.cache_clear()
    run = small_run(optimizer=RMSprop(0.01)).fit(2)
    for ours, theirs in zip(leaves(run.state), leaves(expected.state), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    if isinstance(error, ModuleNotFoundError):
        assert printed == ""
    else:
        assert printed.count("\n") == 1 and str(error) in printed and "without numba" in printed


ERRORS = np.array([[50.0, 50], [40, 60], [45, 40], [30, 41], [31, 42]])


def rates_of(schedule, errors=ERRORS, steps=2):
    """Return the factors of every step of every epoch, numpy.ndarray (epochs, steps, seeds)."""
    return np.array(
        [
            [np.broadcast_to(factor, 2) for factor in schedule.factors(errors[:epoch], steps)]
            for epoch in range(len(errors) + 1)
        ]
    )


def test_a_rate_is_halved_after_every_so_many_epochs():
    expected = np.array([1, 1, 0.5, 0.5, 0.25, 0.25])[:, None, None] * np.ones((6, 2, 2))
    np.testing.assert_array_equal(rates_of(HalvedEvery(2)), expected)


def test_a_rate_falls_with_each_step():
    expected = 1 / (1 + 0.1 * np.arange(12.0)).reshape(6, 2, 1) * np.ones((6, 2, 2))
    np.testing.assert_allclose(rates_of(InverseDecay(0.1)), expected, rtol=1e-15)


def test_a_rate_is_halved_for_the_seed_whose_error_is_not_below_its_mean():
    """In the words of the released code: take in the error, then compare it with the mean."""
    halved, mean = np.ones((6, 2)), ERRORS[0].copy()
    for epoch in range(1, 5):
        mean = 0.75 * mean + 0.25 * ERRORS[epoch]
        np.testing.assert_allclose(running_mean(ERRORS)[epoch], mean)
        halved[epoch + 1] = np.where(ERRORS[epoch] >= mean, halved[epoch] / 2, halved[epoch])
    np.testing.assert_array_equal(rates_of(HalvedOnPlateau())[:, 0], halved)
    assert halved[-1].tolist() == [1, 0.5]


def test_a_schedule_without_a_schedule_is_constant():
    np.testing.assert_array_equal(rates_of(SGD().schedule), 1.0)


class FallsWithErrors(HalvedOnPlateau):
    """The rate of a seed falls with all the errors that it has made."""

    def factor(self, train_errors):
        return 1 / (1 + np.sum(train_errors, axis=0) / 700)


@pytest.mark.parametrize(
    ("optimizer", "rtol"),
    [
        # In one stack RMSprop's compiled loop rounds its last elements otherwise.
        (RMSprop(0.003, FallsWithErrors()), 1e-4),
        (Momentum(0.03, FallsWithErrors()), 0),
        *((SGD(rate, FallsWithErrors()), 0) for rate in (0.03, 0.15, 0.3)),
    ],
)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("rule", ["dfa", "kp"])
def test_seeds_whose_rates_differ_go_as_each_would_alone(rule, optimizer, reduction, rtol):
    """To the bit, also where rate and reduction have no exact product, as 0.03 / 7 has none."""
    settings = {"optimizer": optimizer, "reduction": reduction, "batch_size": 7}
    run = small_run(rule, (3, 7, 11), dtype="float32", **settings).fit(10)
    assert len(set(run.history.train_error[0])) > 1, "the seeds have one rate"
    for place, seed in enumerate(run.seeds):
        alone = small_run(rule, (seed,), dtype="float32", **settings).fit(10)
        for ours, theirs in zip(leaves(run.state), leaves(alone.state), strict=True):
            np.testing.assert_allclose(ours[place], theirs[0], rtol=rtol, atol=rtol / 10)


@pytest.mark.parametrize("other", ["torch", "strict"])
@pytest.mark.parametrize("optimizer", [SGD, Momentum, RMSprop])
def test_rates_of_seeds_on_every_array_library(optimizer, other):
    settings = {"seeds": (3, 7, 11), "optimizer": optimizer(0.05, FallsWithErrors())}
    expected, run = (small_run(backend=name, **settings).fit(9) for name in ("numpy", other))
    assert len(set(run.history.train_error[0])) > 1, "the seeds have one rate"
    assert_same_run(run, expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0), "rate must be > 0, got 0"),
        (lambda: SGD(0.1, weight_decay=-1), "weight_decay must be >= 0, got -1"),
        (lambda: SGD(0.1, "constant"), "schedule must be a Constant, got 'constant'"),
        (lambda: RMSprop(-1.0), "rate must be > 0, got -1.0"),
        (lambda: RMSprop(smoothing=1), "smoothing must be < 1, got 1"),
        (lambda: RMSprop(epsilon=0), "epsilon must be > 0, got 0"),
        (lambda: Momentum(momentum=1), "momentum must be < 1, got 1"),
        (lambda: Momentum(nesterov=1), "nesterov must be true, false, got 1"),
        (lambda: HalvedEvery(0), "epochs must be >= 1, got 0"),
        (lambda: InverseDecay(-1), "decay must be >= 0, got -1"),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
