"""Initial values: their ranges, torch's for comparison, and one for each layer."""

import numpy as np
import pytest
import torch

from dfa_utils.feedback import feedback_shapes, initialise_feedback, transposed_weights
from dfa_utils.initialisers import INITIALISERS, normal, uniform_fan_in, uniform_fan_out, zeros
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.network import initialise_params

SIZES = [300, 200, 100, 10]


def spread(array):
    """Return the largest absolute value and the standard deviation."""
    return np.abs(array).max(), array.std()


def test_fan_in_is_what_a_linear_layer_of_torch_starts_with():
    torch.manual_seed(0)
    params = initialise_params(SIZES, [0], uniform_fan_in(), uniform_fan_in(), backend="numpy")
    for layer, fan_in, fan_out in zip(params, SIZES[:-1], SIZES[1:], strict=True):
        theirs = torch.nn.Linear(fan_in, fan_out)
        bound = 1 / np.sqrt(fan_in)
        largest, deviation = spread(layer.weights)
        assert 0.99 * bound < largest <= bound
        np.testing.assert_allclose(
            (largest, deviation), spread(theirs.weight.detach().numpy()), rtol=0.06
        )
        assert 0.5 * bound < spread(layer.biases)[0] <= bound
        assert spread(theirs.bias.detach().numpy())[0] <= bound


@pytest.mark.parametrize("rule", ["fa", "dfa", "ifa"])
def test_feedback_is_uniform_in_the_width_of_the_layer_that_receives(rule):
    rule = LEARNING_RULES[rule]
    matrices = initialise_feedback(rule, SIZES, [0, 1], uniform_fan_out(2.0), backend="numpy")
    for matrix, (_, width) in zip(matrices, feedback_shapes(rule, SIZES), strict=True):
        bound = 2 / np.sqrt(width)
        largest, deviation = spread(matrix)
        assert 0.98 * bound < largest <= bound
        assert deviation == pytest.approx(bound / np.sqrt(3), rel=0.05)
        assert (matrix[0] != matrix[1]).all()


def test_shapes_of_feedback():
    shapes = {name: feedback_shapes(rule, SIZES) for name, rule in LEARNING_RULES.items()}
    assert shapes == {
        "bp": [],
        "fa": [(100, 200), (10, 100)],
        "dfa": [(10, 200), (10, 100)],
        "ifa": [(10, 200)],
    }


def test_normal_and_zeros():
    (layer,) = initialise_params([400, 300], [0], normal(0.01), zeros, backend="numpy")
    assert layer.weights.std() == pytest.approx(0.01, rel=0.02)
    assert not layer.biases.any()


def test_one_initialiser_for_each_layer():
    starts = [uniform_fan_in(), zeros, normal(1)]
    params = initialise_params(SIZES, [0], starts, zeros, backend="numpy")
    assert [bool(layer.weights.any()) for layer in params] == [True, False, True]
    with pytest.raises(ValueError, match=r"weights must be .* one for each of the 3 layers"):
        initialise_params(SIZES, [0], starts[:2], backend="numpy")


def test_every_name_takes_a_scale():
    for name, factory in INITIALISERS.items():
        small, large = (
            np.abs(factory(scale)(np.random.default_rng(0), (9, 4), 9, 4)) for scale in (1, 3)
        )
        np.testing.assert_allclose(3 * small, large, err_msg=name)


def test_transposed_weights_do_not_follow_the_weights():
    params = initialise_params(SIZES, [0, 1], normal(1), backend="numpy")
    feedback = transposed_weights(params)
    shapes = feedback_shapes(LEARNING_RULES["fa"], SIZES)
    assert [matrix.shape for matrix in feedback] == [(2, *shape) for shape in shapes]
    np.testing.assert_array_equal(feedback[0], params[1].weights.mT)
    params[1].weights[:] = 0
    assert feedback[0].all()
    with pytest.raises(ValueError, match=r"params must be layers whose weights .* got .layer 2"):
        transposed_weights(params)
