"""The two losses, computed from logits, and the error that each sends back.

Both are negative log-likelihoods, so the derivative of either with respect to the logits is
simply outputs minus targets.
"""

from collections.abc import Callable
from typing import NamedTuple

from dfa_utils.activations import logistic
from dfa_utils.arrays import namespace_of


class Loss(NamedTuple):
    """A loss and the outputs that it compares with the targets.

    Parameters
    ----------
    value : callable
        ``value(logits, targets)``: the loss of each sample, (..., n).
    outputs : callable
        ``outputs(logits)``: probabilities, (..., n, classes).
    """

    value: Callable
    outputs: Callable

    def error(self, logits, targets):
        """Return the derivative of the summed loss with respect to the logits.

        Parameters
        ----------
        logits, targets : array (..., n, classes)

        Returns
        -------
        array (..., n, classes)
        """
        return self.outputs(logits) - targets


def binary_cross_entropy(logits, targets):
    """Binary cross-entropy of logistic outputs, summed over the classes.

    Parameters
    ----------
    logits, targets : array (..., n, classes)

    Returns
    -------
    array (..., n)
    """
    xp = namespace_of(logits)
    size = xp.abs(logits)
    # -log(sigmoid(a)) = log(1 + exp(-a)), with the exponential kept below 1.
    softplus = xp.log1p(xp.exp(-size)) + (size + logits) / 2
    return xp.sum(softplus - targets * logits, axis=-1)


def cross_entropy(logits, targets):
    """Cross-entropy of softmax outputs.

    Parameters
    ----------
    logits, targets : array (..., n, classes)

    Returns
    -------
    array (..., n)
    """
    xp = namespace_of(logits)
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    log_total = xp.log(xp.sum(xp.exp(shifted), axis=-1))
    return log_total - xp.sum(targets * shifted, axis=-1)


def softmax(logits):
    """Softmax over the last axis.

    Parameters
    ----------
    logits : array (..., classes)

    Returns
    -------
    array (..., classes)
        Probabilities.
    """
    xp = namespace_of(logits)
    exponentials = xp.exp(logits - xp.max(logits, axis=-1, keepdims=True))
    return exponentials / xp.sum(exponentials, axis=-1, keepdims=True)


#: What the error of a mini-batch of n samples is multiplied by, as a function of n.
REDUCTIONS = {"mean": lambda count: 1 / count, "sum": lambda count: 1.0}
#: By the name that notebooks take as ``loss``.
LOSSES = {
    "binary_cross_entropy": Loss(binary_cross_entropy, logistic),
    "cross_entropy": Loss(cross_entropy, softmax),
}
