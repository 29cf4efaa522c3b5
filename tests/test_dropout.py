"""Dropout against torch's autograd, with every rule, and what its masks are."""

import numpy as np
import pytest
import torch
from small_data import SIZES, STRICT, random_network

from dfa_utils.arrays import get_backend
from dfa_utils.dropout import Dropout
from dfa_utils.learning_rules import LEARNING_RULES, backward_propagation, layer_gradients
from dfa_utils.losses import LOSSES
from dfa_utils.network import forward_propagation

NUMPY = get_backend("numpy")
RULES = pytest.mark.parametrize("rule", LEARNING_RULES.values(), ids=LEARNING_RULES)


def draw(dropout, params, count, seeds=(1, 2), backend=NUMPY):
    generators = [np.random.default_rng(seed) for seed in seeds]
    return dropout.masks(generators, params, count, backend)


@pytest.fixture
def batch():
    generator = np.random.default_rng(5)
    x = generator.standard_normal((2, 8, 6))
    return x, np.eye(3)[generator.integers(0, 3, (2, 8))]


def test_masks_keep_the_stated_share_and_the_mean():
    params, _ = random_network(backward_propagation, (0, 1), sizes=[400, 300, 200, 10])
    masks = draw(Dropout(input=0.1, hidden=0.5), params, 500)
    for mask, width, dropped in zip(masks, (400, 300, 200), (0.1, 0.5, 0.5), strict=True):
        assert mask.shape == (2, 500, width)
        values = np.unique(mask)
        np.testing.assert_allclose(values, [0, 1 / (1 - dropped)])
        assert (mask == 0).mean() == pytest.approx(dropped, abs=0.005)
        assert mask.mean() == pytest.approx(1, abs=0.01)
        assert (mask[0] != mask[1]).any(), "seeds share a mask"


def test_nothing_is_drawn_where_nothing_is_dropped():
    params, _ = random_network(backward_propagation, (0, 1))
    masks = draw(Dropout(hidden=0.5), params, 8)
    assert masks[0] is None and masks[1] is not None
    assert draw(Dropout(), params, 8) == [None] * 3


def test_masks_are_the_same_on_every_array_library():
    params, _ = random_network(backward_propagation, (0, 1))
    expected = draw(Dropout(0.1, 0.5), params, 8)
    for backend in (get_backend("torch"), STRICT):
        params, _ = random_network(backward_propagation, (0, 1), backend=backend)
        for ours, theirs in zip(
            draw(Dropout(0.1, 0.5), params, 8, backend=backend), expected, strict=True
        ):
            np.testing.assert_array_equal(backend.to_host(ours), theirs)


@RULES
@pytest.mark.parametrize("activation", ["tanh", "logistic", "relu"])
def test_the_way_back_passes_the_masks_as_in_torch(batch, rule, activation):
    """In torch: each hidden unit's local slope, with its mask, by autograd of mask * f(a)."""
    functions = {"tanh": torch.tanh, "logistic": torch.sigmoid, "relu": torch.relu}
    params, feedback = random_network(rule, (1, 2))
    x, targets = batch
    masks = draw(Dropout(0.25, 0.5), params, 8)

    forward = forward_propagation(params, x, activation, masks)
    error = LOSSES["binary_cross_entropy"].error(forward.logits, targets)
    ours = rule(params, feedback, forward, error)

    weights = [torch.tensor(layer.weights) for layer in params]
    h, pre_activations, outputs = torch.tensor(x) * torch.tensor(masks[0]), [], []
    for number, layer in enumerate(params):
        a = (h.detach() @ weights[number] + torch.tensor(layer.biases)).requires_grad_()
        pre_activations.append(a)
        if number < len(params) - 1:
            h = functions[activation](a) * torch.tensor(masks[number + 1])
            outputs.append(h)
    e = torch.sigmoid(pre_activations[-1].detach()) - torch.tensor(targets)

    def received(layer, errors):
        """What reaches the output of hidden layer ``layer`` under this rule."""
        name = {value: key for key, value in LEARNING_RULES.items()}[rule]
        if name == "bp":
            return errors[layer + 1] @ weights[layer + 1].mT
        if name == "fa":
            return errors[layer + 1] @ torch.tensor(feedback[layer])
        if name == "dfa":
            return e @ torch.tensor(feedback[layer])
        return e @ torch.tensor(feedback[0]) if layer == 0 else errors[layer - 1] @ weights[layer]

    errors = {len(params) - 1: e}
    order = range(len(outputs)) if rule is LEARNING_RULES["ifa"] else reversed(range(len(outputs)))
    for layer in order:
        (errors[layer],) = torch.autograd.grad(
            outputs[layer], pre_activations[layer], received(layer, errors)
        )
    np.testing.assert_allclose(forward.logits, pre_activations[-1].detach(), rtol=1e-9)
    for layer, error in enumerate(ours):
        np.testing.assert_allclose(error, errors[layer], rtol=1e-9, atol=1e-13)


def test_gradients_under_dropout_equal_autograd(batch):
    params, _ = random_network(backward_propagation, (1, 2))
    x, targets = batch
    masks = draw(Dropout(0.25, 0.5), params, 8)
    forward = forward_propagation(params, x, "tanh", masks)
    errors = backward_propagation(
        params, [], forward, LOSSES["binary_cross_entropy"].error(forward.logits, targets)
    )
    tensors = [[torch.tensor(array, requires_grad=True) for array in layer] for layer in params]
    h = torch.tensor(x) * torch.tensor(masks[0])
    for number, (weights, biases) in enumerate(tensors):
        a = h @ weights + biases
        if number < len(tensors) - 1:
            h = torch.tanh(a) * torch.tensor(masks[number + 1])
    torch.nn.BCEWithLogitsLoss(reduction="sum")(a, torch.tensor(targets)).backward()
    for gradient, layer in zip(layer_gradients(forward.inputs, errors), tensors, strict=True):
        for ours, theirs in zip(gradient, layer, strict=True):
            np.testing.assert_allclose(ours, theirs.grad, rtol=1e-9, atol=1e-13)


def test_without_masks_nothing_changes(batch):
    params, _ = random_network(backward_propagation, (1, 2))
    plain = forward_propagation(params, batch[0])
    empty = forward_propagation(params, batch[0], "tanh", [None] * (len(SIZES) - 1))
    np.testing.assert_array_equal(plain.logits, empty.logits)


@pytest.mark.parametrize(
    ("probability", "allowed"),
    [(-0.1, ">= 0"), (1, "< 1"), (1.5, "< 1"), (float("nan"), "finite")],
)
def test_a_probability_out_of_range_is_refused(probability, allowed):
    with pytest.raises(ValueError, match=f"hidden must be {allowed}, got {probability}"):
        Dropout(hidden=probability)
