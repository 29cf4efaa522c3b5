"""What the page of the playground says of its rules in words, of five seeds, with dfa_utils."""

import functools
import math
import re

import numpy as np
import pytest
from conftest import ROOT

from dfa_utils import RULES, SGD, Network, Normal, Recipe, Run, error_angles, load_dataset
from dfa_utils.alignment import weight_angles

TEXT = (ROOT / "book" / "playground.md").read_text("utf-8")
SEEDS = [0, 1, 2, 3, 4]


@functools.cache
def trained(rule, epochs, decay=0.0, feedback_scale=0.3):
    """Return a run of the playground's network, as its page sets it, with all its angles."""
    data = load_dataset("digits", backend="numpy")
    recipe = Recipe(
        RULES[rule](Normal(feedback_scale)), SGD(0.1, weight_decay=decay), batch_size=32
    )
    network = Network.between(data, [32, 32], "tanh")
    run = Run(network, recipe, data, SEEDS, weights=Normal(0.1))
    measure = {"sent": error_angles}
    if recipe.rule.aims(run.params):
        measure["matrices"] = weight_angles
    return run.fit(epochs, measure=measure)


def angles(run, kind):
    """Return one kind of angle, (epochs + 1, seeds, layers)."""
    return np.array(run.measured[kind])


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        ("DRTP", "rules=bp,dfa,drtp"),
        ("KP", "rules=bp,fa,kp&amp;weight_decay=0.01&amp;angles=matrices"),
        ("SS", "rules=bp,fa,ss"),
    ],
)
def test_the_buttons_set_what_is_tested_here(words, settings):
    assert re.search(f'data-experiment="{settings}">Set up: {words}<', TEXT)


def test_a_target_does_not_fade():
    drtp, direct = trained("drtp", 60), trained("dfa", 60)
    for theirs, ours in zip(drtp.params[:-1], direct.params[:-1], strict=True):
        sizes = [np.abs(layer.weights).mean(axis=(1, 2)) for layer in (theirs, ours)]
        assert np.all(sizes[0] > sizes[1])
    sent = angles(drtp, "sent")
    lowest = sent.min(axis=0)
    assert np.all(lowest < sent[0] - 10) and np.all(sent[-1] > lowest + 3)
    assert np.all(drtp.history.train_error[9:] > direct.history.train_error[9:])


def test_matrices_that_learn_turn_to_the_weights():
    kp, fa, drawn = trained("kp", 60, 0.01), trained("fa", 60, 0.01), trained("kp", 60)
    assert np.all(angles(kp, "matrices")[-1] < 10) and np.all(angles(kp, "sent")[-1] < 5)
    assert np.all(angles(fa, "matrices")[-1] > 25)
    closed = angles(drawn, "matrices")
    assert np.all(closed[-1] < closed[0] - 40) and np.all(closed[-1] > angles(kp, "matrices")[-1])


def test_signs_are_a_good_deal():
    signs, bp, fa = (trained(rule, 2) for rule in ("ss", "bp", "fa"))
    cosine = math.sqrt(2 / math.pi)
    expected = [math.degrees(math.acos(cosine**power)) for power in (2, 1)]
    assert round(expected[1]) == 37
    np.testing.assert_allclose(angles(signs, "sent")[0].mean(axis=0), expected, atol=2)
    assert np.all(angles(fa, "sent")[0] > 80)
    for other in (bp, fa):
        assert np.all(signs.history.train_error < other.history.train_error)
    fainter = trained("ss", 2, feedback_scale=0.1)
    assert np.all(fainter.history.train_error > bp.history.train_error)
