"""Alignment angles, against cases whose angle is known and a plain formulation of their own."""

import math

import numpy as np
import pytest
from small_data import STRICT, random_dataset, random_network

from dfa_utils.activations import ACTIVATIONS
from dfa_utils.alignment import error_angles, follow_alignment
from dfa_utils.feedback import transposed_weights
from dfa_utils.learning_rules import (
    LEARNING_RULES,
    backward_propagation,
    direct_feedback_alignment,
    feedback_alignment,
)
from dfa_utils.losses import LOSSES
from dfa_utils.network import Layer, forward_propagation
from dfa_utils.optimizers import SGD
from dfa_utils.training import train

DATA = random_dataset()
TEST = DATA.test_images, DATA.test_targets


def silent(*_):
    """Report nothing."""


def plain_angle(errors, others):
    """Return the angle of the mean cosine, sample by sample, for one network."""
    pairs = zip(errors, others, strict=True)
    cosines = [a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for a, b in pairs]
    return math.degrees(math.acos(sum(cosines) / len(cosines)))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["tanh", "logistic"])
@pytest.mark.parametrize("rule", LEARNING_RULES.values(), ids=LEARNING_RULES)
def test_angles_equal_a_plain_formulation(rule, activation, loss):
    params, feedback = random_network(rule, (0, 1, 2))
    angles = error_angles(rule, params, feedback, *TEST, activation, loss)
    forward = forward_propagation(params, DATA.test_images, activation)
    error = LOSSES[loss].error(forward.logits, DATA.test_targets)
    sent, true = (r(params, feedback, forward, error) for r in (rule, backward_propagation))
    assert len(angles) == len(params) - 1
    for layer, angle in enumerate(angles):
        expected = [plain_angle(*pair) for pair in zip(sent[layer], true[layer], strict=True)]
        # Near zero the arc cosine turns the last bit of a cosine into a millionth of a degree.
        np.testing.assert_allclose(angle, expected, rtol=1e-9, atol=1e-5)


def test_bp_is_aligned_with_itself():
    params, _ = random_network(backward_propagation, (0, 1))
    for angle in error_angles(backward_propagation, params, (), *TEST):
        np.testing.assert_allclose(angle, 0, atol=1e-5)


def test_fa_through_the_transposed_weights_is_aligned_and_through_their_negative_opposed():
    params, _ = random_network(feedback_alignment, (0, 1))
    aligned = transposed_weights(params)
    for angle in error_angles(feedback_alignment, params, aligned, *TEST):
        np.testing.assert_allclose(angle, 0, atol=1e-5)
    opposed = [*aligned[:-1], -aligned[-1]]
    for angle in error_angles(feedback_alignment, params, opposed, *TEST):
        np.testing.assert_allclose(angle, 180, atol=1e-5)


def test_dfa_through_the_product_of_the_transposed_weights_is_aligned(monkeypatch):
    """In a linear network; its feedback may have any length."""
    linear = ACTIVATIONS["tanh"]._replace(function=lambda a: a, derivative=np.ones_like)
    monkeypatch.setitem(ACTIVATIONS, "identity", linear)
    params, _ = random_network(direct_feedback_alignment, (0, 1))
    products = [params[-1].weights.mT]
    for layer in params[-2:0:-1]:
        products.insert(0, products[0] @ layer.weights.mT)
    feedback = [3.0 * product for product in products]
    for angle in error_angles(direct_feedback_alignment, params, feedback, *TEST, "identity"):
        np.testing.assert_allclose(angle, 0, atol=1e-5)


def test_random_feedback_is_about_orthogonal():
    seeds = tuple(range(100))
    params, feedback = random_network(direct_feedback_alignment, seeds, sizes=[6, 64, 64, 3])
    for angle in error_angles(direct_feedback_alignment, params, feedback, *TEST):
        assert abs(angle.mean() - 90) < 4 * angle.std(ddof=1) / math.sqrt(len(seeds))
        assert angle.std() < 15


@pytest.mark.filterwarnings("error")
def test_there_is_no_angle_to_an_error_of_zero():
    params, feedback = random_network(direct_feedback_alignment, (0, 1))
    zero = [Layer(0 * weights, 0 * biases) for weights, biases in params]
    for angle in error_angles(direct_feedback_alignment, zero, feedback, *TEST):
        assert angle.shape == (2,) and np.isnan(angle).all()


@pytest.mark.filterwarnings("error")
def test_samples_that_are_sent_nothing_are_left_out():
    """A ReLU that is off for a sample passes no error on."""
    params, feedback = random_network(direct_feedback_alignment, sizes=[2, 1, 3])
    params[0] = Layer(np.array([[[1.0], [0.0]]]), np.zeros((1, 1, 1)))
    x = np.array([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    targets = np.eye(3)
    (angle,) = error_angles(direct_feedback_alignment, params, feedback, x, targets, "relu")
    on = [0, 2]
    (same,) = error_angles(direct_feedback_alignment, params, feedback, x[on], targets[on], "relu")
    np.testing.assert_allclose(angle, same)


def test_tiny_errors_have_an_angle():
    params, feedback = random_network(direct_feedback_alignment, dtype="float32")
    images, targets = (array.astype("float32") for array in TEST)
    tiny = [matrix * np.float32(1e-30) for matrix in feedback]
    plain = error_angles(direct_feedback_alignment, params, feedback, images, targets)
    shrunk = error_angles(direct_feedback_alignment, params, tiny, images, targets)
    np.testing.assert_allclose(shrunk, plain, rtol=1e-4)


def test_strict_arrays_give_the_same_angles():
    strict = random_dataset(STRICT)
    params, feedback = random_network(direct_feedback_alignment, (0, 1), STRICT)
    test = strict.test_images, strict.test_targets
    found = error_angles(direct_feedback_alignment, params, feedback, *test)
    expected = error_angles(
        direct_feedback_alignment, *random_network(direct_feedback_alignment, (0, 1)), *TEST
    )
    np.testing.assert_allclose([STRICT.to_host(a) for a in found], expected, rtol=1e-9)


def test_following_the_alignment_changes_nothing_of_the_training():
    params, feedback = random_network(direct_feedback_alignment, (0, 1))
    settings = {"feedback": feedback, "seeds": (0, 1), "optimizer": SGD(0.1), "batch_size": 16}
    settings |= {"num_epochs": 3, "report": silent}
    expected, plain = train(direct_feedback_alignment, params, DATA, **settings)
    trained, history, angles = follow_alignment(direct_feedback_alignment, params, DATA, **settings)
    for ours, theirs in zip(trained, expected, strict=True):
        np.testing.assert_array_equal(ours.weights, theirs.weights)
    np.testing.assert_array_equal(history.epochs, plain.epochs)
    np.testing.assert_array_equal(history.train_error, plain.train_error)
    assert angles.shape == (4, 2, 2)
    last = error_angles(direct_feedback_alignment, trained, feedback, *TEST)
    np.testing.assert_array_equal(angles[-1], last)
    first = error_angles(direct_feedback_alignment, params, feedback, *TEST)
    np.testing.assert_array_equal(angles[0], first)


def test_training_aligns_the_weights_with_the_feedback():
    seeds = tuple(range(10))
    params, feedback = random_network(direct_feedback_alignment, seeds, sizes=[6, 20, 20, 3])
    small = [Layer(0.1 * weights, 0.1 * biases) for weights, biases in params]
    settings = {"feedback": feedback, "seeds": seeds, "optimizer": SGD(0.1), "batch_size": 16}
    settings |= {"num_epochs": 20, "report": silent}
    _, _, angles = follow_alignment(direct_feedback_alignment, small, DATA, **settings)
    assert (angles[0].mean(axis=-1) > 80).all()
    assert (angles[-1].mean(axis=-1) < 60).all()
