"""Initial values of weights, biases and feedback matrices.

An initialiser is a function ``(generator, shape) -> numpy.ndarray`` of one matrix, whose shape is
(fan_in, fan_out).
"""

import numpy as np


def zeros(generator, shape):
    """Start from zero."""
    return np.zeros(shape)


def normal(scale):
    """Return an initialiser that draws ``scale`` times standard normal numbers."""
    return lambda generator, shape: scale * generator.standard_normal(shape)
