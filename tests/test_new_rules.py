"""The wider family of rules, and one that the package does not have: all run on the same core."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from small_data import assert_same_run, bits, noise_of, random_batch, sent_by, small_run
from test_training import device, fit_behind_doors  # noqa: F401

from dfa_utils import (
    BP,
    DFA,
    SGD,
    Checkpoint,
    DirectKolenPollack,
    Dropout,
    ErrorSignDFA,
    Network,
    NodePerturbation,
    Normal,
    RMSprop,
    SharedDFA,
    SignSymmetry,
    WeightMirror,
    error_angles,
)
from dfa_utils.losses import LOSSES
from dfa_utils.rules import Step


@dataclass(frozen=True)
class NoisyFeedback(DFA):
    """DFA through matrices that are disturbed anew at every step."""

    deviation: float = 0.1
    name: ClassVar[str] = "noisy DFA"

    def send(self, step):
        disturbed = [B + self.deviation * step.noise(B.shape[1:]) for B in step.feedback]
        return super().send(step._replace(feedback=disturbed))


RULES = [
    NoisyFeedback(Normal(0.7), deviation=0.5),
    ErrorSignDFA(Normal(0.7)),
    SharedDFA(Normal(0.7)),
    *(SignSymmetry(Normal(0.7), magnitudes=m) for m in ("uniform", "fixed", "anew")),
    NodePerturbation(),
    WeightMirror(Normal(0.1)),
    DirectKolenPollack(Normal(0.7)),
]
LEARNED = {"WM": 1, "DKP": 0}  # by rule: how far above a matrix the layer lies that it goes with
BY_RULE = pytest.mark.parametrize(
    "rule", RULES, ids=lambda rule: f"{rule.name} {getattr(rule, 'magnitudes', '')}".strip()
)
SETTINGS = {"optimizer": SGD(0.1), "batch_size": 8}


@BY_RULE
def test_it_learns_and_a_stack_of_seeds_is_the_seeds_alone(rule):
    run = small_run(rule, (3, 7), **SETTINGS).fit(20)
    assert (run.history.train_error[-1] < 10).all()
    alone = small_run(rule, (7,), **SETTINGS).fit(20)
    np.testing.assert_allclose(run.history.test_loss[:, 1], alone.history.test_loss[:, 0], 1e-7)


@BY_RULE
@pytest.mark.parametrize("other", ["torch", "strict"])
def test_it_runs_on_every_array_library(rule, other):
    run = small_run(rule, backend=other, **SETTINGS).fit(2)
    assert_same_run(run, small_run(rule, **SETTINGS).fit(2), rtol=1e-6)


@BY_RULE
def test_it_brings_nothing_home(rule, device):  # noqa: F811
    assert fit_behind_doors(device, rule, **SETTINGS) == 2 * 4 + 3


@BY_RULE
@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.01)])
def test_it_goes_on_and_is_kept_to_the_bit(rule, optimizer, tmp_path):
    def start():
        return small_run(rule, seeds=(0, 1, 2), optimizer=optimizer)

    arguments = {"stop": 30.0, "measure": {"angles": error_angles}}
    expected = bits(start().fit(6, **arguments))
    assert bits(start().fit(3, **arguments).fit(6, **arguments)) == expected
    start().fit(3, checkpoint=Checkpoint(tmp_path / "kept"), **arguments)
    assert bits(start().fit(6, checkpoint=Checkpoint(tmp_path / "kept"), **arguments)) == expected


@BY_RULE
def test_nothing_of_a_frozen_layer_moves(rule):
    run = small_run(rule, frozen={1}, **SETTINGS)
    weights, feedback = run.params[1].weights.copy(), [B.copy() for B in run.feedback]
    run.fit(3)
    np.testing.assert_array_equal(run.params[1].weights, weights)
    for k, (before, after) in enumerate(zip(feedback, run.feedback, strict=True)):
        moves = rule.name in LEARNED and k + LEARNED[rule.name] != 1
        assert (before != after).any() == moves


def test_node_perturbation_is_on_average_the_gradient():
    run, (x, targets) = small_run(NodePerturbation(), (0, 1)), random_batch()
    _, expected = sent_by(small_run("bp"), x, targets)
    generator, found = np.random.default_rng(0), None
    for _ in range(1500):
        step = Step.at(run.network, run.params, [], x, targets, LOSSES[run.recipe.loss])
        step = step._replace(noise=lambda shape: generator.standard_normal((2, *shape)))
        sent = run.recipe.rule.send(step)
        found = sent if found is None else [a + b for a, b in zip(found, sent, strict=True)]
    for ours, theirs in zip(found, expected, strict=True):
        cosine = (ours * theirs).sum() / np.linalg.norm(ours) / np.linalg.norm(theirs)
        assert cosine > 0.9


def test_node_perturbation_leaves_out_what_dropout_does():
    """A unit that is dropped changes nothing downstream, so on average it is sent nothing."""
    run, (x, targets) = small_run(NodePerturbation()), random_batch()
    dice = [np.random.default_rng(seed) for seed in (1, 2)]
    masks = Dropout(0.25, 0.5).masks(dice, run.params, 8, run.data.backend)
    _, expected = sent_by(small_run("bp"), x, targets, masks)
    generator, found = np.random.default_rng(0), 0.0
    at = (run.network, run.params, [], x, targets, LOSSES[run.recipe.loss], masks)
    step = Step.at(*at, noise=lambda shape: generator.standard_normal((2, *shape)))
    for _ in range(1500):
        found = found + run.recipe.rule.send(step)[0]
    assert not expected[0][masks[1] == 0].any()
    cosine = (found * expected[0]).sum() / np.linalg.norm(found) / np.linalg.norm(expected[0])
    assert cosine > 0.9


@pytest.mark.parametrize("magnitudes", ["uniform", "fixed", "anew"])
def test_sign_symmetry_sends_through_signs(magnitudes):
    """By its matrices, written out: what sends a layer is FA's, through these."""
    run, batch = small_run(SignSymmetry(Normal(0.7), magnitudes=magnitudes)), random_batch()
    drawn = small_run("fa").feedback  # of the same seeds, from the same stream
    if magnitudes == "uniform" or magnitudes == "anew":
        drawn = [np.sqrt((B**2).mean((1, 2), keepdims=True)) + 0 * B for B in drawn]
    if magnitudes == "anew":
        noise = noise_of(run)
        drawn = [B * np.abs(noise(B.shape[1:])) for B in drawn]
    signed = [np.copysign(B, p.weights.mT) for B, p in zip(drawn, run.params[1:], strict=True)]
    _, expected = sent_by(small_run("fa"), *batch, feedback=signed)
    _, found = sent_by(run, *batch)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_sign_symmetry_refuses_other_magnitudes():
    with pytest.raises(ValueError, match="magnitudes must be one of 'uniform', 'fixed', 'anew'"):
        SignSymmetry(magnitudes="other")


@pytest.mark.parametrize("activation", ["tanh", "logistic"])
def test_a_mirror_comes_to_show_the_weights(activation):
    """With weights that stand still, as nothing of the training images is learned."""
    rule = WeightMirror(Normal(0.01), rate=0.1, deviation=0.5)
    settings = {"sizes": (6, 20, 15, 3), "activation": activation, "optimizer": SGD(1e-9)}
    run = small_run(rule, **settings).fit(100)
    for matrix, layer in zip(run.feedback, run.params[1:], strict=True):
        a, b = matrix.ravel(), layer.weights.mT.ravel()
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.9


def test_one_matrix_serves_layers_of_unequal_width():
    run, batch = small_run(SharedDFA(Normal(0.7)), sizes=(6, 5, 4, 3)), random_batch()
    (B,) = run.feedback
    _, expected = sent_by(small_run("dfa"), *batch, feedback=[B, B[..., :4]])
    for ours, theirs in zip(sent_by(run, *batch)[1], expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_noise_has_a_stream_of_its_own_that_goes_on_by_epoch():
    """A rule that draws changes neither shuffles nor dropout, and no epoch repeats another."""
    drawn = []

    class Drawing(BP):
        def send(self, step):
            drawn.append(step.noise((4,)))
            return super().send(step)

    run, plain = small_run(Drawing()).fit(2), small_run("bp").fit(2)
    assert bits(run) == bits(plain)
    flat = np.stack(drawn).ravel()
    assert drawn[0].shape == (2, 4) and len(set(flat)) == len(flat)


def test_a_branch_into_such_a_rule():
    run = small_run("dfa").fit(2)
    branch = run.branch(replace(run.recipe, rule=SharedDFA(Normal(0.7)))).fit(4)
    assert len(branch.feedback) == 1 and branch.epoch == 4


def test_what_is_added_reaches_every_layer():
    run, (x, _) = small_run(), random_batch()
    pushes = [np.full((2, 8, width), 0.1) for width in run.network.sizes[1:]]
    biased = [layer._replace(biases=layer.biases + 0.1) for layer in run.params]
    pushed = run.network.forward(run.params, x, added=pushes).logits
    np.testing.assert_allclose(pushed, Network(run.network.sizes).forward(biased, x).logits)
