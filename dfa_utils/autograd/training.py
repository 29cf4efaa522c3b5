"""A training loop of PyTorch's kind for maps that learn by BP, FA or DFA."""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from dfa_utils.array.functions import mean_angle
from dfa_utils.autograd.in_torch import dfa_backward, forward
from dfa_utils.history import History
from dfa_utils.losses import LOSSES, totals

LOSS = "binary_cross_entropy"


def fit(maps, data, shape, optimizer, num_epochs, batch_size, cut=False, feedback=None):
    """Train maps on a data set, with the loss summed over each mini-batch.

    Parameters
    ----------
    maps : list of torch.nn.Module
        As `dfa_utils.autograd.in_torch.forward` takes them.
    data : dfa_utils.data.Dataset
        Of the backend torch.
    shape : tuple of int
        In which the first map takes an image.
    optimizer : torch.optim.Optimizer
    num_epochs, batch_size : int
    cut : bool
        Whether no error passes from a map to those below it.
    feedback : list of torch.Tensor (classes, ...), optional
        What sends the error to maps that are cut off, as DFA does; without it they are told nothing
        and only the last learns.

    Returns
    -------
    list of dict of str to float
        By epoch, losses (nats a sample) and errors (percent), named as in
        `dfa_utils.history.History`.
    """
    curves = []
    for _ in range(num_epochs):
        order, logits = torch.randperm(len(data.train_images)), []
        for batch in order.split(batch_size):
            optimizer.zero_grad()
            outputs = forward(maps, data.train_images[batch].reshape(-1, *shape), cut)
            targets = data.train_targets[batch]
            loss = binary_cross_entropy_with_logits(outputs[-1], targets, reduction="sum")
            if feedback is None:
                loss.backward()
            else:
                dfa_backward(outputs, feedback, loss)
            optimizer.step()
            logits.append(outputs[-1].detach())
        seen = _averages(
            "train", torch.cat(logits), data.train_labels[order], data.train_targets[order]
        )
        curves.append(seen | _evaluate(maps, data, shape))
    return curves


def history_of(curves, seeds):
    """Return the curves of several networks as one history.

    Parameters
    ----------
    curves : list of list of dict of str to float
        Of each network, as `fit` returns them.
    seeds : sequence of int
        One for each network.

    Returns
    -------
    dfa_utils.history.History
    """
    epochs = list(zip(*curves, strict=True))
    values = {
        name: np.array([[row[name] for row in epoch] for epoch in epochs]) for name in epochs[0][0]
    }
    return History(tuple(seeds), np.arange(1, len(epochs) + 1), **values)


def dfa_angles(maps, feedback, x, targets):
    """Measure how far what DFA sends each hidden map is from the gradient.

    Parameters
    ----------
    maps, feedback : list
        As `fit` takes them; the maps have no way back but their own.
    x : torch.Tensor (n, ...)
    targets : torch.Tensor (n, classes)

    Returns
    -------
    numpy.ndarray (hidden maps,)
        Degrees, as `dfa_utils.alignment.error_angles` measures them: both errors with the slope of
        the activation, the mean of the cosines over the samples.
    """
    outputs = forward(maps, x, cut=False)
    loss = binary_cross_entropy_with_logits(outputs[-1], targets, reduction="sum")
    *true, error = torch.autograd.grad(loss, outputs)
    angles = []
    for h, gradient, B in zip(outputs[:-1], true, feedback, strict=True):
        slope = 1 - h.detach() ** 2
        sent = torch.tensordot(error, B, 1)
        pair = (torch.flatten(d * slope, 1) for d in (sent, gradient))
        angles.append(float(mean_angle(*pair)))
    return np.array(angles)


@torch.no_grad()
def _evaluate(maps, data, shape):
    """Return loss and error on the test set, and on the validation set where there is one."""
    values = {}
    for part in ("test", "validation"):
        images, *known = (getattr(data, f"{part}_{k}") for k in ("images", "labels", "targets"))
        if images is not None:
            logits = forward(maps, images.reshape(-1, *shape))[-1]
            values |= _averages(part, logits, *known)
    return values


def _averages(part, logits, labels, targets):
    """Return loss and error of one network, dict of str to float."""
    loss, wrong = totals(LOSSES[LOSS], logits[None], labels, targets)
    return {
        f"{part}_loss": float(loss[0]) / len(logits),
        f"{part}_error": 100 * float(wrong[0]) / len(logits),
    }
