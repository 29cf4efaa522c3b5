"""Where weights, biases and feedback matrices start: distributions to draw them from."""

import math
from dataclasses import dataclass

import numpy as np

from dfa_utils.validation import Checked, register


@dataclass(frozen=True)
class Initialiser(Checked):
    """A distribution: called with a generator and a shape it returns a matrix on the host.

    Parameters
    ----------
    scale : float
        A standard deviation, or a factor of the bounds; at least 0.
    """

    scale: float = 1.0

    def __call__(self, rng, shape, fan_in, fan_out):
        """Draw a matrix, numpy.ndarray of a shape.

        Weights are (fan_in, fan_out), biases (1, fan_out). A feedback matrix is (fan_in, fan_out)
        of its own: fan_out is the width of the layer that receives.
        """
        raise NotImplementedError


class Zeros(Initialiser):
    """Zero, whatever the scale."""

    def __call__(self, rng, shape, fan_in, fan_out):
        return np.zeros(shape)


class Normal(Initialiser):
    """Normal numbers of mean zero and standard deviation ``scale``."""

    def __call__(self, rng, shape, fan_in, fan_out):
        return self.scale * rng.standard_normal(shape)


class UniformFanIn(Initialiser):
    """Uniform in +-scale / sqrt(fan_in), as Torch's linear layers start."""

    def __call__(self, rng, shape, fan_in, fan_out):
        bound = self.scale / math.sqrt(fan_in)
        return rng.uniform(-bound, bound, shape)


class UniformFanOut(Initialiser):
    """Uniform in +-scale / sqrt(fan_out) (Nøkland 2016, section 4)."""

    def __call__(self, rng, shape, fan_in, fan_out):
        bound = self.scale / math.sqrt(fan_out)
        return rng.uniform(-bound, bound, shape)


#: By the name that notebooks take.
INITIALISERS = {
    "zeros": Zeros,
    "normal": Normal,
    "uniform_fan_in": UniformFanIn,
    "uniform_fan_out": UniformFanOut,
}
register("initialiser", INITIALISERS)
