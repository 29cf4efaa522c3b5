"""Learning rules: which error each layer is sent.

A learning rule is a function ``(params, feedback, forward, error) -> errors``. ``error`` is the
derivative of the loss with respect to the logits, (seeds, n, classes); ``errors`` has one array a
layer, (seeds, n, width): the error at the layer's pre-activation. All else is shared by all rules.
"""

from typing import NamedTuple

from dfa_utils.arrays import namespace_of
from dfa_utils.network import Layer, draw_stack, layer_sizes_of
from dfa_utils.randomness import Stream, generator_for


def backward_propagation(params, feedback, forward, error):
    """Send each layer the true gradient, through the transposed weights above it.

    Parameters
    ----------
    params : list of Layer
    feedback : list
        Not used.
    forward : Forward
    error : array (..., n, classes)

    Returns
    -------
    list of array (..., n, width)
        One error for each layer, the output layer's last.
    """
    errors = [error]
    for layer in range(len(params) - 1, 0, -1):
        error = (error @ params[layer].weights.mT) * forward.slope(layer - 1)
        errors.append(error)
    return errors[::-1]


def direct_feedback_alignment(params, feedback, forward, error):
    """Send the output error straight to every hidden layer (Nøkland 2016, section 2).

    Parameters
    ----------
    params : list of Layer
    feedback : list of array (..., classes, width)
        One fixed random matrix for each hidden layer.
    forward : Forward
    error : array (..., n, classes)

    Returns
    -------
    list of array (..., n, width)
        One error for each layer, the output layer's last.
    """
    hidden = [(error @ matrix) * forward.slope(layer) for layer, matrix in enumerate(feedback)]
    return [*hidden, error]
