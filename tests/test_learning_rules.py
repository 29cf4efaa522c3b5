"""The gradients of every rule, against torch, finite differences and each other."""

import itertools

import numpy as np
import pytest
import torch
from small_data import random_network

from dfa_utils.activations import ACTIVATIONS
from dfa_utils.feedback import transposed_weights
from dfa_utils.learning_rules import (
    backward_propagation,
    direct_feedback_alignment,
    feedback_alignment,
    indirect_feedback_alignment,
    layer_gradients,
)
from dfa_utils.losses import LOSSES
from dfa_utils.network import Layer, forward_propagation

TORCH_ACTIVATIONS = {"tanh": torch.tanh, "logistic": torch.sigmoid, "relu": torch.relu}
TORCH_LOSSES = {
    "binary_cross_entropy": torch.nn.BCEWithLogitsLoss(reduction="sum"),
    "cross_entropy": torch.nn.CrossEntropyLoss(reduction="sum"),
}
COMBINATIONS = list(itertools.product(ACTIVATIONS, LOSSES))


@pytest.fixture
def batch():
    generator = np.random.default_rng(5)
    x = generator.standard_normal((2, 8, 6))
    return x, np.eye(3)[generator.integers(0, 3, (2, 8))]


def gradients_of(rule, params, feedback, x, targets, activation, loss):
    forward = forward_propagation(params, x, activation)
    error = LOSSES[loss].error(forward.logits, targets)
    return list(layer_gradients(forward.inputs, rule(params, feedback, forward, error)))


def torch_tensors(params):
    return [[torch.tensor(array, requires_grad=True) for array in layer] for layer in params]


def torch_forward(layers, x, activation, detach):
    """Return every layer's pre-activation and the hidden outputs, in torch's own operations."""
    h, outputs, hidden = torch.tensor(x), [], []
    for weights, biases in layers:
        a = h @ weights + biases
        outputs.append(a)
        h = TORCH_ACTIVATIONS[activation](a)
        hidden.append(h)
        if detach:
            h = h.detach()
    return outputs, hidden


def torch_loss(logits, targets, loss):
    targets = torch.tensor(targets)
    if loss == "cross_entropy":
        logits, targets = logits.reshape(-1, 3), targets.reshape(-1, 3)
    return TORCH_LOSSES[loss](logits, targets)


def assert_same(gradients, layers):
    for gradient, tensors in zip(gradients, layers, strict=True):
        for ours, theirs in zip(gradient, tensors, strict=True):
            np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(("activation", "loss"), COMBINATIONS)
def test_backward_propagation_equals_autograd(batch, activation, loss):
    params, _ = random_network(backward_propagation, seeds=(1, 2))
    layers = torch_tensors(params)
    outputs, _ = torch_forward(layers, batch[0], activation, detach=False)
    torch_loss(outputs[-1], batch[1], loss).backward()
    assert_same(gradients_of(backward_propagation, params, [], *batch, activation, loss), layers)


@pytest.mark.parametrize(("activation", "loss"), COMBINATIONS)
def test_backward_propagation_equals_finite_differences(batch, activation, loss):
    params, _ = random_network(backward_propagation, seeds=(1, 2))
    x, targets = batch
    gradients = gradients_of(backward_propagation, params, [], x, targets, activation, loss)

    def value():
        logits = forward_propagation(params, x, activation).logits
        return LOSSES[loss].value(logits, targets).sum()

    for layer, gradient in zip(params, gradients, strict=True):
        for array, slope in zip(layer, gradient, strict=True):
            for index in list(np.ndindex(array.shape))[::7]:
                kept, step = array[index], 1e-6
                array[index] = kept + step
                above = value()
                array[index] = kept - step
                below = value()
                array[index] = kept
                assert (above - below) / (2 * step) == pytest.approx(
                    slope[index], rel=1e-5, abs=1e-7
                )


@pytest.mark.parametrize(("activation", "loss"), COMBINATIONS)
def test_direct_feedback_alignment_equals_a_torch_formulation(batch, activation, loss):
    """In torch: autograd within each layer, with e B handed to its output as the gradient."""
    params, feedback = random_network(direct_feedback_alignment, seeds=(1, 2))
    layers = torch_tensors(params)
    outputs, hidden = torch_forward(layers, batch[0], activation, detach=True)
    (error,) = torch.autograd.grad(
        torch_loss(outputs[-1], batch[1], loss), outputs[-1], retain_graph=True
    )
    for h, matrix in zip(hidden[:-1], feedback, strict=True):
        h.backward(torch.einsum("snc,scw->snw", error, torch.tensor(matrix)))
    outputs[-1].backward(error)
    ours = gradients_of(direct_feedback_alignment, params, feedback, *batch, activation, loss)
    assert_same(ours, layers)


@pytest.mark.parametrize(("activation", "loss"), COMBINATIONS)
def test_feedback_alignment_equals_a_torch_formulation(batch, activation, loss):
    """In torch: a linear layer whose backward pass multiplies by another matrix."""

    class Linear(torch.autograd.Function):
        @staticmethod
        def forward(ctx, h, weights, biases, matrix):
            ctx.save_for_backward(h, matrix)
            return h @ weights + biases

        @staticmethod
        def backward(ctx, received):
            h, matrix = ctx.saved_tensors
            return received @ matrix, h.mT @ received, received.sum(-2, keepdim=True), None

    params, feedback = random_network(feedback_alignment, seeds=(1, 2))
    layers = torch_tensors(params)
    nothing = torch.zeros(2, 5, 6, dtype=torch.float64)
    h = torch.tensor(batch[0])
    for tensors, matrix in zip(layers, [nothing, *map(torch.tensor, feedback)], strict=True):
        a = Linear.apply(h, *tensors, matrix)
        h = TORCH_ACTIVATIONS[activation](a)
    torch_loss(a, batch[1], loss).backward()
    assert_same(
        gradients_of(feedback_alignment, params, feedback, *batch, activation, loss), layers
    )


@pytest.mark.parametrize(("activation", "loss"), COMBINATIONS)
def test_indirect_feedback_alignment_equals_a_torch_formulation(batch, activation, loss):
    """In torch: the error's way forward is the derivative along it, by forward-mode products."""
    params, feedback = random_network(indirect_feedback_alignment, seeds=(1, 2))
    layers = torch_tensors(params)
    outputs, hidden = torch_forward(layers, batch[0], activation, detach=True)
    (error,) = torch.autograd.grad(
        torch_loss(outputs[-1], batch[1], loss), outputs[-1], retain_graph=True
    )
    received = torch.einsum("snc,scw->snw", error, torch.tensor(feedback[0]))
    for number, h in enumerate(hidden[:-1]):
        (sent,) = torch.autograd.grad(h, outputs[number], received, retain_graph=True)
        h.backward(received)
        received = torch.einsum("snv,svw->snw", sent, layers[number + 1][0].detach())
    outputs[-1].backward(error)
    ours = gradients_of(indirect_feedback_alignment, params, feedback, *batch, activation, loss)
    assert_same(ours, layers)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "rule", [feedback_alignment, direct_feedback_alignment, indirect_feedback_alignment]
)
def test_hidden_gradients_are_nonzero_and_differ_from_bp(batch, activation, rule):
    params, feedback = random_network(rule, seeds=(1, 2))
    bp = gradients_of(backward_propagation, params, [], *batch, activation, "cross_entropy")
    other = gradients_of(rule, params, feedback, *batch, activation, "cross_entropy")
    for ours, theirs in zip(other[:-1], bp[:-1], strict=True):
        assert np.linalg.norm(ours.weights) > 1e-3
        difference = np.linalg.norm(ours.weights - theirs.weights)
        assert difference > 0.1 * np.linalg.norm(theirs.weights)
    np.testing.assert_array_equal(other[-1].weights, bp[-1].weights)


def test_fa_is_bp_when_feedback_is_the_transposed_weights(batch):
    params, _ = random_network(backward_propagation, seeds=(1, 2))
    bp = gradients_of(backward_propagation, params, [], *batch, "tanh", "cross_entropy")
    feedback = transposed_weights(params)
    fa = gradients_of(feedback_alignment, params, feedback, *batch, "tanh", "cross_entropy")
    for ours, theirs in zip(fa, bp, strict=True):
        np.testing.assert_allclose(ours.weights, theirs.weights, rtol=1e-12)


def test_one_hidden_layer_makes_fa_dfa_and_ifa_one_rule(batch):
    params, feedback = random_network(direct_feedback_alignment, seeds=(1, 2), sizes=[6, 5, 3])
    fa, dfa, ifa = (
        gradients_of(rule, params, feedback, *batch, "tanh", "cross_entropy")
        for rule in (feedback_alignment, direct_feedback_alignment, indirect_feedback_alignment)
    )
    for one, other, third in zip(fa, dfa, ifa, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)
        np.testing.assert_array_equal(third.weights, other.weights)


def test_dfa_is_bp_when_feedback_is_the_product_of_transposed_weights(batch, monkeypatch):
    """For a linear network with B_l = W_{L+1}^T ... W_{l+1}^T, (classes, width)."""
    monkeypatch.setitem(
        ACTIVATIONS,
        "identity",
        ACTIVATIONS["tanh"]._replace(function=lambda a: a, derivative=np.ones_like),
    )
    params, _ = random_network(backward_propagation, seeds=(1, 2))
    products = [params[-1].weights.mT]
    for layer in params[-2:0:-1]:
        products.insert(0, products[0] @ layer.weights.mT)
    args = (*batch, "identity", "binary_cross_entropy")
    bp = gradients_of(backward_propagation, params, [], *args)
    dfa = gradients_of(direct_feedback_alignment, params, products, *args)
    for ours, theirs in zip(dfa, bp, strict=True):
        np.testing.assert_allclose(ours.weights, theirs.weights, rtol=1e-12)
        np.testing.assert_allclose(ours.biases, theirs.biases, rtol=1e-12)


def test_zero_weights_stop_bp_and_not_dfa(batch):
    params, feedback = random_network(direct_feedback_alignment)
    params = [Layer(0 * weights, 0 * biases) for weights, biases in params]
    x, targets = batch[0][:1], batch[1][:1]
    bp = gradients_of(backward_propagation, params, [], x, targets, "tanh", "cross_entropy")
    dfa = gradients_of(
        direct_feedback_alignment, params, feedback, x, targets, "tanh", "cross_entropy"
    )
    assert not any(gradient.weights.any() for gradient in bp[:-1])
    assert dfa[0].weights.all()


def test_zero_weights_stop_ifa_after_its_first_layer(batch):
    params, feedback = random_network(indirect_feedback_alignment)
    params = [Layer(0 * weights, 0 * biases) for weights, biases in params]
    x, targets = batch[0][:1], batch[1][:1]
    ifa = gradients_of(
        indirect_feedback_alignment, params, feedback, x, targets, "tanh", "cross_entropy"
    )
    assert ifa[0].weights.all()
    assert not ifa[1].weights.any()


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_and_errors_are_finite_for_huge_logits(loss):
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]])
    targets = np.eye(3)[:2]
    assert np.isfinite(LOSSES[loss].value(logits, targets)).all()
    assert np.abs(LOSSES[loss].error(logits, targets)).max() <= 1
