"""Noise in training: units that are left out, and images that are changed against the network."""

from dataclasses import dataclass
from typing import ClassVar

from dfa_utils.array import namespace_of
from dfa_utils.array.rng import random_mask
from dfa_utils.rules import BP, Step
from dfa_utils.validation import Checked


@dataclass(frozen=True)
class Dropout(Checked):
    """Inverted dropout (Srivastava et al. 2014): what is kept in training is scaled up.

    A mask multiplies what a layer receives. On the way back it multiplies the error of the units
    that it left out or scaled, with every learning rule: `dfa_utils.network.Forward.slope` does.

    Parameters
    ----------
    input, hidden : float
        The probability to leave out a feature of the input, and a hidden unit; below 1.
    """

    input: float = 0.0
    hidden: float = 0.0

    def masks(self, generators, params, count, backend):
        """Draw the masks of a mini-batch of ``count`` samples, list of array (seeds, n, fan_in).

        There is one for each layer, and None, or no list, where nothing is left out. They are drawn
        on the host, by a generator for each seed, so that a seed leaves out the same units on every
        device: the one thing that a batch copies there.
        """
        if not self.input and not self.hidden:
            return []
        probabilities = [self.input] + [self.hidden] * (len(params) - 1)
        widths, dtype = [layer.weights.shape[-2] for layer in params], params[0].weights.dtype
        return [
            random_mask(generators, (count, width), probability, backend, dtype)
            for width, probability in zip(widths, probabilities, strict=True)
        ]


@dataclass(frozen=True)
class FastGradientSign(Checked):
    """The fast gradient sign method (Goodfellow et al. 2015).

    Each pixel moves by ``epsilon`` in the direction in which the loss grows. The gradient with
    respect to the input is the true one, by back-propagation, whatever rule trains the network.
    The images are not clipped to the input range.

    Parameters
    ----------
    epsilon : float
        In units of the pixels; 0 leaves the images as they are.
    """

    epsilon: float = 0.0
    MEANINGS: ClassVar = {"epsilon": "adversarial_epsilon"}

    def perturb(self, network, params, x, targets, loss):
        """Return the changed images, array (..., n, features)."""
        if not self.epsilon:
            return x
        return self.step(x, input_gradient(network, params, x, targets, loss))

    def step(self, x, gradient):
        """Move images along the signs of a gradient, array (..., n, features)."""
        return x + self.epsilon * namespace_of(x).sign(gradient)


def input_gradient(network, params, x, targets, loss):
    """Return the gradient of the summed loss by each pixel: that of back-propagation.

    Parameters
    ----------
    network : Network
    params : list of Layer
    x : array (..., n, features)
    targets : array (..., n, classes)
    loss : Loss

    Returns
    -------
    array (seeds, n, features)
    """
    errors = BP().send(Step.at(network, params, [], x, targets, loss))
    return errors[0] @ params[0].weights.mT
