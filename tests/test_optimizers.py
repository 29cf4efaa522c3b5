"""SGD and RMSprop against torch's, fused and plain, stacked and frozen."""

import importlib
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from dfa_utils import fused, optimizers, products
from dfa_utils.network import Layer
from dfa_utils.optimizers import SGD, RMSprop, plain_rmsprop

SHAPES = [(2, 7, 5), (2, 1, 5)]


def random_layer(generator, dtype="float64"):
    return Layer(*(generator.standard_normal(shape).astype(dtype) for shape in SHAPES))


def random_batch(generator):
    """Return what a layer received and what it was sent, for ten samples."""
    return generator.standard_normal((2, 10, 7)), generator.standard_normal((2, 10, 5))


@pytest.fixture(params=["fused", "plain"])
def kernel(request, monkeypatch):
    """Run a test with the compiled step and with the plain one."""
    if request.param == "fused":
        pytest.importorskip("numba")
    else:
        monkeypatch.setattr(optimizers, "fused_rmsprop", lambda array: None)
    return request.param


def torch_steps(optimizer_class, layer, batches, **settings):
    tensors = [torch.tensor(array, requires_grad=True) for array in layer]
    optimizer = optimizer_class(tensors, **settings)
    for x, error in batches:
        tensors[0].grad = torch.einsum("sni,sno->sio", torch.tensor(x), torch.tensor(error))
        tensors[1].grad = torch.tensor(error).sum(1, keepdim=True)
        optimizer.step()
    return [tensor.detach().numpy() for tensor in tensors]


def our_steps(optimizer, layer, batches):
    params = [Layer(*(array.copy() for array in layer))]
    state = optimizer.initial_state(params)
    for x, error in batches:
        optimizer.update(params, [x], [optimizer.error_scale * error], state)
    return params[0]


@pytest.mark.parametrize("learning_rate", [1e-4, 0.1])
def test_rmsprop_equals_torch(kernel, learning_rate):
    generator = np.random.default_rng(0)
    layer, batches = random_layer(generator), [random_batch(generator) for _ in range(20)]
    settings = {"lr": learning_rate, "alpha": 0.99, "eps": 1e-8}
    expected = torch_steps(torch.optim.RMSprop, layer, batches, **settings)
    steps = our_steps(RMSprop(learning_rate), layer, batches)
    for ours, theirs in zip(steps, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("worthwhile", [0, products.WORTHWHILE], ids=["blas", "plain"])
def test_sgd_equals_torch(monkeypatch, worthwhile):
    monkeypatch.setattr(products, "WORTHWHILE", worthwhile)
    generator = np.random.default_rng(0)
    layer, batches = random_layer(generator), [random_batch(generator) for _ in range(20)]
    expected = torch_steps(torch.optim.SGD, layer, batches, lr=0.1)
    for ours, theirs in zip(our_steps(SGD(0.1), layer, batches), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-4), ("float64", 1e-12)])
@pytest.mark.parametrize("size", [8, 400])
def test_a_product_is_subtracted_where_the_weights_lie(dtype, rtol, size):
    generator = np.random.default_rng(2)
    weights, x, error = (
        generator.standard_normal(shape).astype(dtype)
        for shape in ((2, size, size + 1), (2, 64, size), (2, 64, size + 1))
    )
    expected = weights - np.einsum("sni,sno->sio", x.astype("float64"), error)
    assert (weights[0].size >= products.WORTHWHILE) == (size == 400)
    products.subtract_product(weights, x, error)
    np.testing.assert_allclose(weights, expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize(("threads", "used"), [("1", "True"), ("2", "False")])
def test_the_product_of_scipy_is_used_on_one_thread_alone(threads, used):
    code = "from dfa_utils.products import _gemm; print(_gemm('f') is not None)"
    libraries = ("OPENBLAS", "OMP", "MKL", "BLIS")
    environment = os.environ | {f"{library}_NUM_THREADS": threads for library in libraries}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == used


def test_weights_that_do_not_lie_in_one_piece_are_changed_too():
    generator = np.random.default_rng(2)
    whole = generator.standard_normal((1, 400, 800))
    weights, before = whole[:, :, ::2], whole[:, :, ::2].copy()
    x, error = generator.standard_normal((1, 8, 400)), generator.standard_normal((1, 8, 400))
    products.subtract_product(weights, x, error)
    np.testing.assert_allclose(whole[:, :, ::2], before - x.mT @ error)


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-6), ("float64", 1e-14)])
def test_the_fused_step_is_the_plain_step(dtype, rtol):
    pytest.importorskip("numba")
    generator = np.random.default_rng(1)
    parameter, gradient, mean_square = (
        generator.standard_normal((3, 40, 30)).astype(dtype) for _ in range(3)
    )
    mean_square **= 2
    ours = [parameter.copy(), gradient, mean_square.copy()]
    plain = [parameter.copy(), gradient, mean_square.copy()]
    fused.fused_rmsprop(parameter)(*ours, 1e-2, 0.9, 1e-8)
    plain_rmsprop(*plain, 1e-2, 0.9, 1e-8)
    for one, other in zip(ours, plain, strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol)
    assert (ours[0] != parameter).all()


@pytest.mark.gpu
@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-5), ("float64", 1e-13)])
def test_the_fused_step_is_the_plain_step_on_a_gpu(dtype, rtol):
    cupy = importlib.import_module("cupy")
    arrays = [cupy.random.standard_normal((3, 40, 30), dtype=dtype) for _ in range(2)]
    ours = [*(array.copy() for array in arrays), cupy.ones((3, 40, 30), dtype)]
    plain = [array.copy() for array in ours]
    fused.fused_rmsprop(ours[0])(*ours, 1e-2, 0.9, 1e-8)
    plain_rmsprop(*plain, 1e-2, 0.9, 1e-8)
    for one, other in zip(ours, plain, strict=True):
        np.testing.assert_allclose(cupy.asnumpy(one), cupy.asnumpy(other), rtol=rtol, atol=rtol)


def test_an_array_that_cannot_be_changed_in_place_is_refused_not_copied():
    numba = pytest.importorskip("numba")
    array = np.ones((4, 6), "float32")
    with pytest.raises(numba.TypingError, match="contiguous"):
        fused.fused_rmsprop(array)(array[:, :2], array[:, :2], array[:, :2], 0.1, 0.9, 1e-8)


def test_without_a_compiler_the_plain_step_serves(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    fused._numba_step.cache_clear()
    try:
        assert fused.fused_rmsprop(np.ones(2)) is None
        generator = np.random.default_rng(0)
        layer, batch = random_layer(generator), random_batch(generator)
        assert (our_steps(RMSprop(), layer, [batch]).weights != layer.weights).all()
    finally:
        fused._numba_step.cache_clear()


def test_other_array_libraries_have_no_compiled_step():
    assert fused.fused_rmsprop(torch.ones(2)) is None


@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.1)], ids=["sgd", "rmsprop"])
def test_a_frozen_layer_and_its_state_stay(kernel, optimizer):
    generator = np.random.default_rng(0)
    layer, (x, error) = random_layer(generator), random_batch(generator)
    params = [Layer(*(array.copy() for array in layer)) for _ in range(2)]
    state = optimizer.initial_state(params)
    optimizer.update(params, [x, x], [error, error], state, frozen={0})
    np.testing.assert_array_equal(params[0].weights, layer.weights)
    assert (params[1].weights != layer.weights).all()
    if state:
        assert not state[0].weights.any()
        assert state[1].weights.all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0), "learning_rate must be > 0, got 0"),
        (lambda: RMSprop(-1.0), "learning_rate must be > 0, got -1.0"),
        (lambda: RMSprop(smoothing=1), "smoothing must be < 1, got 1"),
        (lambda: RMSprop(epsilon=0), "epsilon must be > 0, got 0"),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
