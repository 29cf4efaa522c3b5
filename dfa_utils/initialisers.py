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


class Uniform(Initialiser):
    """Uniform numbers of mean zero and standard deviation ``scale``."""

    def __call__(self, rng, shape, fan_in, fan_out):
        bound = self.scale * math.sqrt(3)
        return rng.uniform(-bound, bound, shape)


class Signs(Initialiser):
    """Plus or minus ``scale``, with equal chances."""

    def __call__(self, rng, shape, fan_in, fan_out):
        return self.scale * rng.choice((-1.0, 1.0), shape)


@dataclass(frozen=True)
class Sparse(Initialiser):
    """Normal numbers of which a share is zero; the others are larger, and ``scale`` is that of all.

    An entry is zero with probability ``zeros``, below 1, each by itself.
    """

    zeros: float = 0.9

    def __call__(self, rng, shape, fan_in, fan_out):
        kept = rng.random(shape) >= self.zeros
        return self.scale / math.sqrt(1 - self.zeros) * kept * rng.standard_normal(shape)


class Orthogonal(Initialiser):
    """Rows of equal length at right angles, or columns where there are fewer columns than rows.

    No direction is preferred, and the root mean square of the entries is ``scale``.
    """

    def __call__(self, rng, shape, fan_in, fan_out):
        return LowRank(self.scale, min(shape))(rng, shape, fan_in, fan_out)


@dataclass(frozen=True)
class LowRank(Initialiser):
    """As many equal singular values as the ``rank``, all others zero; no direction is preferred.

    The root mean square of the entries is ``scale``, whatever the rank, which the smaller side of
    the matrix limits.
    """

    rank: int = 1

    def __call__(self, rng, shape, fan_in, fan_out):
        rank = min(self.rank, *shape)
        left, right = (_orthonormal_columns(rng, side, rank) for side in shape)
        return self.scale * math.sqrt(shape[0] * shape[1] / rank) * left @ right.T


def _orthonormal_columns(rng, rows, columns):
    """Draw columns of length one at right angles, all directions being equally likely.

    Those of Q are, in the QR decomposition of a normal matrix, if the diagonal of R is positive
    (Mezzadri 2007, section 5).
    """
    Q, R = np.linalg.qr(rng.standard_normal((rows, columns)))
    return Q * np.sign(np.diagonal(R))


#: By the name that notebooks take.
INITIALISERS = {
    "zeros": Zeros,
    "normal": Normal,
    "uniform_fan_in": UniformFanIn,
    "uniform_fan_out": UniformFanOut,
    "uniform": Uniform,
    "signs": Signs,
    "sparse": Sparse,
    "low_rank": LowRank,
    "orthogonal": Orthogonal,
}
register("initialiser", INITIALISERS)
