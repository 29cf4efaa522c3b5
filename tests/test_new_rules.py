"""Rules that the package does not have, written here: they run without a change of the core."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from small_data import assert_same_run, bits, random_batch, sent_by, small_run
from test_training import device, fit_behind_doors  # noqa: F401

from dfa_utils import BP, DFA, FA, SGD, Checkpoint, Network, Normal, RMSprop, Rule, error_angles
from dfa_utils.array import namespace_of
from dfa_utils.losses import LOSSES
from dfa_utils.rules import Step


class ErrorSign(DFA):
    """DFA of the signs of the error alone."""

    name = "sDFA"

    def teach(self, step):
        return namespace_of(step.error).sign(step.error) * step.scale


@dataclass(frozen=True)
class NoisyFeedback(DFA):
    """DFA through matrices that are disturbed anew at every step."""

    deviation: float = 0.1
    name: ClassVar[str] = "noisy DFA"

    def send(self, step):
        disturbed = [B + self.deviation * step.noise(B.shape[1:]) for B in step.feedback]
        return super().send(step._replace(feedback=disturbed))


class SharedFeedback(DFA):
    """DFA in which all layers hear parts of one matrix: one array and an index."""

    name = "shared DFA"

    def shapes(self, sizes):
        return [(sizes[-1], max(sizes[1:-1]))]

    def send(self, step):
        (B,) = step.feedback
        widths = [layer.weights.shape[-1] for layer in step.params[:-1]]
        return super().send(step._replace(feedback=[B[..., :width] for width in widths]))


@dataclass(frozen=True)
class SignSymmetry(FA):
    """FA through the signs of the weights of the moment, with noise on their sizes."""

    deviation: float = 0.1
    name: ClassVar[str] = "sign symmetry"

    def shapes(self, sizes):
        return []

    def send(self, step):
        matrices = []
        for weights in (layer.weights.mT for layer in step.params[1:]):
            size = 1 + self.deviation * step.noise(weights.shape[1:])
            matrices.append(namespace_of(weights).sign(weights) * size)
        return super().send(step._replace(feedback=matrices))


@dataclass(frozen=True)
class NodePerturbation(Rule):
    """No way back at all: what does the loss do when the pre-activations are pushed?"""

    deviation: float = 1e-3
    name: ClassVar[str] = "node perturbation"

    def send(self, step):
        shapes = [(step.forward.logits.shape[-2], p.biases.shape[-1]) for p in step.params]
        pushes = [self.deviation * step.noise(shape) for shape in shapes]
        pushed = step.network.forward(step.params, step.forward.inputs[0], added=pushes)
        before, after = (
            step.loss.value(forward.logits, step.targets) for forward in (step.forward, pushed)
        )
        slope = ((after - before) / self.deviation**2)[..., None] * step.scale
        return [slope * push for push in pushes]


class WeightMirror(FA):
    """FA whose matrices learn from noise that is sent through single layers (Akrout 2019)."""

    name = "weight mirror"

    def adapt(self, step, errors, descend):
        for k, layer in enumerate(step.params[1:]):
            if k + 1 not in step.frozen:
                noise = step.noise((8, layer.weights.shape[-2]))
                descend(k, -(noise @ layer.weights) * step.scale, noise)


class Taught(DFA):
    """DFA whose matrices take the steps of delta rules of their own."""

    name = "taught DFA"

    def adapt(self, step, errors, descend):
        for k, output in enumerate(step.forward.outputs):
            if k not in step.frozen:
                descend(k, step.signal, output)


RULES = [
    ErrorSign(Normal(0.7)),
    NoisyFeedback(Normal(0.7), deviation=0.5),
    SharedFeedback(Normal(0.7)),
    SignSymmetry(),
    NodePerturbation(),
    WeightMirror(Normal(0.1)),
    Taught(Normal(0.7)),
]
BY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
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
    frozen = {"weight mirror": 0, "taught DFA": 1}.get(rule.name)  # of the matrices
    for k, (before, after) in enumerate(zip(feedback, run.feedback, strict=True)):
        moves = frozen is not None and k != frozen
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


def test_sign_symmetry_without_noise_sends_through_signs():
    run, batch = small_run(SignSymmetry(deviation=0.0)), random_batch()
    signs = [np.sign(layer.weights.mT) for layer in run.params[1:]]
    _, expected = sent_by(small_run("fa"), *batch, feedback=signs)
    at = (run.network, run.params, [], *batch, LOSSES[run.recipe.loss])
    step = Step.at(*at, noise=lambda shape: 0.0)
    for ours, theirs in zip(run.recipe.rule.send(step), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_mirror_comes_to_show_the_weights():
    """Its matrices grow along the transposed weights: with rows for samples, W^T W W^T is none."""
    rule = WeightMirror(Normal(0.01))
    run = small_run(rule, sizes=(6, 20, 15, 3), frozen=set(), optimizer=SGD(0.005)).fit(40)
    for matrix, layer in zip(run.feedback, run.params[1:], strict=True):
        a, b = matrix.ravel(), layer.weights.mT.ravel()
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.9


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
    branch = run.branch(replace(run.recipe, rule=SharedFeedback(Normal(0.7)))).fit(4)
    assert len(branch.feedback) == 1 and branch.epoch == 4


def test_what_is_added_reaches_every_layer():
    run, (x, _) = small_run(), random_batch()
    pushes = [np.full((2, 8, width), 0.1) for width in run.network.sizes[1:]]
    biased = [layer._replace(biases=layer.biases + 0.1) for layer in run.params]
    pushed = run.network.forward(run.params, x, added=pushes).logits
    np.testing.assert_allclose(pushed, Network(run.network.sizes).forward(biased, x).logits)
