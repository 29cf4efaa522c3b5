"""SGD and RMSprop against torch's, fused and plain, stacked and frozen."""

import importlib

import numpy as np
import pytest
import torch

from dfa_utils import fused, optimizers
from dfa_utils.network import Layer
from dfa_utils.optimizers import SGD, RMSprop, plain_rmsprop

SHAPES = [(2, 7, 5), (2, 1, 5)]


def random_layer(generator, dtype="float64"):
    return Layer(*(generator.standard_normal(shape).astype(dtype) for shape in SHAPES))


@pytest.fixture(params=["fused", "plain"])
def kernel(request, monkeypatch):
    """Run a test with the compiled step and with the plain one."""
    if request.param == "fused":
        pytest.importorskip("numba")
    else:
        monkeypatch.setattr(optimizers, "fused_rmsprop", lambda array: None)
    return request.param


def torch_steps(optimizer_class, layer, gradients, **settings):
    tensors = [torch.tensor(array, requires_grad=True) for array in layer]
    optimizer = optimizer_class(tensors, **settings)
    for gradient in gradients:
        for tensor, array in zip(tensors, gradient, strict=True):
            tensor.grad = torch.tensor(array)
        optimizer.step()
    return [tensor.detach().numpy() for tensor in tensors]


def our_steps(optimizer, layer, gradients):
    params = [Layer(*(array.copy() for array in layer))]
    state = optimizer.initial_state(params)
    for gradient in gradients:
        scaled = Layer(*(optimizer.error_scale * array for array in gradient))
        optimizer.update(params, [scaled], state)
    return params[0]


@pytest.mark.parametrize("learning_rate", [1e-4, 0.1])
def test_rmsprop_equals_torch(kernel, learning_rate):
    generator = np.random.default_rng(0)
    layer, gradients = random_layer(generator), [random_layer(generator) for _ in range(20)]
    expected = torch_steps(
        torch.optim.RMSprop, layer, gradients, lr=learning_rate, alpha=0.99, eps=1e-8
    )
    for ours, theirs in zip(
        our_steps(RMSprop(learning_rate), layer, gradients), expected, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_sgd_equals_torch():
    generator = np.random.default_rng(0)
    layer, gradients = random_layer(generator), [random_layer(generator) for _ in range(20)]
    expected = torch_steps(torch.optim.SGD, layer, gradients, lr=0.1)
    for ours, theirs in zip(our_steps(SGD(0.1), layer, gradients), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


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
    pytest.importorskip("numba")
    array = np.ones((4, 6), "float32")
    with pytest.raises(ValueError, match="copy"):
        fused.fused_rmsprop(array)(array[:, :2], array[:, :2], array[:, :2], 0.1, 0.9, 1e-8)


def test_without_a_compiler_the_plain_step_serves(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    fused._numba_step.cache_clear()
    try:
        assert fused.fused_rmsprop(np.ones(2)) is None
        layer = random_layer(np.random.default_rng(0))
        assert (our_steps(RMSprop(), layer, [layer]).weights != layer.weights).all()
    finally:
        fused._numba_step.cache_clear()


def test_other_array_libraries_have_no_compiled_step():
    assert fused.fused_rmsprop(torch.ones(2)) is None


def test_a_frozen_layer_keeps_its_state(kernel):
    layer = random_layer(np.random.default_rng(0))
    params = [Layer(*(a.copy() for a in layer)), Layer(*(a.copy() for a in layer))]
    optimizer = RMSprop(0.1)
    state = optimizer.initial_state(params)
    optimizer.update(params, [None, layer], state)
    np.testing.assert_array_equal(params[0].weights, layer.weights)
    assert not state[0].weights.any()
    assert (params[1].weights != layer.weights).all()
    assert state[1].weights.all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0), "learning_rate must be > 0, got 0"),
        (lambda: RMSprop(-1.0), "learning_rate must be > 0, got -1.0"),
        (lambda: RMSprop(smoothing=1), r"smoothing must be in \[0, 1\), got 1"),
        (lambda: RMSprop(epsilon=0), "epsilon must be > 0, got 0"),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
