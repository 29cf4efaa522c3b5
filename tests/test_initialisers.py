"""Initial values: their ranges, torch's for comparison, and the shapes of feedback."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import stats

from dfa_utils import INITIALISERS, RULES, Network, Normal, UniformFanIn, UniformFanOut, Zeros
from dfa_utils.array import Stream, generator_for
from dfa_utils.initialisers import LowRank, Orthogonal, Signs, Sparse, Uniform

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


@pytest.mark.parametrize("name", ["fa", "dfa", "ifa", "drtp", "kp", "dkp"])
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
        "bp": [],
        **{name: [(100, 200), (10, 100)] for name in ("fa", "kp")},
        **{name: [(10, 200), (10, 100)] for name in ("dfa", "drtp", "dkp")},
        "ifa": [(10, 200)],
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


def draw(initialiser, shape, seed=0):
    """Return a matrix."""
    return initialiser(np.random.default_rng(seed), shape, *shape)


@pytest.mark.parametrize(
    ("kind", "kurtosis"),
    [
        (Normal, 3.0),
        (Uniform, 9 / 5),
        (Signs, 1.0),
        (lambda scale: Sparse(scale, 0.5), 6.0),
        (lambda scale: Sparse(scale, 0.9), 30.0),
    ],
)
def test_entries_have_the_moments_of_their_distribution(kind, kurtosis):
    """Of 400,000 entries: mean zero, the scale as deviation, and the fourth moment."""
    entries = draw(kind(0.3), (400, 1000)).ravel()
    assert entries.mean() == pytest.approx(0, abs=4 * 0.3 / np.sqrt(entries.size))
    assert entries.std() == pytest.approx(0.3, rel=0.02)
    assert stats.kurtosis(entries, fisher=False) == pytest.approx(kurtosis, rel=0.05)


def test_distributions_are_what_they_are_called():
    uniform = stats.uniform(-0.3 * np.sqrt(3), 2 * 0.3 * np.sqrt(3))
    assert stats.kstest(draw(Uniform(0.3), (100, 100)).ravel(), uniform.cdf).pvalue > 0.01
    assert set(draw(Signs(0.3), (100, 100)).ravel()) == {-0.3, 0.3}
    assert abs(draw(Signs(), (100, 100)).mean()) < 0.04
    others = [x for x in draw(Sparse(0.3, 0.9), (100, 1000)).ravel() if x]
    normal = stats.norm(0, 0.3 / np.sqrt(0.1))
    assert stats.kstest(others, normal.cdf).pvalue > 0.01


@pytest.mark.parametrize("zeros", [0.0, 0.5, 0.9, 0.99])
def test_a_sparse_matrix_has_its_share_of_zeros_and_of_columns_without_any_entry(zeros):
    matrix = draw(Sparse(1.0, zeros), (10, 20_000))
    assert np.mean(matrix == 0) == pytest.approx(zeros, abs=0.005)
    assert np.mean(~matrix.any(axis=0)) == pytest.approx(zeros**10, abs=0.015)


@pytest.mark.parametrize("shape", [(10, 40), (40, 10), (10, 10), (1, 7)])
@pytest.mark.parametrize("rank", [1, 2, 5, 10, 20])
def test_rank_with_equal_singular_values_and_the_same_size(shape, rank):
    matrix, expected = draw(LowRank(0.3, rank), shape), min(rank, *shape)
    values = np.linalg.svd(matrix, compute_uv=False)
    assert np.linalg.matrix_rank(matrix) == expected
    np.testing.assert_allclose(values[:expected], values[0])
    assert np.sqrt(np.mean(matrix**2)) == pytest.approx(0.3)


@pytest.mark.parametrize("shape", [(10, 40), (40, 10), (10, 10)])
def test_orthogonal_rows_or_columns(shape):
    matrix = draw(Orthogonal(0.3), shape)
    matrix = matrix if shape[0] <= shape[1] else matrix.T
    np.testing.assert_allclose(matrix @ matrix.T, 0.09 * max(shape) * np.eye(10), atol=1e-12)


def test_orthogonal_matrices_are_drawn_as_scipy_draws_them():
    """By Haar's measure: the trace and the first entry of square matrices, two samples each."""
    rng = np.random.default_rng(1)
    ours = [Orthogonal(1 / 2)(rng, (4, 4), 4, 4) for _ in range(4000)]
    theirs = stats.ortho_group.rvs(4, size=4000, random_state=2)
    for statistic in (np.trace, lambda Q: Q[0, 0], lambda Q: Q[3, 1]):
        samples = [[statistic(Q) for Q in group] for group in (ours, theirs)]
        assert stats.ks_2samp(*samples).pvalue > 0.01
    assert abs(np.mean(np.linalg.det(ours))) < 4 / np.sqrt(4000)  # reflections are as likely
    first = [Q[0, 0] for Q in ours]
    assert abs(np.mean(first)) < 4 * np.std(first) / np.sqrt(4000)  # no sign is preferred


@pytest.mark.parametrize(
    ("initialiser", "words"),
    [
        (lambda: Sparse(1.0, 1.0), "zeros must be < 1"),
        (lambda: LowRank(1.0, 0), "rank must be >= 1"),
        (lambda: Signs(-1.0), "scale must be >= 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(initialiser, words):
    with pytest.raises(ValueError, match=words):
        initialiser()
