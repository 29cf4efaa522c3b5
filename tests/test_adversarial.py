"""The fast gradient sign against torch's autograd."""

import numpy as np
import pytest
import torch
from small_data import random_network

from dfa_utils.adversarial import FastGradientSign
from dfa_utils.learning_rules import direct_feedback_alignment
from dfa_utils.losses import LOSSES
from dfa_utils.network import forward_propagation


@pytest.fixture
def batch():
    generator = np.random.default_rng(5)
    x = generator.standard_normal((2, 8, 6))
    return x, np.eye(3)[generator.integers(0, 3, (2, 8))]


@pytest.mark.parametrize("activation", ["tanh", "logistic", "relu"])
@pytest.mark.parametrize("loss", LOSSES)
def test_each_pixel_moves_with_the_sign_of_the_true_gradient(batch, activation, loss):
    functions = {"tanh": torch.tanh, "logistic": torch.sigmoid, "relu": torch.relu}
    params, _ = random_network(direct_feedback_alignment, (1, 2))
    x, targets = batch
    ours = FastGradientSign(0.08).perturb(params, x, targets, activation, LOSSES[loss])

    h = image = torch.tensor(x, requires_grad=True)
    for number, (weights, biases) in enumerate(params):
        a = h @ torch.tensor(weights) + torch.tensor(biases)
        h = functions[activation](a) if number < len(params) - 1 else a
    if loss == "cross_entropy":
        value = -(torch.tensor(targets) * torch.log_softmax(h, -1)).sum()
    else:
        value = torch.nn.BCEWithLogitsLoss(reduction="sum")(h, torch.tensor(targets))
    value.backward()
    np.testing.assert_allclose(ours, x + 0.08 * torch.sign(image.grad).numpy(), rtol=1e-12)


def test_the_loss_grows_and_the_images_are_not_clipped(batch):
    params, _ = random_network(direct_feedback_alignment, (1, 2))
    x, targets = batch
    objective = LOSSES["binary_cross_entropy"]
    moved = FastGradientSign(0.05).perturb(params, x, targets, "tanh", objective)
    before, after = (
        objective.value(forward_propagation(params, images).logits, targets)
        for images in (x, moved)
    )
    assert (after > before).all()
    assert moved.max() > x.max() or moved.min() < x.min()


def test_at_zero_weights_nothing_moves(batch):
    params, _ = random_network(direct_feedback_alignment, (1, 2))
    for layer in params:
        layer.weights[:] = 0
    x, targets = batch
    moved = FastGradientSign(0.05).perturb(
        params, x, targets, "tanh", LOSSES["binary_cross_entropy"]
    )
    np.testing.assert_array_equal(moved, x)


def test_a_negative_epsilon_is_refused():
    with pytest.raises(ValueError, match="epsilon must be >= 0, got -1"):
        FastGradientSign(-1)
