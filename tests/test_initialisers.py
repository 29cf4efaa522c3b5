"""Initial values: their ranges, torch's for comparison, and the shapes of feedback."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from dfa_utils import INITIALISERS, RULES, Network, Normal, UniformFanIn, UniformFanOut, Zeros
from dfa_utils.array import Stream, generator_for

SIZES = (300, 200, 100, 10)
NETWORK = Network(SIZES)


def spread(array):
    """Return the largest absolute value and the standard deviation."""
    return np.abs(array).max(), array.std()


def test_fan_in_is_what_a_linear_layer_of_torch_starts_with():
    torch.manual_seed(0)
    params = NETWORK.draw([0], UniformFanIn(), UniformFanIn(), backend="numpy")
    for layer, (fan_in, fan_out) in zip(params, pairwise(SIZES), strict=True):
        theirs, bound = torch.nn.Linear(fan_in, fan_out), 1 / np.sqrt(fan_in)
        largest, _ = spread(layer.weights)
        assert 0.99 * bound < largest <= bound
        expected = spread(theirs.weight.detach().numpy())
        np.testing.assert_allclose(spread(layer.weights), expected, rtol=0.06)
        assert 0.5 * bound < spread(layer.biases)[0] <= bound
        assert spread(theirs.bias.detach().numpy())[0] <= bound


@pytest.mark.parametrize("name", ["fa", "dfa", "ifa", "drtp", "sdfa", "shared", "kp", "dkp", "wm"])
def test_feedback_is_uniform_in_the_width_of_the_layer_that_receives(name):
    rule = RULES[name](UniformFanOut(2.0))
    matrices = [rule.draw(generator_for(s, Stream.FEEDBACK), SIZES, None) for s in (0, 1)]
    for matrix, other, (senders, width) in zip(*matrices, rule.shapes(SIZES), strict=True):
        bound = 2 / np.sqrt(width)
        assert matrix.shape == (senders, width)
        assert 0.98 * bound < spread(matrix)[0] <= bound
        assert matrix.std() == pytest.approx(bound / np.sqrt(3), rel=0.06)
        assert (matrix != other).all()


def test_shapes_of_feedback():
    assert {name: rule().shapes(SIZES) for name, rule in RULES.items()} == {
        **{name: [] for name in ("bp", "np")},
        **{name: [(100, 200), (10, 100)] for name in ("fa", "kp", "ss", "wm")},
        **{name: [(10, 200), (10, 100)] for name in ("dfa", "drtp", "sdfa", "dkp")},
        **{name: [(10, 200)] for name in ("ifa", "shared")},
    }


def test_each_start_goes_where_it_belongs():
    params = NETWORK.draw([0], Zeros(), Normal(1.0), first_layer=Normal(0.01), backend="numpy")
    assert params[0].weights.std() == pytest.approx(0.01, rel=0.02)
    assert not any(layer.weights.any() for layer in params[1:])
    assert all(layer.biases.all() for layer in params)
    assert not any(layer.biases.any() for layer in NETWORK.draw([0], Normal(1.0), backend="numpy"))


def test_every_name_takes_a_scale():
    for name, kind in INITIALISERS.items():
        small, large = (
            np.abs(kind(scale)(np.random.default_rng(0), (9, 4), 9, 4)) for scale in (1, 3)
        )
        np.testing.assert_allclose(3 * small, large, err_msg=name)
