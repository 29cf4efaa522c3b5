"""The fixed random matrices through which a learning rule sends errors."""

from itertools import pairwise

from dfa_utils.arrays import namespace_of
from dfa_utils.checks import check, refuse
from dfa_utils.learning_rules import (
    direct_feedback_alignment,
    feedback_alignment,
    indirect_feedback_alignment,
)
from dfa_utils.network import check_params, copy_params, draw_stack
from dfa_utils.randomness import Stream, generator_for

_SHAPES = {
    feedback_alignment: lambda sizes: [(above, width) for width, above in pairwise(sizes[1:])],
    direct_feedback_alignment: lambda sizes: [(sizes[-1], width) for width in sizes[1:-1]],
    indirect_feedback_alignment: lambda sizes: [(sizes[-1], sizes[1])],
}


def feedback_shapes(rule, layer_sizes):
    """Return the shapes of the feedback matrices that a learning rule needs.

    Parameters
    ----------
    rule : callable
        One of `dfa_utils.learning_rules.LEARNING_RULES`.
    layer_sizes : sequence of int

    Returns
    -------
    list of tuple of int
        (width of the layer that sends, width of the one that receives), from the first hidden
        layer up; empty for back-propagation.
    """
    if not callable(rule):
        refuse("rule", "a function such as those of LEARNING_RULES", rule)
    layer_sizes = check("layer_sizes", layer_sizes)
    return _SHAPES[rule](layer_sizes) if rule in _SHAPES else []


def initialise_feedback(rule, layer_sizes, seeds, initialiser, *, backend="auto", dtype="float32"):
    """Draw the fixed random feedback matrices of one network for each seed.

    Parameters
    ----------
    rule : callable
        One of `dfa_utils.learning_rules.LEARNING_RULES`.
    layer_sizes, seeds : sequence of int
    initialiser : callable
        See `dfa_utils.initialisers`; a matrix's fan_out is the width of the layer that receives.
    backend : str or Backend
    dtype : str

    Returns
    -------
    list of array ``(seeds, *shape)``
        The shapes are those of `feedback_shapes`.
    """
    if not callable(initialiser):
        refuse("initialiser", "one of those in dfa_utils.initialisers", initialiser)
    layer_sizes = check("layer_sizes", layer_sizes)
    generators = [generator_for(seed, Stream.FEEDBACK) for seed in check("seeds", seeds)]
    return [
        draw_stack(initialiser, generators, shape, shape, backend, dtype)
        for shape in feedback_shapes(rule, layer_sizes)
    ]


def transposed_weights(params):
    """Return feedback matrices for feedback alignment that are the network's own weights.

    Nøkland's released code starts feedback alignment so: the first step with these matrices is
    one of back-propagation, and afterwards the weights move on while the matrices stay.

    Parameters
    ----------
    params : list of Layer

    Returns
    -------
    list of array (seeds, width of the layer above, width)
        In memory of their own.

    Raises
    ------
    ValueError
        If the weights of a layer are all zero: feedback that is zero sends nothing, for ever.
    """
    check_params(params)
    for number, layer in enumerate(params[1:], start=2):
        if not bool(namespace_of(layer.weights).any(layer.weights != 0)):
            allowed = "layers whose weights are not all zero, or there is no feedback to send by"
            refuse("params", allowed, f"layer {number}")
    return [layer.weights.mT for layer in copy_params(params[1:])]
