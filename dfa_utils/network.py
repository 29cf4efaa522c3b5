"""A fully connected network: its parameters, forward propagation and prediction.

Rows are samples and leading axes are seeds: ``weights`` (seeds, fan_in, fan_out) and ``biases``
(seeds, 1, fan_out) act on a batch (seeds, n, fan_in), or on one that all seeds share, (n, fan_in).
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from dfa_utils.activations import ACTIVATIONS, Activation
from dfa_utils.arrays import get_backend, namespace_of
from dfa_utils.choices import choose
from dfa_utils.initialisers import zeros
from dfa_utils.randomness import Stream, generator_for


class Layer(NamedTuple):
    """The parameters of one layer, or the gradients with respect to them."""

    weights: Any
    biases: Any


class Forward(NamedTuple):
    """What forward propagation leaves for the way back.

    Parameters
    ----------
    inputs : list of array (..., n, fan_in)
        What each layer received: the batch, then the outputs of the hidden layers.
    logits : array (..., n, classes)
    activation : Activation
    """

    inputs: list
    logits: Any
    activation: Activation

    def slope(self, layer):
        """Return f'(a) of the units of hidden layer ``layer`` (the first is 0), (..., n, width)."""
        return self.activation.derivative(self.inputs[layer + 1])


def initialise_params(
    layer_sizes, seeds, weights=zeros, biases=zeros, *, backend="auto", dtype="float32"
):
    """Make the parameters of one network for each seed.

    Parameters
    ----------
    layer_sizes : sequence of int
        Widths from the input to the output, such as ``[784, 400, 400, 400, 10]``.
    seeds : sequence of int
    weights, biases : callable
        Initialisers, see `dfa_utils.initialisers`.
    backend : str or Backend
    dtype : str

    Returns
    -------
    list of Layer
        ``weights`` (seeds, fan_in, fan_out) and ``biases`` (seeds, 1, fan_out).
    """
    generators = [generator_for(seed, Stream.PARAMETERS) for seed in seeds]
    return [
        Layer(
            draw_stack(weights, generators, (fan_in, fan_out), backend, dtype),
            draw_stack(biases, generators, (1, fan_out), backend, dtype),
        )
        for fan_in, fan_out in pairwise(layer_sizes)
    ]


def draw_stack(initialiser, generators, shape, backend, dtype):
    """Draw one matrix from each generator and stack them on the device, (seeds, *shape)."""
    drawn = [initialiser(generator, shape) for generator in generators]
    return get_backend(backend).asarray(np.stack(drawn), dtype)


def copy_params(params):
    """Return the same parameters in memory of their own."""
    return [Layer(*(namespace_of(a).asarray(a, copy=True) for a in layer)) for layer in params]


def layer_sizes_of(params):
    """Return the widths from the input to the output, as `initialise_params` takes them."""
    return [params[0].weights.shape[-2], *(layer.weights.shape[-1] for layer in params)]


def forward_propagation(params, x, activation="tanh"):
    """Propagate a batch from the input to the logits.

    Parameters
    ----------
    params : list of Layer
    x : array (..., n, features)
    activation : {"tanh", "logistic", "relu"}
        Of the hidden units. The outputs' non-linearity belongs to the loss.

    Returns
    -------
    Forward
    """
    function, _ = unit = choose("activation", activation, ACTIVATIONS)
    *hidden_layers, output_layer = params
    inputs = [x]
    for weights, biases in hidden_layers:
        inputs.append(function(inputs[-1] @ weights + biases))
    logits = inputs[-1] @ output_layer.weights + output_layer.biases
    return Forward(inputs, logits, unit)


def in_chunks(x, chunk_size=2_000):
    """Yield the samples of ``x`` (..., n, features) in pieces that a cache can hold."""
    count = x.shape[-2]
    for start in range(0, count, chunk_size):
        yield x[..., start : min(start + chunk_size, count), :]


def compute_logits(params, x, activation="tanh"):
    """Return the logits of any number of samples, (seeds, n, classes)."""
    logits = [forward_propagation(params, chunk, activation).logits for chunk in in_chunks(x)]
    return namespace_of(x).concat(logits, axis=-2)


def predict(params, x, activation="tanh"):
    """Return the class that each network gives to each sample.

    Parameters
    ----------
    params : list of Layer
    x : array (n, features)
    activation : {"tanh", "logistic", "relu"}

    Returns
    -------
    array of int (seeds, n)
    """
    return namespace_of(x).argmax(compute_logits(params, x, activation), axis=-1)


def compute_accuracy(params, x, labels, activation="tanh"):
    """Return the share of samples that each network classifies correctly, in percent.

    Parameters
    ----------
    params : list of Layer
    x : array (n, features)
    labels : array of int (n,)
    activation : {"tanh", "logistic", "relu"}

    Returns
    -------
    array (seeds,)
    """
    xp = namespace_of(x)
    correct = predict(params, x, activation) == labels
    return 100 * xp.mean(xp.astype(correct, x.dtype), axis=-1)
