"""A fully connected network: its shape, its parameters, and forward propagation.

Rows are samples and leading axes are seeds: ``weights`` (seeds, fan_in, fan_out) and ``biases``
(seeds, 1, fan_out) act on a batch (seeds, n, fan_in), or on one that all seeds share, (n, fan_in).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

from dfa_utils.array import Stream, generators_for, get_backend, namespace_of, stack_drawn
from dfa_utils.array.batches import join_chunks
from dfa_utils.array.functions import sigmoid
from dfa_utils.initialisers import Zeros
from dfa_utils.validation import Checked, check, fit, register


class Activation(NamedTuple):
    """The non-linearity h = f(a) of hidden units, and f'(a) as a function of h."""

    function: Callable
    derivative: Callable


#: By the name that notebooks take as ``activation``.
ACTIVATIONS = {
    "tanh": Activation(lambda a: namespace_of(a).tanh(a), lambda h: 1 - h * h),
    "logistic": Activation(sigmoid, lambda h: h * (1 - h)),
    "relu": Activation(
        lambda a: namespace_of(a).maximum(a, 0.0), lambda h: namespace_of(h).sign(h)
    ),
}
register("activation", ACTIVATIONS)


class Layer(NamedTuple):
    """The parameters of one layer: weights (seeds, fan_in, fan_out), biases (seeds, 1, fan_out)."""

    weights: Any
    biases: Any


class Forward(NamedTuple):
    """What forward propagation leaves for the way back, lists of array (..., n, width).

    ``inputs`` are what each layer received, the batch and the outputs of hidden layers, after
    dropout; ``outputs`` are f(a) of the hidden layers before it; ``masks`` are what multiplied the
    inputs, see `dfa_utils.noise.Dropout`, and empty without it.
    """

    inputs: list
    outputs: list
    logits: Any
    activation: Activation
    masks: Any

    def slope(self, layer):
        """Return how the output of a hidden layer, the first is 0, follows its pre-activation.

        That is f'(a), times the mask where units were dropped, array (..., n, width).
        """
        slope = self.activation.derivative(self.outputs[layer])
        mask = self.masks[layer + 1] if self.masks else None
        return slope if mask is None else slope * mask


@dataclass(frozen=True)
class Network(Checked):
    """The shape of a network.

    Parameters
    ----------
    sizes : tuple of int
        Widths from the input to the output, such as ``(784, 400, 400, 400, 10)``.
    activation : {"tanh", "logistic", "relu"}
        Of the hidden units. The outputs' non-linearity belongs to the loss.
    """

    sizes: tuple
    activation: str = "tanh"
    MEANINGS: ClassVar = {"sizes": "layer_sizes"}

    @classmethod
    def between(cls, data, hidden_sizes, activation="tanh"):
        """Return a network from the pixels of a data set to its classes."""
        fit.check_is_dataset(data)
        hidden_sizes = check("hidden_sizes", hidden_sizes)
        return cls((data.train_images.shape[1], *hidden_sizes, data.num_classes), activation)

    def draw(self, seeds, weights, biases=None, first_layer=None, backend="auto", dtype="float32"):
        """Make the parameters of one network for each seed, list of Layer.

        Of the three initialisers, biases are zero by default, and the weights of the first layer
        start as the others do.
        """
        biases = Zeros() if biases is None else biases
        first_layer = weights if first_layer is None else first_layer
        fit.check_start(seeds, dtype, weights=weights, biases=biases, first_layer=first_layer)
        generators, backend = generators_for(seeds, Stream.PARAMETERS), get_backend(backend)
        params = []
        for fans in pairwise(self.sizes):
            start = weights if params else first_layer
            stacks = (
                [initialiser(rng, shape, *fans) for rng in generators]
                for initialiser, shape in ((start, fans), (biases, (1, fans[1])))
            )
            params.append(Layer(*(stack_drawn(stack, backend, dtype) for stack in stacks)))
        return params

    def forward(self, params, x, masks=(), added=()):
        """Propagate a batch from the input to the logits.

        Parameters
        ----------
        params : list of Layer
        x : array (..., n, features)
        masks : sequence of array (..., n, fan_in) or None, optional
            What multiplies the input of each layer.
        added : sequence of array (..., n, fan_out), optional
            What is added to the pre-activations of each layer, the output's included.

        Returns
        -------
        Forward
        """
        fit.check_samples(params, self.sizes, x)
        function, _ = unit = ACTIVATIONS[self.activation]
        inputs, outputs = [_masked(x, masks, 0)], []
        for number, (weights, biases) in enumerate(params):
            a = inputs[number] @ weights
            a += biases
            if added:
                a += added[number]
            if number < len(params) - 1:
                outputs.append(function(a))
                inputs.append(_masked(outputs[-1], masks, number + 1))
        return Forward(inputs, outputs, a, unit, masks)

    def logits(self, params, x):
        """Return the logits of any number of samples, array (seeds, n, classes)."""
        fit.check_samples(params, self.sizes, x)
        return join_chunks(lambda chunk: [self.forward(params, chunk).logits], x)[0]

    def features(self, params, x):
        """Return the outputs of every hidden layer, list of array (seeds, n, width)."""
        fit.check_samples(params, self.sizes, x)
        return join_chunks(lambda chunk: self.forward(params, chunk).outputs, x)

    def predict(self, params, x):
        """Return the class that each network gives to each sample, array of int (seeds, n)."""
        logits = self.logits(params, x)
        return namespace_of(logits).argmax(logits, axis=-1)


def _masked(array, masks, layer):
    """Return what a layer receives: the array itself where nothing is dropped."""
    return array * masks[layer] if masks and masks[layer] is not None else array
