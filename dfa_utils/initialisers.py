"""Initial values of weights, biases and feedback matrices.

An initialiser is a function ``(generator, shape, fan_in, fan_out) -> numpy.ndarray``. ``shape`` is
what it draws: weights (fan_in, fan_out), biases (1, fan_out), or a feedback matrix, which is
(fan_in, fan_out) of its own, fan_out being the width of the layer that receives.
"""

import math

import numpy as np

from dfa_utils.checks import check


def zeros(generator, shape, fan_in, fan_out):
    """Start from zero; this is an initialiser itself.

    Parameters
    ----------
    generator : numpy.random.Generator
        Not used.
    shape : tuple of int
    fan_in, fan_out : int
        Not used.

    Returns
    -------
    numpy.ndarray ``shape``
    """
    return np.zeros(shape)


def normal(scale):
    """Return an initialiser that draws normal numbers.

    Their mean is zero.

    Parameters
    ----------
    scale : float
        Their standard deviation.

    Returns
    -------
    callable
    """
    scale = check("scale", scale)
    return lambda generator, shape, fan_in, fan_out: scale * generator.standard_normal(shape)


def uniform_fan_in(scale=1.0):
    """Return one that draws uniformly from +-scale / sqrt(fan_in), as Torch's linear layers do.

    Parameters
    ----------
    scale : float
        A factor of the bound.

    Returns
    -------
    callable
    """
    scale = check("scale", scale)

    def draw(generator, shape, fan_in, fan_out):
        return _symmetric_uniform(generator, shape, scale / math.sqrt(fan_in))

    return draw


def uniform_fan_out(scale=1.0):
    """Return one that draws uniformly from +-scale / sqrt(fan_out) (Nøkland 2016, section 4).

    Parameters
    ----------
    scale : float
        A factor of the bound.

    Returns
    -------
    callable
    """
    scale = check("scale", scale)

    def draw(generator, shape, fan_in, fan_out):
        return _symmetric_uniform(generator, shape, scale / math.sqrt(fan_out))

    return draw


def _symmetric_uniform(generator, shape, bound):
    """Draw uniformly from [-bound, bound)."""
    return generator.uniform(-bound, bound, shape)


#: By name; each takes the scale: a standard deviation, or a factor of the bound.
INITIALISERS = {
    "zeros": lambda scale: zeros,
    "normal": normal,
    "uniform_fan_in": uniform_fan_in,
    "uniform_fan_out": uniform_fan_out,
}
