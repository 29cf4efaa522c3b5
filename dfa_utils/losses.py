"""The two losses, computed from logits, and the one error that both send back.

Both are negative log-likelihoods, so the derivative of either with respect to the logits is
simply outputs minus targets.
"""

from collections.abc import Callable
from typing import NamedTuple

from dfa_utils.array import namespace_of
from dfa_utils.array.batches import in_chunks
from dfa_utils.array.functions import sigmoid, softmax, softplus
from dfa_utils.validation import register


class Loss(NamedTuple):
    """A loss: ``value(logits, targets)`` in nats, (..., n), of the ``outputs(logits)``."""

    value: Callable
    outputs: Callable

    def error(self, logits, targets):
        """Return the derivative of the summed loss with respect to the logits, of their shape."""
        return self.outputs(logits) - targets


def binary_cross_entropy(logits, targets):
    """Binary cross-entropy of logistic outputs, summed over the classes, array (..., n)."""
    return namespace_of(logits).sum(softplus(logits) - targets * logits, axis=-1)


def cross_entropy(logits, targets):
    """Cross-entropy of softmax outputs, array (..., n)."""
    xp = namespace_of(logits)
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    log_total = xp.log(xp.sum(xp.exp(shifted), axis=-1))
    return log_total - xp.sum(targets * shifted, axis=-1)


def totals(loss, logits, labels, targets):
    """Compare logits with what they should be.

    Parameters
    ----------
    loss : Loss
    logits : array (seeds, n, classes)
    labels, targets : array
        (n,) and (n, classes), or (seeds, n) and (seeds, n, classes).

    Returns
    -------
    pair of array (seeds,)
        The loss, summed over the samples, and how many of them are classified wrongly.
    """
    xp = namespace_of(logits)
    total_loss = total_wrong = 0
    chunks = (in_chunks(array) for array in (logits, labels[..., None], targets))
    for some_logits, some_labels, some_targets in zip(*chunks, strict=True):
        wrong = xp.argmax(some_logits, axis=-1) != some_labels[..., 0]
        total_wrong += xp.sum(xp.astype(wrong, logits.dtype), axis=-1)
        total_loss += xp.sum(loss.value(some_logits, some_targets), axis=-1)
    return total_loss, total_wrong


#: What the error of a mini-batch of n samples is multiplied by, as a function of n.
REDUCTIONS = {"mean": lambda count: 1 / count, "sum": lambda count: 1.0}
#: By the name that notebooks take as ``loss``.
LOSSES = {
    "binary_cross_entropy": Loss(binary_cross_entropy, sigmoid),
    "cross_entropy": Loss(cross_entropy, softmax),
}
register("error_reduction", REDUCTIONS)
register("loss", LOSSES)
