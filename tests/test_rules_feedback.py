"""Other ways to carry the error of DFA, each beside a direct loop."""

import numpy as np
import pytest
from small_data import assert_same_run, bits, random_batch, sent_by, small_run

from dfa_utils import DFA, SGD, Normal, error_angles
from dfa_utils.array import Stream, generator_for
from dfa_utils.initialisers import Orthogonal
from dfa_utils.losses import LOSSES
from dfa_utils.rules import Step
from dfa_utils.rules_feedback import (
    CopiedDFA,
    NoisyDFA,
    PartialDFA,
    SignedErrorDFA,
    SignedFeedbackDFA,
    SlicedDFA,
)

SIZES = (6, 12, 12, 3)
RULES = [
    CopiedDFA(Normal(0.7)),
    SlicedDFA(Orthogonal(0.7)),
    SignedErrorDFA(Normal(0.7)),
    SignedFeedbackDFA(Normal(0.7)),
    NoisyDFA(Normal(0.7), 0.5),
    PartialDFA(Normal(0.7), 4),
]
BY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
SETTINGS = {"optimizer": SGD(0.1), "batch_size": 8, "sizes": SIZES}


@BY_RULE
def test_it_learns_and_a_stack_of_seeds_is_the_seeds_alone(rule):
    run = small_run(rule, (3, 7), **SETTINGS).fit(20)
    assert (run.history.train_error[-1] < 10).all()
    alone = small_run(rule, (7,), **SETTINGS).fit(20)
    np.testing.assert_allclose(run.history.test_loss[:, 1], alone.history.test_loss[:, 0], 1e-7)


@BY_RULE
@pytest.mark.parametrize("other", ["torch", "strict"])
def test_it_runs_on_every_array_library(rule, other):
    run = small_run(rule, backend=other, **SETTINGS).fit(2, measure={"angle": error_angles})
    assert_same_run(run, small_run(rule, **SETTINGS).fit(2, measure={"angle": error_angles}), 1e-6)


def by_hand(run, x, y, carry):
    """Return what a rule sends each hidden layer, in a loop over networks and images."""
    sent = []
    for layer in range(len(run.feedback)):
        rows = np.empty((*x.shape[:2], SIZES[layer + 1]))
        for seed, image in np.ndindex(x.shape[:2]):
            h, outputs = x[seed, image], []
            for k in range(len(run.params)):
                W, b = (array[seed] for array in run.params[k])
                a = h @ W + b[0]
                h = np.tanh(a)
                outputs.append(h)
            e = 1 / (1 + np.exp(-a)) - y[seed, image]
            rows[seed, image] = carry(e, run.feedback[layer][seed]) * (1 - outputs[layer] ** 2)
        sent.append(rows)
    return sent


CARRY = {
    "copied DFA": lambda e, B: e @ B,
    "sliced DFA": lambda e, B: e @ B,
    "signed error DFA": lambda e, B: np.sign(e) @ B,
    "signed feedback DFA": lambda e, B: np.sign(e @ B),
}


@pytest.mark.parametrize("rule", RULES[:4], ids=lambda rule: rule.name)
def test_what_is_sent_equals_a_loop(rule):
    run, (x, y) = small_run(rule, sizes=SIZES), random_batch()
    found = sent_by(run, x, y)[1]
    for rows, expected in zip(found, by_hand(run, x, y, CARRY[rule.name]), strict=False):
        np.testing.assert_allclose(rows, expected, rtol=1e-9, atol=1e-12)


def test_copies_are_of_one_matrix_and_slices_at_right_angles():
    first, second = small_run(CopiedDFA(Normal(0.7)), sizes=SIZES).feedback
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[0], first[1])  # each seed has its own
    rng = generator_for(0, Stream.FEEDBACK)
    rows = np.concatenate(SlicedDFA(Orthogonal(0.5)).draw(rng, SIZES, None))
    np.testing.assert_allclose(rows @ rows.T, 0.25 * 12 * np.eye(6), atol=1e-12)


def test_noise_has_the_size_that_was_asked_for_and_is_new_for_each_image_and_batch():
    rule, data = NoisyDFA(Normal(0.7), 2.0), random_batch(count=400)
    run, plain = (
        small_run(r, sizes=(6, 200, 200, 3), weights=Normal(0.05)) for r in (rule, DFA(Normal(0.7)))
    )
    numbers = np.random.default_rng(0)
    loss = LOSSES[run.recipe.loss]
    noise = lambda shape: numbers.standard_normal((2, *shape))  # noqa: E731
    step = Step.at(run.network, run.params, run.feedback, *data, loss, noise=noise)
    clean = plain.recipe.rule.send(step)
    first, again = ([d - c for d, c in zip(rule.send(step), clean, strict=True)] for _ in range(2))
    for k in (0, 1):
        slope = step.forward.slope(k)
        size = np.sqrt(np.mean((clean[k] / slope) ** 2, axis=(-2, -1)))
        noise = first[k] / slope
        np.testing.assert_allclose(noise.std(axis=(-2, -1)), 2.0 * size, rtol=0.02)
        rows, others = noise.reshape(-1, 200), again[k].reshape(-1, 200)
        assert abs(np.corrcoef(rows[0], rows[1])[0, 1]) < 0.3
        assert abs(np.corrcoef(rows[0], others[0])[0, 1]) < 0.3
    np.testing.assert_array_equal(first[-1], 0)  # the output layer hears none


def test_of_the_second_layer_the_first_units_learn():
    rule = PartialDFA(Normal(0.7), 4)
    run = small_run(rule, **SETTINGS)
    before = [layer.weights.copy() for layer in run.params]
    run.fit(3)
    moved = [(p.weights != w) for p, w in zip(run.params, before, strict=True)]
    assert moved[1][..., :4].all() and not moved[1][..., 4:].any()
    assert moved[0].all() and moved[2].all()
    whole = small_run(PartialDFA(Normal(0.7), 12), **SETTINGS).fit(3)
    assert bits(whole) == bits(small_run(DFA(Normal(0.7)), **SETTINGS).fit(3))
