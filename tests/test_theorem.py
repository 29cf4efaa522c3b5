"""The criteria of Nøkland's theorem 1, against sums that are written out for one image."""

import math

import numpy as np
import pytest
from small_data import small_run

from dfa_utils import FA, RULES, Normal
from dfa_utils.alignment import error_angles, theorem_criteria
from dfa_utils.losses import LOSSES
from dfa_utils.network import ACTIVATIONS

K, BELOW, ABOVE, COSINE_BELOW, COSINE_ABOVE = range(5)


def one_image(run, place, x, target):
    """Return h, d and the slopes of each layer for one image and one seed, by loops over units."""
    unit = ACTIVATIONS[run.network.activation]
    weights = [layer.weights[place] for layer in run.params]
    feedback = [matrix[place] for matrix in run.feedback]
    h, hidden = [x], len(weights) - 1
    for number, layer in enumerate(run.params):
        a = h[-1] @ layer.weights[place] + layer.biases[place][0]
        h.append(unit.function(a) if number < hidden else a)
    h = h[1:]
    error = LOSSES[run.recipe.loss].error(h[-1], target)
    slopes = [*map(unit.derivative, h[:-1]), np.ones(len(error))]
    d, name = [None] * hidden + [error], run.recipe.rule.name
    if name in ("FA", "BP"):
        for k in reversed(range(hidden)):
            back = feedback[k] if name == "FA" else weights[k + 1].T
            d[k] = (d[k + 1] * slopes[k + 1]) @ back
    for k in range(hidden):
        if name == "DFA":
            d[k] = error @ feedback[k]
        if name == "IFA":
            d[k] = (d[k - 1] * slopes[k - 1]) @ weights[k] if k else error @ feedback[0]
    return h, d, slopes, weights


def plain_criteria(run, place, count):
    """Return the table of one seed, (5, layers), as means over its images."""
    tables = []
    for x, target in zip(run.data.train_images[:count], run.data.train_targets, strict=False):
        h, d, slopes, weights = one_image(run, place, x, target)
        table = np.full((5, len(d)), math.nan)
        for k in range(len(d)):
            table[K, k] = sum(d[k] * h[k]) / math.dist(d[k], 0 * d[k])
        for k in range(len(d) - 1):
            matrix = weights[k + 1]
            back = [
                sum(d[k + 1][j] * slopes[k + 1][j] * matrix[i, j] for j in range(matrix.shape[1]))
                for i in range(matrix.shape[0])
            ]
            on = [
                sum(d[k][i] * matrix[i, j] for i in range(matrix.shape[0])) * slopes[k + 1][j]
                for j in range(matrix.shape[1])
            ]
            for row, layer, c in ((BELOW, k, back), (ABOVE, k + 1, on)):
                table[row, layer] = np.dot(d[layer], c) / np.linalg.norm(d[layer])
                table[row + 2, layer] = table[row, layer] / np.linalg.norm(c)
        tables.append(table)
    return np.mean(tables, axis=0)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["tanh", "logistic"])
@pytest.mark.parametrize("rule", ["bp", "fa", "dfa", "ifa"])
def test_criteria_equal_a_plain_formulation(rule, activation, loss):
    run = small_run(rule, (0, 1, 2), activation=activation, loss=loss).fit(3)
    for count in (7, 10_000):
        found = theorem_criteria(run, samples=count)
        assert found.shape == (3, 5, 3)
        expected = [plain_criteria(run, place, count) for place in range(3)]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_criteria_are_there_for_every_rule_those_that_draw_noise_too(rule):
    first = theorem_criteria(small_run(rule, weights=Normal(0.5)))
    assert first.shape == (2, 5, 3) and np.isfinite(first[:, K]).all()
    np.testing.assert_array_equal(first, theorem_criteria(small_run(rule, weights=Normal(0.5))))


def test_of_back_propagation_a_lower_layer_is_sent_what_the_theorem_asks_for():
    criteria = theorem_criteria(small_run("bp").fit(2))
    np.testing.assert_allclose(criteria[:, COSINE_BELOW, :-1], 1)
    assert (criteria[:, BELOW, :-1] > 0).all()


def test_of_indirect_feedback_an_upper_hidden_layer_agrees_but_for_one_slope():
    """It is sent ``(d * f') @ W``, and the theorem asks for ``(d @ W) * f'``."""
    run = small_run("ifa", weights=Normal(0.01), biases=Normal(0.0))
    criteria = theorem_criteria(run)
    assert (criteria[:, COSINE_ABOVE, 1] > 0.999).all()
    assert (abs(criteria[:, COSINE_ABOVE, 2]) < 0.999).all()


def test_at_zero_weights_nothing_is_sent_through_them():
    criteria = theorem_criteria(small_run("dfa", weights=Normal(0.0), biases=Normal(0.0)))
    for row, layers in ((K, slice(None)), (BELOW, slice(0, 2)), (COSINE_ABOVE, slice(1, 3))):
        assert not criteria[:, row, layers].any()
    np.testing.assert_array_equal(criteria[:, BELOW, 2:], np.full((2, 1), np.nan))
    assert np.isnan(criteria[:, ABOVE, 0]).all()


def test_a_layer_that_a_relu_has_turned_off_still_has_a_direction():
    """The slope of a layer is left out of its direction, and not divided by."""
    run = small_run("dfa", activation="relu")
    run.params[0].weights[...], run.params[0].biases[...] = 0.0, -1.0
    assert np.isfinite(theorem_criteria(run)[:, K]).all()
    assert (theorem_criteria(run)[:, K, 0] == 0).all()
    assert theorem_criteria(run)[:, BELOW, 0].all()


@pytest.mark.parametrize("other", ["torch", "strict"])
def test_other_arrays_give_the_same_criteria(other):
    run = small_run("fa", backend=other)
    found = run.data.backend.to_host(theorem_criteria(run))
    np.testing.assert_allclose(found, theorem_criteria(small_run("fa")), rtol=1e-9)


def test_of_a_stopped_seed_nothing_is_measured():
    run = small_run("dfa").fit(
        3,
        stop=lambda run: np.array([run.epoch == 1, False])[run.running],
        measure={"theorem": theorem_criteria},
    )
    rows = np.array(run.measured["theorem"])
    assert rows.shape == (4, 2, 5, 3)
    assert np.isnan(rows[2:, 0]).all() and np.isfinite(rows[2:, 1, K]).all()


def test_training_lowers_k_and_raises_l():
    """In the small networks of the tests, for every seed, with DFA from zero."""
    run = small_run("dfa", tuple(range(5)), weights=Normal(0.0), biases=Normal(0.0))
    run.fit(10, measure={"theorem": theorem_criteria})
    start, *_, end = np.array(run.measured["theorem"])
    assert (end[:, K] < start[:, K]).all()
    assert (end[:, COSINE_BELOW, :-1] > 0).all()


def test_the_last_hidden_layer_is_compared_with_back_propagation():
    """There, and only there, the theorem's c is what back-propagation sends."""
    run = small_run(FA(copied=True))
    np.testing.assert_allclose(theorem_criteria(run)[:, COSINE_BELOW, 1], 1)
    np.testing.assert_allclose(error_angles(run), 0, atol=1e-5)
