"""Alignment angles, against cases whose angle is known and a plain formulation of their own."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from small_data import bits, random_dataset, small_run
from test_rules import identity, products_of_weights  # noqa: F401

from dfa_utils import BP, DFA, FA, RULES, SGD, Checkpoint, Normal, RMSprop, error_angles
from dfa_utils.alignment import (
    angle_shares,
    bias_and_variance,
    closest_angles,
    effective_ranks,
    error_sizes,
    fresh_feedback,
    gradient_angles,
    linear_cka,
    network_angles,
    null_angles,
    participation_ratio,
    sent_errors,
    weight_angles,
)
from dfa_utils.array import NormalNoise, Stream, generators_for
from dfa_utils.initialisers import Orthogonal
from dfa_utils.losses import LOSSES
from dfa_utils.rules import Step

ANGLES = {"angles": error_angles}


def plain_angle(errors, others):
    """Return the angle of the mean cosine, row by row, for one network."""
    pairs = zip(errors, others, strict=True)
    cosines = [a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for a, b in pairs]
    return math.degrees(math.acos(sum(cosines) / len(cosines)))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["tanh", "logistic"])
@pytest.mark.parametrize("rule", RULES)
def test_angles_equal_a_plain_formulation(rule, activation, loss):
    run = small_run(rule, (0, 1, 2), activation=activation, loss=loss)
    sent, true = sent_errors(run)
    angles = error_angles(run)
    assert angles.shape == (3, 2)
    for layer in (0, 1):
        expected = [plain_angle(*pair) for pair in zip(sent[layer], true[layer], strict=True)]
        # Near zero the arc cosine turns the last bit of a cosine into a millionth of a degree.
        np.testing.assert_allclose(angles[:, layer], expected, rtol=1e-9, atol=1e-5)


def test_bp_and_fa_through_copied_weights_are_aligned():
    for rule in ("bp", FA(copied=True)):
        np.testing.assert_allclose(error_angles(small_run(rule)), 0, atol=1e-5)


def test_fa_through_the_negative_of_the_weights_is_opposed():
    run = small_run(FA(copied=True))
    run.feedback[-1][...] *= -1
    np.testing.assert_allclose(error_angles(run), 180, atol=1e-5)


def test_dfa_through_the_product_of_the_transposed_weights_is_aligned(identity):  # noqa: F811
    """In a linear network; its feedback may have any length."""
    run = small_run(activation=identity)
    for matrix, product in zip(run.feedback, products_of_weights(run.params), strict=True):
        matrix[...] = 3.0 * product
    np.testing.assert_allclose(error_angles(run), 0, atol=1e-5)


def test_random_feedback_is_about_orthogonal():
    run = small_run(seeds=tuple(range(100)), sizes=(6, 64, 64, 3))
    angles = error_angles(run)
    deviation = angles.std(axis=0, ddof=1)
    assert (abs(angles.mean(axis=0) - 90) < 4 * deviation / 10).all()
    assert (deviation < 15).all()


@pytest.mark.filterwarnings("error")
def test_there_is_no_angle_to_an_error_of_zero():
    angles = error_angles(small_run(weights=Normal(0.0)))
    assert angles.shape == (2, 2) and np.isnan(angles).all()


@pytest.mark.filterwarnings("error")
def test_samples_that_are_sent_nothing_are_left_out():
    """A ReLU that is off for a sample passes no error on."""
    x, labels = np.array([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]]), np.arange(3)
    angles = []
    for on in ([0, 1, 2], [0, 2]):
        images = {"test_images": x[on], "test_labels": labels[on], "test_targets": np.eye(3)[on]}
        data = replace(random_dataset(features=2), **images)
        run = small_run(seeds=(0,), sizes=(2, 1, 3), activation="relu", data=data)
        run.params[0].weights[...], run.params[0].biases[...] = [[1.0], [0.0]], 0.0
        angles.append(error_angles(run))
    np.testing.assert_allclose(*angles)


def test_tiny_errors_have_an_angle():
    run = small_run(dtype="float32")
    expected = error_angles(run)
    for matrix in run.feedback:
        matrix *= np.float32(1e-30)
    np.testing.assert_allclose(error_angles(run), expected, rtol=1e-4)


@pytest.mark.parametrize("other", ["torch", "strict"])
def test_other_arrays_give_the_same_angles(other):
    run = small_run(backend=other)
    found = run.data.backend.to_host(error_angles(run))
    np.testing.assert_allclose(found, error_angles(small_run()), rtol=1e-9)


STOPPING = {"optimizer": RMSprop(0.01), "reduction": "sum"}


def test_following_the_alignment_changes_nothing_of_the_training(tmp_path):
    """Not RMSprop's memory, not where a seed stops; and it goes together with a checkpoint."""
    seeds = (0, 1, 2, 3)
    plain = small_run(seeds=seeds, **STOPPING).fit(30, stop=4.0)
    assert len(set(plain.history.epochs_run)) > 1 and plain.epoch < 30
    run = small_run(seeds=seeds, **STOPPING)
    first = error_angles(run)
    run.fit(30, stop=4.0, measure=ANGLES, checkpoint=Checkpoint(tmp_path / "kept"))
    angles = np.array(run.measured.pop("angles"))
    assert bits(run) == bits(plain)
    assert angles.shape == (run.epoch + 1, 4, 2)
    np.testing.assert_array_equal(angles[0], first)
    trained = np.arange(run.epoch + 1)[:, None] <= run.history.epochs_run
    np.testing.assert_array_equal(np.isnan(angles).any(axis=-1), ~trained)


def test_training_aligns_the_weights_with_the_feedback():
    settings = {"weights": Normal(0.07), "biases": Normal(0.03), "optimizer": SGD(0.1)}
    run = small_run(seeds=tuple(range(10)), sizes=(6, 20, 20, 3), **settings)
    angles = np.array(run.fit(20, measure=ANGLES).measured["angles"])
    assert (angles[0].mean(axis=0) > 80).all()
    assert (angles[-1].mean(axis=0) < 60).all()


# What is measured beside the angles of the errors, against direct loops.

WITH_FEEDBACK = [name for name in RULES if name not in ("bp", "np", "shared", "ss")]
MEASURES = {
    "shares": lambda run: angle_shares(run, bins=12),
    "gradients": gradient_angles,
    "weights": weight_angles,
    "sizes": error_sizes,
    "networks": network_angles,
    "null": lambda run: error_angles(run, fresh_feedback(run, 3)),
}


def angle(one, other):
    """Return the angle between two arrays as vectors."""
    one, other = np.ravel(one), np.ravel(other)
    return math.degrees(math.acos(one @ other / (np.linalg.norm(one) * np.linalg.norm(other))))


def above(run, seed, layer):
    """Return the weights above a hidden layer of one network, from the next layer up."""
    return [weights[seed] for weights, _ in run.params[layer + 1 :]]


@pytest.mark.parametrize("rule", WITH_FEEDBACK)
def test_weight_angles_equal_a_direct_loop(rule):
    run = small_run(rule, (0, 1, 2), sizes=(6, 5, 4, 7, 3))
    angles = weight_angles(run)
    assert angles.shape == (3, len(run.feedback))
    for seed in range(3):
        for layer, matrix in enumerate(run.feedback):
            aim = np.eye(3)
            if rule in ("fa", "kp", "wm"):
                aim = above(run, seed, layer)[0].T
            else:
                for weights in reversed(above(run, seed, layer)):
                    aim = aim @ weights.T
            np.testing.assert_allclose(angles[seed, layer], angle(matrix[seed], aim), rtol=1e-9)


@pytest.mark.parametrize("rule", WITH_FEEDBACK)
def test_what_a_rule_aims_at_is_the_gradient_of_a_linear_network(rule, identity):  # noqa: F811
    """Of DRTP and sDFA, which send no error, it is that of the matrices alone."""
    run = small_run(rule, activation=identity, sizes=(6, 5, 4, 7, 3))
    for matrix, aim in zip(run.feedback, run.recipe.rule.aims(run.params), strict=True):
        matrix[...] = aim
    np.testing.assert_allclose(weight_angles(run), 0, atol=1e-5)
    if rule not in ("drtp", "sdfa", "ifa"):
        np.testing.assert_allclose(error_angles(run), 0, atol=1e-5)
    if rule == "ifa":
        np.testing.assert_allclose(error_angles(run)[:, 0], 0, atol=1e-5)


@pytest.mark.parametrize("rule", ["bp", "np", "shared", "ss"])
def test_a_rule_without_feedback_or_aims_has_no_weight_angle(rule):
    with pytest.raises(ValueError, match=r"rule must be one that has feedback matrices and says"):
        weight_angles(small_run(rule))


def test_there_is_no_weight_angle_to_weights_of_zero():
    assert np.isnan(weight_angles(small_run(weights=Normal(0.0)))).all()


@pytest.mark.parametrize("rule", RULES)
def test_gradient_angles_equal_a_direct_loop(rule):
    run = small_run(rule, (0, 1, 2))
    x, (sent, true) = run.data.test_images, sent_errors(run)
    hidden = run.network.features(run.params, x)
    angles = gradient_angles(run)
    for seed in range(3):
        for layer in (0, 1):
            inputs = x if layer == 0 else hidden[layer - 1][seed]
            gradients = [np.zeros((inputs.shape[1], sent[layer].shape[-1])) for _ in range(2)]
            for n, h in enumerate(inputs):
                for gradient, errors in zip(gradients, (sent, true), strict=True):
                    gradient += np.outer(h, errors[layer][seed, n])
            expected = 0.0 if rule == "bp" else angle(*gradients)
            np.testing.assert_allclose(angles[seed, layer], expected, rtol=1e-9, atol=1e-5)


def test_shares_count_the_angles_of_the_images():
    run = small_run(seeds=(0, 1, 2))
    sent, true = sent_errors(run)
    shares = angle_shares(run, bins=12)
    assert shares.shape == (3, 2, 12)
    for seed in range(3):
        for layer in (0, 1):
            pairs = zip(sent[layer][seed], true[layer][seed], strict=True)
            counts, _ = np.histogram([angle(*pair) for pair in pairs], 12, (0, 180))
            np.testing.assert_allclose(shares[seed, layer], counts / 20)


def test_shares_of_bp_lie_at_zero_and_of_nothing_are_missing():
    shares = angle_shares(small_run("bp"), bins=12)
    np.testing.assert_allclose(shares[..., 0], 1)
    np.testing.assert_allclose(shares.sum(axis=-1), 1)
    assert np.isnan(angle_shares(small_run(weights=Normal(0.0)))).all()


@pytest.mark.parametrize("rule", RULES)
def test_sizes_equal_a_direct_loop(rule):
    run = small_run(rule)
    sizes = error_sizes(run)
    assert sizes.shape == (2, 2, 3)
    for kind, errors in enumerate(sent_errors(run)):
        for layer in range(3):
            for seed in (0, 1):
                squares = [error @ error for error in errors[layer][seed]]
                expected = math.sqrt(sum(squares) / len(squares))
                np.testing.assert_allclose(sizes[seed, kind, layer], expected, rtol=1e-9)
    if rule not in ("drtp", "np"):
        np.testing.assert_array_equal(sizes[:, 0, -1], sizes[:, 1, -1])


def test_fresh_feedback_is_that_of_no_other_draw():
    """Of the same shapes and distribution; each seed has its own, and a draw is repeatable."""
    run = small_run("dfa", tuple(range(20)), sizes=(6, 40, 30, 3))
    draws = [run.feedback, *(fresh_feedback(run, k) for k in range(3))]
    values = [
        np.ravel(matrix[seed]) for feedback in draws for matrix in feedback for seed in (0, 1)
    ]
    for place, one in enumerate(values):
        for other in values[place + 1 :]:
            assert not np.isin(one, other).any()
    for feedback in draws:
        for matrix, own in zip(feedback, run.feedback, strict=True):
            assert matrix.shape == own.shape
            np.testing.assert_allclose(matrix.std(), 0.7, rtol=0.1)
    np.testing.assert_array_equal(fresh_feedback(run, 2)[0], draws[3][0])


@pytest.mark.parametrize("rule", ["fa", "dfa", "dkp"])
def test_the_null_is_a_right_angle(rule):
    """Also of networks that are aligned with their own feedback."""
    settings = {"weights": Normal(0.07), "biases": Normal(0.03), "optimizer": SGD(0.1)}
    run = small_run(rule, tuple(range(10)), sizes=(6, 20, 20, 3), **settings).fit(20)
    for measure in (error_angles, weight_angles, gradient_angles):
        assert (measure(run).mean(axis=0) < 75).all()
        null = null_angles(run, measure, 40)
        np.testing.assert_array_equal(null[7], measure(run, fresh_feedback(run, 7)))
        deviation = null.std(axis=(0, 1)) / math.sqrt(400)
        assert (abs(null.mean(axis=(0, 1)) - 90) < 4 * deviation).all()


def test_angles_can_be_those_of_other_images():
    run = small_run()
    data = run.data
    images = data.train_images[:20], data.train_targets[:20]
    moved = replace(data, test_images=images[0], test_labels=data.train_labels[:20])
    other = small_run(data=replace(moved, test_targets=images[1]))
    for measure in (error_angles, gradient_angles, error_sizes, angle_shares):
        found = measure(run, images=images)
        np.testing.assert_array_equal(found, measure(other))
        assert (found != measure(run)).any()


def test_network_angles_equal_a_direct_loop():
    run = small_run(seeds=(0, 1, 2))
    angles = network_angles(run)
    assert angles.shape == (3, 3)
    for layer, (weights, _) in enumerate(run.params):
        for seed in range(3):
            others = [angle(weights[seed], weights[k]) for k in range(3) if k != seed]
            np.testing.assert_allclose(angles[seed, layer], sum(others) / 2, rtol=1e-9)


def test_one_network_alone_is_refused():
    with pytest.raises(ValueError, match="run must be of at least two running seeds"):
        network_angles(small_run(seeds=(0,)))


def test_there_is_no_angle_between_networks_of_zero():
    assert np.isnan(network_angles(small_run(weights=Normal(0.0)))).all()


def test_networks_from_zero_with_one_feedback_and_one_order_are_the_same():
    run = small_run(DFA(Normal(0.7)), (0, 0), weights=Normal(0.0), biases=Normal(0.0)).fit(3)
    np.testing.assert_allclose(network_angles(run), 0, atol=1e-5)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("other", ["torch", "strict"])
def test_other_arrays_give_the_same_measures(other, name):
    run, plain = small_run(backend=other).fit(1), small_run().fit(1)
    found = run.data.backend.to_host(MEASURES[name](run))
    np.testing.assert_allclose(found, MEASURES[name](plain), rtol=1e-9)


@pytest.mark.parametrize("name", MEASURES)
def test_measures_follow_the_seeds_that_run(name):
    """Those that have stopped are not measured."""
    run = small_run(seeds=(0, 1, 2, 3), **STOPPING)
    epoch = 0
    while len(run.running) == 4:
        epoch += 1
        run.fit(epoch, stop=4.0)
    count = len(run.running)
    assert 2 <= count < 4
    assert MEASURES[name](run).shape[0] == count


def flat_gradients(run, rule, first, size, noise):
    """Return the gradient of the hidden layers' weights for some images, (seeds, weights)."""
    data, loss = run.data, LOSSES[run.recipe.loss]
    batch = data.train_images[first : first + size], data.train_targets[first : first + size]
    at = run.network, run.params, run.feedback, *batch, loss
    step = Step.at(*at, scale=1 / size, noise=noise)
    pairs = zip(step.forward.inputs[:-1], rule.send(step)[:-1], strict=True)
    return np.concatenate([(h.mT @ d).reshape(2, -1) for h, d in pairs], axis=-1)


@pytest.mark.parametrize("rule", RULES)
def test_bias_and_variance_equal_a_direct_loop(rule):
    """By numpy's own means and variances; of two draws, noise and batches are told apart."""
    run, draws = small_run(rule, batch_size=8), 2
    dice = generators_for(run.seeds, Stream.NOISE, run.epoch, 2)
    noise, ours, true = NormalNoise(dice, run.data.backend, run.dtype), [], []
    for first in range(0, 48, 8):
        rules = [run.recipe.rule] * draws
        ours.append([flat_gradients(run, one, first, 8, noise) for one in rules])
        true.append(flat_gradients(run, BP(), first, 8, None))
    ours, true = np.moveaxis(ours, 2, 0), np.moveaxis(true, 1, 0)  # (seeds, batches, ...)
    for seed, found in enumerate(bias_and_variance(run, draws=draws)):
        mean, exact = ours[seed].mean((0, 1)), true[seed].mean(0)
        own = ours[seed].var(axis=1, ddof=1).sum(-1).mean()
        length = mean @ mean - own / 12
        spread = ours[seed].mean(1).var(axis=0, ddof=1).sum() + own / 2
        reference = true[seed].var(axis=0, ddof=1).sum() / (exact @ exact)
        cosine = mean @ exact / math.sqrt(length * (exact @ exact)) if length > 0 else math.nan
        length = length if length > 0 else math.nan
        expected = [cosine, spread / length, own / length, reference]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_bias_and_variance_of_the_gradient_itself():
    cosine, variance, own, exact = bias_and_variance(small_run("bp", batch_size=8)).T
    np.testing.assert_allclose(cosine, 1)
    np.testing.assert_allclose(variance, exact)
    assert not own.any() and (exact > 0).all()


def test_node_perturbation_has_variance_and_no_bias():
    run = small_run("np", batch_size=8)
    cosine, variance, own, exact = bias_and_variance(run, draws=400).T
    assert (abs(cosine - 1) < 0.1).all()
    assert (variance > 10 * exact).all() and (own > 0.5 * variance).all()


def test_bias_and_variance_on_another_library():
    run, strict = (small_run("np", batch_size=8, backend=name) for name in ("numpy", "strict"))
    ours, theirs = bias_and_variance(run, draws=3), bias_and_variance(strict, draws=3)
    np.testing.assert_allclose(ours, strict.data.backend.to_host(theirs), rtol=1e-6)


def test_one_batch_has_no_variance():
    with pytest.raises(ValueError, match="batches must be at least 2 whole ones, got 1"):
        bias_and_variance(small_run("bp", batch_size=30))


# How many directions count.


@pytest.mark.parametrize(
    ("values", "expected"), [([1, 1, 1], 3), ([5, 0, 0], 1), ([2, 1, 0], 25 / 17)]
)
def test_participation_ratio_of_known_singular_values(values, expected):
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.standard_normal((n, 3)))[0] for n in (8, 5))
    for size in (1.0, 1e-30):
        matrix = (size * (left * values) @ right.T).astype("float32")
        assert participation_ratio(matrix) == pytest.approx(expected, rel=1e-5)


@pytest.mark.filterwarnings("error")
def test_nothing_has_no_directions():
    assert np.isnan(participation_ratio(np.zeros((2, 4, 3)))).all()
    assert np.isnan(effective_ranks(small_run("bp", weights=Normal(0.0)))[:, :-1]).all()


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa"])
def test_effective_ranks_equal_those_of_matrices_made_by_hand(rule):
    """Before the slope of the layer itself, from the top down."""
    run = small_run(rule, (0, 1, 2), sizes=(6, 5, 2, 4, 3))
    ranks, (_, true) = effective_ranks(run), sent_errors(run)
    forward = run.network.forward(run.params, run.data.test_images)
    d, expected = true[-1], [true[-1]]
    for layer in (2, 1, 0):
        above = 1.0 if layer == 2 else 1 - forward.outputs[layer + 1] ** 2
        back = run.params[layer + 1].weights.mT if rule == "bp" else run.feedback[layer]
        d = true[-1] @ run.feedback[layer] if rule == "dfa" else (d * above) @ back
        expected.insert(0, d)
    for layer, matrices in enumerate(expected):
        for seed, matrix in enumerate(matrices):
            s = np.linalg.svd(matrix, compute_uv=False) ** 2
            assert ranks[seed, layer] == pytest.approx(s.sum() ** 2 / (s**2).sum())
            bound = (3, 3, 3) if rule == "dfa" else (2, 4, 3)  # the width above; the classes
            if layer < 3:
                assert np.linalg.matrix_rank(matrix) <= bound[layer]


@pytest.mark.parametrize("other", ["torch", "strict"])
def test_other_arrays_give_the_same_effective_ranks(other):
    run = small_run(backend=other)
    for measure in (effective_ranks, closest_angles):
        found = run.data.backend.to_host(measure(run))
        np.testing.assert_allclose(found, measure(small_run()), rtol=1e-9, atol=1e-5)


def test_no_directions_hold_more_of_the_errors_than_the_first():
    """Of random ones, and of the principal ones, the mean cosine is within the angle."""
    run, rng = small_run(seeds=(0,)), np.random.default_rng(0)
    errors = sent_errors(run)[0][-1][0]
    unit = errors / np.linalg.norm(errors, axis=-1, keepdims=True)
    angles = closest_angles(run)[0]
    assert angles.shape == (3,) and angles[2] == pytest.approx(0, abs=1e-4)
    for k in (1, 2):
        bound = np.cos(np.radians(angles[k - 1]))
        for _ in range(100):
            Q, _ = np.linalg.qr(rng.standard_normal((3, k)))
            assert np.mean(np.linalg.norm(unit @ Q, axis=-1)) <= bound + 1e-12
        best = np.linalg.svd(unit)[2][:k].T
        assert np.sqrt(np.mean(np.sum((unit @ best) ** 2, axis=-1))) == pytest.approx(bound)


def test_beneath_a_narrow_layer_of_a_linear_network_no_feedback_of_full_rank_is_closer(identity):  # noqa: F811
    """With rows of equal length at right angles, whatever the weights."""
    for seed in range(20):
        run = small_run(DFA(Orthogonal()), (seed,), sizes=(6, 8, 1, 8, 3), activation=identity)
        assert error_angles(run)[0, 0] >= closest_angles(run)[0, 0] - 1e-9


# How alike features are.


def features_of_two_layers(n=12):
    """Return features that have something in common, of two widths."""
    rng = np.random.default_rng(0)
    common = rng.standard_normal((n, 2))
    one = np.concatenate([common, rng.standard_normal((n, 3))], axis=1)
    return one, common @ rng.standard_normal((2, 4)) + 0.5 * rng.standard_normal((n, 4)) + 7


def test_cka_is_that_of_centring_matrices():
    """In the mean over all choices of four samples: what the unbiased product is defined by.

    A quarter of samples i, j, q, r gives ``K_ij (L_ij + L_qr - 2 L_iq)``, Song et al. (2012).
    """
    one, other = features_of_two_layers(8)

    def product(K, L):
        quarters = permutations(range(len(K)), 4)
        return np.mean([K[i, j] * (L[i, j] + L[q, r] - 2 * L[i, q]) for i, j, q, r in quarters])

    K, L = one @ one.T, other @ other.T
    expected = product(K, L) / math.sqrt(product(K, K) * product(L, L))
    assert linear_cka(one, other) == pytest.approx(expected, rel=1e-9)


def test_cka_is_the_plain_one_of_many_samples():
    """By centred tables of samples, whose diagonal weighs little where there are many."""
    one, other = features_of_two_layers(800)
    H = np.eye(800) - 1 / 800
    K, L = (H @ x @ x.T @ H for x in (one, other))
    plain = np.sum(K * L) / (np.linalg.norm(K) * np.linalg.norm(L))
    assert linear_cka(one, other) == pytest.approx(plain, abs=0.01)


def test_cka_knows_no_shift_rotation_or_factor():
    one, other = features_of_two_layers()
    turned = 3 * one @ np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0] - 2
    assert linear_cka(one, turned) == pytest.approx(1)
    assert linear_cka(turned, other) == pytest.approx(linear_cka(one, other))
    stretched = one * [1, 9, 1, 1, 1]
    assert abs(linear_cka(stretched, other) - linear_cka(one, other)) > 0.01


def test_cka_of_strangers_is_zero_on_average():
    """However wide they are: the plain one of these is near one half."""
    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((2, 2000, 20, 20))
    found = linear_cka(one, other)
    assert abs(found.mean()) < 4 * found.std() / math.sqrt(2000) and found.std() > 0.01


@pytest.mark.filterwarnings("error")
def test_cka_is_broadcast_and_of_any_size():
    one, other = features_of_two_layers()
    table = linear_cka(np.stack([one, 1e-30 * one])[:, None], np.stack([other, 1e18 * other])[None])
    np.testing.assert_allclose(table, np.full((2, 2), linear_cka(one, other)), rtol=1e-9)
    single = linear_cka((1e-30 * one).astype("float32"), (1e18 * other).astype("float32"))
    assert single == pytest.approx(linear_cka(one, other), rel=1e-4)
    assert np.isnan(linear_cka(np.ones_like(one), other))


@pytest.mark.parametrize("other", ["torch", "strict"])
def test_other_arrays_give_the_same_cka(other):
    backend = small_run(backend=other).data.backend
    on_device = [backend.asarray(x) for x in features_of_two_layers()]
    found = backend.to_host(linear_cka(*on_device))
    assert found == pytest.approx(linear_cka(*features_of_two_layers()), rel=1e-12)


def test_cka_needs_the_same_samples():
    one, other = features_of_two_layers()
    for pair in ((one, other[1:]), (one[:3], other[:3])):
        with pytest.raises(ValueError, match=r"others must be of as many samples .* at least 4"):
            linear_cka(*pair)
