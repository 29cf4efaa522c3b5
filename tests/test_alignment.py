"""Alignment angles, against cases whose angle is known and a plain formulation of their own."""

import math
from dataclasses import replace

import numpy as np
import pytest
from small_data import bits, random_dataset, small_run
from test_rules import identity, products_of_weights  # noqa: F401

from dfa_utils import DFA, FA, RULES, SGD, Checkpoint, Normal, RMSprop, error_angles
from dfa_utils.alignment import (
    angle_shares,
    error_sizes,
    fresh_feedback,
    gradient_angles,
    network_angles,
    sent_errors,
    weight_angles,
)
from dfa_utils.losses import LOSSES

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

WITH_FEEDBACK = [name for name in RULES if RULES[name]().shapes((6, 5, 4, 3))]
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
            if rule in ("fa", "kp"):
                aim = above(run, seed, layer)[0].T
            else:
                for weights in reversed(above(run, seed, layer)):
                    aim = aim @ weights.T
            np.testing.assert_allclose(angles[seed, layer], angle(matrix[seed], aim), rtol=1e-9)


@pytest.mark.parametrize("rule", WITH_FEEDBACK)
def test_what_a_rule_aims_at_is_the_gradient_of_a_linear_network(rule, identity):  # noqa: F811
    """Of DRTP, which sends targets, it is that of the matrices alone."""
    run = small_run(rule, activation=identity, sizes=(6, 5, 4, 7, 3))
    for matrix, aim in zip(run.feedback, run.recipe.rule.aims(run.params), strict=True):
        matrix[...] = aim
    np.testing.assert_allclose(weight_angles(run), 0, atol=1e-5)
    if rule not in ("drtp", "ifa"):
        np.testing.assert_allclose(error_angles(run), 0, atol=1e-5)
    if rule == "ifa":
        np.testing.assert_allclose(error_angles(run)[:, 0], 0, atol=1e-5)


def test_a_rule_without_feedback_has_no_weight_angle():
    with pytest.raises(ValueError, match=r"rule must be one that has feedback .*, got 'BP'"):
        weight_angles(small_run("bp"))


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
    if rule != "drtp":
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
        null = np.array([measure(run, fresh_feedback(run, k)) for k in range(40)])
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
    for row, (one, other) in zip(angles, [(0, 1), (0, 2), (1, 2)], strict=True):
        for layer, (weights, _) in enumerate(run.params):
            expected = angle(weights[one], weights[other])
            np.testing.assert_allclose(row[layer], expected, rtol=1e-9)


def test_networks_from_zero_with_one_feedback_and_one_order_are_the_same():
    run = small_run(DFA(Normal(0.7)), (0, 0), weights=Normal(0.0), biases=Normal(0.0)).fit(3)
    np.testing.assert_allclose(network_angles(run), 0, atol=1e-4)


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
    expected = count * (count - 1) // 2 if name == "networks" else count
    assert MEASURES[name](run).shape[0] == expected
