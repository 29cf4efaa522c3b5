"""The wider family of rules: other signals, matrices that know the weights or learn, no way back.

PEPITA (Dellaferrera, Kreiman 2022) and forward-forward (Hinton 2022) are not here: they send no
layer an error. A second forward pass takes the place of the way back, so the loop is another one.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dfa_utils.array import namespace_of
from dfa_utils.rules import DFA, FA, RULES, Rule

# Other signals through the matrices of DFA.


class DRTP(DFA):
    """Direct random target projection (Frenkel et al. 2021): targets in the place of the error."""

    name = "DRTP"

    def teach(self, step):
        return step.targets * -step.scale


class ErrorSignDFA(DFA):
    """Error-sign DFA (Frenkel et al. 2021): of each output, whether it is too high or too low."""

    name = "sDFA"

    def teach(self, step):
        return namespace_of(step.signal).sign(step.signal) * step.scale


class SharedDFA(DFA):
    """DFA in which all layers hear one matrix, or as much of it as they are wide (Nøkland 2016)."""

    name = "shared"
    aims = Rule.aims  # one matrix has no single aim

    def shapes(self, sizes):
        return [(sizes[-1], max(sizes[1:-1]))]

    def send(self, step):
        (B,) = step.feedback
        widths = [layer.weights.shape[-1] for layer in step.params[:-1]]
        return super().send(step._replace(feedback=[B[..., :width] for width in widths]))


# Matrices that know something of the weights, or come to know it.


@dataclass(frozen=True)
class SignSymmetry(FA):
    """FA through the signs of the weights of the moment: ``B_l = M_l * sign(W_l^T)``.

    The ``magnitudes`` M come from what ``feedback`` draws: ``"uniform"`` is its root mean square
    for all (Liao et al. 2016), ``"fixed"`` its absolute values, and ``"anew"`` that root mean
    square times the absolute values of normal numbers of each mini-batch (Moskovitz et al. 2018).
    """

    magnitudes: str = "uniform"
    name: ClassVar[str] = "SS"
    usual_start = Rule.usual_start  # weights of zero have no signs
    aims = Rule.aims  # magnitudes are compared with nothing

    def draw(self, rng, sizes, params):
        drawn = super().draw(rng, sizes, params)
        if self.magnitudes == "fixed":
            return [np.abs(B) for B in drawn]
        return [np.full_like(B, math.sqrt(np.mean(B * B))) for B in drawn]

    def send(self, step):
        matrices, xp = [], namespace_of(step.signal)
        for M, layer in zip(step.feedback, step.params[1:], strict=True):
            M = M * xp.abs(step.noise(M.shape[1:])) if self.magnitudes == "anew" else M
            matrices.append(M * xp.sign(layer.weights.mT))
        return super().send(step._replace(feedback=matrices))


class KolenPollack(FA):
    """FA whose matrices take the transposed steps of the weights (Akrout et al. 2019, section 4).

    With weight decay, which both share, weights and matrices become the same; without it their
    difference stays as it was.
    """

    name = "KP"

    def adapt(self, step, errors, descend):
        for layer in range(len(step.feedback)):
            if layer + 1 not in step.frozen:
                descend(layer, errors[layer + 1], step.forward.inputs[layer + 1])


class DirectKolenPollack(DFA):
    """DFA whose matrices learn (Webster et al. 2021): ``B_l`` descends along ``e^T h_l``."""

    name = "DKP"

    def adapt(self, step, errors, descend):
        for layer in range(len(step.feedback)):
            if layer not in step.frozen:
                descend(layer, errors[-1], step.forward.inputs[layer + 1])


@dataclass(frozen=True)
class WeightMirror(FA):
    """FA whose matrices are made to resemble the weights by noise (Akrout et al. 2019, section 3).

    After each step of the weights, normal noise x of a small ``deviation``, as many samples as the
    batch has, goes into every single layer, and ``B += rate * f(x W + b)^T x``. On average that is
    along ``W^T``. Defaults are those of the authors' code, whose noise is uniform in +-0.05.
    """

    rate: float = 0.01
    deviation: float = 0.1 / math.sqrt(12)
    name: ClassVar[str] = "WM"

    def adapt(self, step, errors, descend):
        count, last = errors[-1].shape[-2], len(step.feedback) - 1
        for k, (weights, biases) in enumerate(step.params[1:]):
            if k + 1 not in step.frozen:
                x = self.deviation * step.noise((count, weights.shape[-2]))
                a = x @ weights + biases
                y = step.loss.outputs(a) if k == last else step.forward.activation.function(a)
                B = step.feedback[k]
                B += self.rate * (y.mT @ x)


# No way back.


@dataclass(frozen=True)
class NodePerturbation(Rule):
    """No way back: each layer learns from what its own noise does to the loss.

    With noise of a small ``deviation`` on all pre-activations of a second forward propagation, a
    layer is sent ``(loss with - loss without) / deviation^2`` times its noise: on average the true
    error, as far as the loss is linear in the noise (Werfel, Xie, Seung 2005).
    """

    deviation: float = 0.01
    name: ClassVar[str] = "NP"

    def send(self, step):
        forward, count = step.forward, step.signal.shape[-2]
        noise = [self.deviation * step.noise((count, p.biases.shape[-1])) for p in step.params]
        masks = [None, *forward.masks[1:]] if forward.masks else ()  # the input is masked already
        other = step.network.forward(step.params, forward.inputs[0], masks, noise)
        change = step.loss.value(other.logits, step.targets)
        change = change - step.loss.value(forward.logits, step.targets)
        factor = (change / self.deviation**2)[..., None] * step.scale
        return [factor * pushed for pushed in noise]


FAMILY = (DRTP, ErrorSignDFA, SharedDFA, SignSymmetry, KolenPollack, DirectKolenPollack)
FAMILY += (WeightMirror, NodePerturbation)
RULES.update({rule.name.lower(): rule for rule in FAMILY})
