"""Dropout and the fast gradient sign; what they do to gradients stands in `test_rules.py`."""

import in_torch
import numpy as np
import pytest
import torch
from small_data import BACKENDS, gradients_of, random_batch, small_run

from dfa_utils import Dropout, FastGradientSign
from dfa_utils.losses import LOSSES
from dfa_utils.network import ACTIVATIONS

BATCH = random_batch()


def draw(dropout, run, count=8):
    generators = [np.random.default_rng(seed) for seed in run.seeds]
    return dropout.masks(generators, run.params, count, run.data.backend)


def test_masks_keep_the_stated_share_and_the_mean():
    masks = draw(Dropout(input=0.1, hidden=0.5), small_run(sizes=(400, 300, 200, 3)), 500)
    for mask, width, dropped in zip(masks, (400, 300, 200), (0.1, 0.5, 0.5), strict=True):
        assert mask.shape == (2, 500, width)
        np.testing.assert_allclose(np.unique(mask), [0, 1 / (1 - dropped)])
        assert (mask == 0).mean() == pytest.approx(dropped, abs=0.005)
        assert mask.mean() == pytest.approx(1, abs=0.01)
        assert (mask[0] != mask[1]).any(), "seeds share a mask"


def test_nothing_is_drawn_where_nothing_is_dropped():
    masks = draw(Dropout(hidden=0.5), small_run())
    assert masks[0] is None and masks[1] is not None
    assert draw(Dropout(), small_run()) == []


def test_masks_are_the_same_on_every_array_library():
    expected = draw(Dropout(0.1, 0.5), small_run())
    for name in ("torch", "strict"):
        run = small_run(backend=BACKENDS[name])
        for ours, theirs in zip(draw(Dropout(0.1, 0.5), run), expected, strict=True):
            np.testing.assert_array_equal(run.data.backend.to_host(ours), theirs)


def test_masks_of_ones_change_nothing():
    run, ones = small_run("bp"), [None, np.ones((2, 8, 5)), None]
    for plain, masked in zip(
        gradients_of(run, *BATCH), gradients_of(run, *BATCH, ones), strict=True
    ):
        np.testing.assert_array_equal(plain[0], masked[0])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_each_pixel_moves_with_the_sign_of_the_true_gradient(activation, loss):
    """It is back-propagation's, whatever rule trains; images are not clipped."""
    run, (x, targets) = small_run("dfa", activation=activation), BATCH
    ours = FastGradientSign(0.08).perturb(run.network, run.params, x, targets, LOSSES[loss])
    image = torch.tensor(x, requires_grad=True)
    sums, _ = in_torch.forward(in_torch.tensors(run.params), image, activation)
    in_torch.loss_of(sums[-1], torch.tensor(targets), loss).backward()
    np.testing.assert_allclose(ours, x + 0.08 * torch.sign(image.grad).numpy(), rtol=1e-12)
    assert ours.max() > x.max() or ours.min() < x.min()


def test_images_stay_as_they_are_at_zero_weights_and_without_an_epsilon():
    run, (x, targets) = small_run(), BATCH
    zero = [type(layer)(0 * layer.weights, layer.biases) for layer in run.params]
    for params, epsilon in ((zero, 0.05), (run.params, 0.0)):
        at = (run.network, params, x, targets, LOSSES["cross_entropy"])
        np.testing.assert_array_equal(FastGradientSign(epsilon).perturb(*at), x)


@pytest.mark.parametrize(
    ("value", "allowed"), [(-0.1, ">= 0"), (1, "< 1"), (1.5, "< 1"), (float("nan"), "finite")]
)
def test_a_probability_out_of_range_is_refused(value, allowed):
    with pytest.raises(ValueError, match=f"hidden must be {allowed}, got {value}"):
        Dropout(hidden=value)


def test_a_negative_epsilon_is_refused():
    with pytest.raises(ValueError, match="epsilon must be >= 0, got -1"):
        FastGradientSign(-1)
