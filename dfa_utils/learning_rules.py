"""Learning rules: which error each layer is sent.

A learning rule is a function ``(params, feedback, forward, error) -> errors``. ``error`` is the
derivative of the loss with respect to the logits, (seeds, n, classes); ``errors`` has one array a
layer, (seeds, n, width): the error at the layer's pre-activation. All else is shared by all rules.
"""

from dfa_utils.arrays import namespace_of
from dfa_utils.network import Layer


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
        error = error @ params[layer].weights.mT
        error *= forward.slope(layer - 1)
        errors.append(error)
    return errors[::-1]


def feedback_alignment(params, feedback, forward, error):
    """Send errors down layer by layer, through fixed random matrices (Lillicrap et al. 2016).

    Parameters
    ----------
    params : list of Layer
        Not used: this is back-propagation without the weights.
    feedback : list of array (..., width of the layer above, width)
        One fixed random matrix for each hidden layer, in the place of the transposed weights.
    forward : Forward
    error : array (..., n, classes)

    Returns
    -------
    list of array (..., n, width)
        One error for each layer, the output layer's last.
    """
    errors = [error]
    for layer in range(len(feedback) - 1, -1, -1):
        error = error @ feedback[layer]
        error *= forward.slope(layer)
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
    errors = []
    for layer, matrix in enumerate(feedback):
        errors.append((error @ matrix) * forward.slope(layer))
    return [*errors, error]


def indirect_feedback_alignment(params, feedback, forward, error):
    """Send the error to the first hidden layer and from there forward (Nøkland 2016, section 2).

    Parameters
    ----------
    params : list of Layer
        From the second layer on, an error travels through the same weights as the activations.
    feedback : list of array (..., classes, width of the first hidden layer)
        One fixed random matrix.
    forward : Forward
    error : array (..., n, classes)

    Returns
    -------
    list of array (..., n, width)
        One error for each layer, the output layer's last.
    """
    errors = [(error @ feedback[0]) * forward.slope(0)]
    for layer in range(1, len(params) - 1):
        errors.append((errors[-1] @ params[layer].weights) * forward.slope(layer))
    return [*errors, error]


#: By the short name that notebooks take as ``rule``.
LEARNING_RULES = {
    "bp": backward_propagation,
    "fa": feedback_alignment,
    "dfa": direct_feedback_alignment,
    "ifa": indirect_feedback_alignment,
}


def bias_gradient(error):
    """Return the gradient of a layer's biases: the sum of its errors over the samples.

    Parameters
    ----------
    error : array (..., n, fan_out)

    Returns
    -------
    array (..., 1, fan_out)
    """
    return namespace_of(error).sum(error, axis=-2, keepdims=True)


def layer_gradients(inputs, errors):
    """Turn the errors that a rule sends into gradients, layer by layer.

    Parameters
    ----------
    inputs : list of array (..., n, fan_in)
        What each layer received: ``inputs`` of `dfa_utils.network.Forward`.
    errors : list of array (..., n, fan_out)

    Yields
    ------
    Layer
        They are made one at a time, so that an optimizer can use each while it is still in the
        cache.
    """
    for x, error in zip(inputs, errors, strict=True):
        yield Layer(x.mT @ error, bias_gradient(error))
