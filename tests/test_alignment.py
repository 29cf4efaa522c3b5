"""Alignment angles, against cases whose angle is known and a plain formulation of their own."""

import math
from dataclasses import replace

import numpy as np
import pytest
from small_data import bits, random_dataset, small_run
from test_rules import identity, products_of_weights  # noqa: F401

from dfa_utils import FA, RULES, SGD, Checkpoint, Normal, RMSprop, error_angles
from dfa_utils.alignment import effective_ranks, participation_ratio, sent_errors
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
    found = run.data.backend.to_host(effective_ranks(run))
    np.testing.assert_allclose(found, effective_ranks(small_run()), rtol=1e-9)
