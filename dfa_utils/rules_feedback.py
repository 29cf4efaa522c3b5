"""Ways to carry the error of DFA: through one matrix, with noise, in one bit."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dfa_utils.array import namespace_of
from dfa_utils.rules import DFA


class CopiedDFA(DFA):
    """DFA through copies of one matrix, for hidden layers of one width (Nøkland 2016)."""

    name = "copied DFA"

    def draw(self, rng, sizes, params):
        return super().draw(rng, sizes, params)[:1] * (len(sizes) - 2)


class SlicedDFA(DFA):
    """DFA through the parts of one tall matrix, for hidden layers of one width.

    If that is orthogonal, the rows of different layers are at right angles too.
    """

    name = "sliced DFA"

    def draw(self, rng, sizes, params):
        layers = len(sizes) - 2
        shape = layers * sizes[-1], sizes[1]
        return np.split(self.feedback(rng, shape, *shape), layers)


class SignedErrorDFA(DFA):
    """DFA of the signs of the output error (sDFA of Frenkel et al. 2021)."""

    name = "signed error DFA"

    def teach(self, step):
        return namespace_of(step.error).sign(step.error) * step.scale


class SignedFeedbackDFA(DFA):
    """DFA of which only the signs arrive: ``d_l = sign(e B_l) * f'(a_l)``."""

    name = "signed feedback DFA"

    def send(self, step):
        slope, sign = step.forward.slope, namespace_of(step.error).sign
        arrived = [sign(step.error @ B) for B in step.feedback]
        return [*(d * slope(k) * step.scale for k, d in enumerate(arrived)), step.signal]


@dataclass(frozen=True)
class NoisyDFA(DFA):
    """DFA with noise on what arrives, ``d_l = (e B_l + noise) * f'(a_l)``, new for each image.

    Its deviation is ``level`` times the root mean square of ``e B_l`` over mini-batch and layer.
    """

    level: float = 1.0
    name: ClassVar[str] = "noisy DFA"

    def send(self, step):
        errors, xp = [], namespace_of(step.signal)
        for k, B in enumerate(step.feedback):
            d = step.signal @ B
            size = xp.sqrt(xp.mean(d * d, axis=(-2, -1), keepdims=True))
            d += self.level * size * step.noise(d.shape[1:])
            errors.append(d * step.forward.slope(k))
        return [*errors, step.signal]


@dataclass(frozen=True)
class PartialDFA(DFA):
    """DFA in whose second hidden layer only the first ``units`` learn; the others stay."""

    units: int = 1
    name: ClassVar[str] = "partial DFA"

    def send(self, step):
        below, d, *above = super().send(step)
        kept = [d[..., : self.units], 0 * d[..., self.units :]]
        return [below, namespace_of(d).concat(kept, axis=-1), *above]
