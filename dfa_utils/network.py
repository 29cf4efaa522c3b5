"""A fully connected network: its parameters, forward propagation and prediction.

Rows are samples and leading axes are seeds: ``weights`` (seeds, fan_in, fan_out) and ``biases``
(seeds, 1, fan_out) act on a batch (seeds, n, fan_in), or on one that all seeds share, (n, fan_in).
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from dfa_utils.activations import ACTIVATIONS, Activation
from dfa_utils.arrays import get_backend, namespace_of
from dfa_utils.checks import check, refuse
from dfa_utils.choices import choose
from dfa_utils.initialisers import zeros
from dfa_utils.randomness import Stream, generator_for


class Layer(NamedTuple):
    """The parameters of one layer, or the gradients with respect to them.

    Parameters
    ----------
    weights : array (seeds, fan_in, fan_out)
    biases : array (seeds, 1, fan_out)
    """

    weights: Any
    biases: Any


class Forward(NamedTuple):
    """What forward propagation leaves for the way back.

    Parameters
    ----------
    inputs : list of array (..., n, fan_in)
        What each layer received: the batch, then the outputs of the hidden layers, both after
        dropout.
    outputs : list of array (..., n, width)
        f(a) of each hidden layer, before dropout.
    logits : array (..., n, classes)
    activation : Activation
    masks : sequence of array or None
        What multiplied the input of each layer, see `dfa_utils.dropout`; empty without dropout.
    """

    inputs: list
    outputs: list
    logits: Any
    activation: Activation
    masks: Any

    def slope(self, layer):
        """Return how the output of a hidden layer follows its input.

        Parameters
        ----------
        layer : int
            The first is 0.

        Returns
        -------
        array (..., n, width)
            f'(a), times the mask where units were dropped.
        """
        slope = self.activation.derivative(self.outputs[layer])
        mask = self.masks[layer + 1] if self.masks else None
        return slope if mask is None else slope * mask


def initialise_params(
    layer_sizes, seeds, weights=zeros, biases=zeros, *, backend="auto", dtype="float32"
):
    """Make the parameters of one network for each seed.

    Parameters
    ----------
    layer_sizes : sequence of int
        Widths from the input to the output, such as ``[784, 400, 400, 400, 10]``.
    seeds : sequence of int
    weights, biases : callable or sequence of callable
        Initialisers, see `dfa_utils.initialisers`; a sequence has one for each layer.
    backend : str or Backend
    dtype : str

    Returns
    -------
    list of Layer
        ``weights`` (seeds, fan_in, fan_out) and ``biases`` (seeds, 1, fan_out).
    """
    fans = list(pairwise(check("layer_sizes", layer_sizes)))
    weights = _one_for_each("weights", weights, fans)
    biases = _one_for_each("biases", biases, fans)
    generators = [generator_for(seed, Stream.PARAMETERS) for seed in check("seeds", seeds)]
    return [
        Layer(
            draw_stack(weights_of, generators, fan, fan, backend, dtype),
            draw_stack(biases_of, generators, (1, fan[1]), fan, backend, dtype),
        )
        for fan, weights_of, biases_of in zip(fans, weights, biases, strict=True)
    ]


def _one_for_each(name, given, fans):
    """Return as many initialisers as there are layers."""
    each = [given] * len(fans) if callable(given) else given
    is_list = isinstance(each, list | tuple) and all(map(callable, each))
    if not is_list or len(each) != len(fans):
        refuse(name, f"an initialiser, or one for each of the {len(fans)} layers", given)
    return each


def draw_stack(initialiser, generators, shape, fans, backend, dtype):
    """Draw one matrix from each generator and stack them on the device, ``(seeds, *shape)``."""
    check("dtype", dtype)
    drawn = [initialiser(generator, shape, *fans) for generator in generators]
    return get_backend(backend).asarray(np.stack(drawn), dtype)


def copy_params(params):
    """Return the same parameters in memory of their own."""
    return [Layer(*(namespace_of(a).asarray(a, copy=True) for a in layer)) for layer in params]


def layer_sizes_of(params):
    """Return the widths from the input to the output, as `initialise_params` takes them."""
    return [params[0].weights.shape[-2], *(layer.weights.shape[-1] for layer in params)]


def check_params(params):
    """Refuse what is not a list of layers that fit one another; cheap enough for every batch."""
    if not isinstance(params, list | tuple) or not params:
        refuse("params", "a list of Layer", params)
    try:
        sizes = [(layer.weights.shape[-2], layer.biases.shape[-1]) for layer in params]
        fit = all(below[1] == above[0] for below, above in pairwise(sizes))
    except (TypeError, AttributeError, LookupError):
        refuse("params", "a list of Layer", params)
    if not fit:
        refuse("params", "layers whose (fan_in, fan_out) follow one another", sizes)


def check_fit(params, x):
    """Refuse parameters that do not fit one another or a batch.

    Parameters
    ----------
    params : list of Layer
    x : array (..., n, features)

    Raises
    ------
    ValueError
    """
    check_params(params)
    features, dtype = params[0].weights.shape[-2], params[0].weights.dtype
    shape = tuple(getattr(x, "shape", ()))
    if len(shape) < 2 or not shape[-2] or shape[-1] != features or x.dtype != dtype:
        found = f"{getattr(x, 'dtype', type(x).__name__)} {shape}"
        raise ValueError(f"x must be {dtype} (..., n > 0, {features}), as params are, got {found}")


def forward_propagation(params, x, activation="tanh", masks=()):
    """Propagate a batch from the input to the logits.

    Parameters
    ----------
    params : list of Layer
    x : array (..., n, features)
    activation : {"tanh", "logistic", "relu"}
        Of the hidden units. The outputs' non-linearity belongs to the loss.
    masks : sequence of array (..., n, fan_in) or None, optional
        What multiplies the input of each layer, see `dfa_utils.dropout`.

    Returns
    -------
    Forward
    """
    check_fit(params, x)
    function, _ = unit = choose("activation", activation, ACTIVATIONS)
    *hidden_layers, output_layer = params
    inputs, outputs = [_masked(x, masks, 0)], []
    for number, (weights, biases) in enumerate(hidden_layers, start=1):
        a = inputs[-1] @ weights
        a += biases
        outputs.append(function(a))
        inputs.append(_masked(outputs[-1], masks, number))
    logits = inputs[-1] @ output_layer.weights + output_layer.biases
    return Forward(inputs, outputs, logits, unit, masks)


def _masked(array, masks, layer):
    """Return what a layer receives: the array itself where nothing is dropped."""
    return array * masks[layer] if masks and masks[layer] is not None else array


def in_chunks(x, chunk_size=2_000):
    """Yield the samples of ``x`` (..., n, features) in pieces that a cache can hold."""
    count = x.shape[-2]
    for start in range(0, count, chunk_size):
        yield x[..., start : min(start + chunk_size, count), :]


def compute_logits(params, x, activation="tanh"):
    """Return the logits of any number of samples, (seeds, n, classes)."""
    check_fit(params, x)
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
    logits = compute_logits(params, x, activation)
    return namespace_of(x).argmax(logits, axis=-1)


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
    check_fit(params, x)
    if getattr(labels, "shape", None) != x.shape[:-1]:
        refuse("labels", f"an array {tuple(x.shape[:-1])}, one for each sample", labels)
    xp = namespace_of(x)
    correct = predict(params, x, activation) == labels
    return 100 * xp.mean(xp.astype(correct, x.dtype), axis=-1)
