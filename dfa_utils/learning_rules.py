"""Learning rules: which error each layer is sent.

A learning rule is a function ``(params, feedback, forward, error) -> errors``. ``error`` is the
derivative of the loss with respect to the logits, (seeds, n, classes); ``errors`` has one array a
layer, (seeds, n, width): the error at the layer's pre-activation. All else is shared by all rules.
"""

from dfa_utils.arrays import namespace_of
from dfa_utils.network import Layer, draw_stack
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
    errors = []
    for layer, matrix in enumerate(feedback):
        errors.append((error @ matrix) * forward.slope(layer))
    return [*errors, error]


LEARNING_RULES = {"bp": backward_propagation, "dfa": direct_feedback_alignment}


def feedback_shapes(rule, layer_sizes):
    """Return the shapes of the feedback matrices that a learning rule needs.

    Parameters
    ----------
    rule : callable
        One of `LEARNING_RULES`.
    layer_sizes : sequence of int

    Returns
    -------
    list of tuple of int
        Empty for back-propagation; (classes, width) of each hidden layer for DFA.
    """
    if rule is direct_feedback_alignment:
        return [(layer_sizes[-1], width) for width in layer_sizes[1:-1]]
    return []


def initialise_feedback(rule, layer_sizes, seeds, initialiser, *, backend="auto", dtype="float32"):
    """Draw the fixed random feedback matrices of one network for each seed.

    Parameters
    ----------
    rule : callable
        One of `LEARNING_RULES`.
    layer_sizes, seeds : sequence of int
    initialiser : callable
        See `dfa_utils.initialisers`.
    backend : str or Backend
    dtype : str

    Returns
    -------
    list of array (seeds, *shape)
        The shapes are those of `feedback_shapes`.
    """
    generators = [generator_for(seed, Stream.FEEDBACK) for seed in seeds]
    return [
        draw_stack(initialiser, generators, shape, backend, dtype)
        for shape in feedback_shapes(rule, layer_sizes)
    ]


def layer_gradients(inputs, errors, frozen=()):
    """Turn the errors that a rule sends into gradients, layer by layer.

    Parameters
    ----------
    inputs : list of array (..., n, fan_in)
        What each layer received, `Forward.inputs`.
    errors : list of array (..., n, fan_out)
    frozen : collection of int
        Layers, the first is 0, whose gradient is not computed.

    Yields
    ------
    Layer or None
        None for a frozen layer. They are made one at a time, so that an optimizer can use each
        while it is still in the cache.
    """
    for layer, (x, error) in enumerate(zip(inputs, errors, strict=True)):
        if layer in frozen:
            yield None
        else:
            biases = namespace_of(error).sum(error, axis=-2, keepdims=True)
            yield Layer(x.mT @ error, biases)
