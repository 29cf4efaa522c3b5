"""Alignment: the angle between what a rule sends a layer and what back-propagation would send."""

import math

import numpy as np

from dfa_utils.arrays import namespace_of
from dfa_utils.checks import check, check_instance, refuse
from dfa_utils.choices import choose
from dfa_utils.datasets import Dataset
from dfa_utils.learning_rules import backward_propagation
from dfa_utils.losses import LOSSES
from dfa_utils.network import check_fit, forward_propagation
from dfa_utils.run_checks import check_rule
from dfa_utils.training import train


def error_angles(
    rule, params, feedback, x, targets, activation="tanh", loss="binary_cross_entropy"
):
    """Measure how far the errors that a rule sends are from the true ones.

    Both are computed on the same networks, images and output errors, and both with the derivative
    of the activation. The angle of a layer is that of the mean, over the samples, of the cosine
    between the two errors of a sample.

    Parameters
    ----------
    rule : callable
        One of `dfa_utils.learning_rules.LEARNING_RULES`.
    params : list of Layer
    feedback : sequence of array
        The rule's feedback matrices; none for back-propagation.
    x : array (..., n, features)
    targets : array (..., n, classes)
        One-hot rows.
    activation : {"tanh", "logistic", "relu"}
    loss : {"binary_cross_entropy", "cross_entropy"}

    Returns
    -------
    list of array (seeds,)
        Degrees, one array for each hidden layer. Samples to which either sends nothing are left
        out; where none remains, as with back-propagation through weights of zero, there is no
        angle, and the value is not-a-number.
    """
    _check_measured(rule, params, feedback, x, targets)
    objective = choose("loss", loss, LOSSES)
    forward = forward_propagation(params, x, activation)
    error = objective.error(forward.logits, targets)
    sent = rule(params, feedback, forward, error)
    true = backward_propagation(params, (), forward, error)
    return [_mean_angle(*pair) for pair in zip(sent[:-1], true[:-1], strict=True)]


def follow_alignment(
    rule,
    params,
    dataset,
    *,
    feedback=(),
    activation="tanh",
    loss="binary_cross_entropy",
    num_epochs=10,
    seeds=(0,),
    **settings,
):
    """Train, and measure the angles on the test images before the first and after each epoch.

    Parameters
    ----------
    rule, params, dataset, feedback, activation, loss, num_epochs, seeds : object
        As in `dfa_utils.training.train`.
    **settings : object
        Further arguments of `dfa_utils.training.train`. The optimizer must keep no state from one
        epoch to the next, as plain SGD keeps none.

    Returns
    -------
    params : list of Layer
        The trained parameters.
    history : History
    angles : numpy.ndarray (epochs + 1, hidden layers, seeds)
        Degrees, see `error_angles`.
    """
    check_instance("dataset", dataset, Dataset)
    num_epochs = check("num_epochs", num_epochs)
    settings |= {"feedback": feedback, "activation": activation, "loss": loss, "seeds": seeds}

    def measure():
        images, targets = dataset.test_images, dataset.test_targets
        angles = error_angles(rule, params, feedback, images, targets, activation, loss)
        return np.stack([dataset.backend.to_host(layer) for layer in angles])

    # No epoch at all also refuses what does not fit, before anything is measured.
    params, history = train(rule, params, dataset, num_epochs=0, **settings)
    angles = [measure()]
    for epoch in range(1, num_epochs + 1):
        params, later = train(rule, params, dataset, num_epochs=1, first_epoch=epoch, **settings)
        history = history.followed_by(later)
        angles.append(measure())
    return params, history, np.stack(angles)


def _check_measured(rule, params, feedback, x, targets):
    """Refuse what does not belong together."""
    check_fit(params, x)
    check_rule(rule, params, feedback)
    shape = (*x.shape[:-1], params[-1].biases.shape[-1])
    given = tuple(getattr(targets, "shape", ())), getattr(targets, "dtype", None)
    if given != (shape, x.dtype):
        refuse("targets", f"an array {shape} of {x.dtype}, as x is", targets)


def _mean_angle(errors, others):
    """Return the angle, (seeds,), of the mean cosine between rows of (..., n, width)."""
    xp = namespace_of(errors)
    (errors, sent), (others, received) = _unit_rows(errors), _unit_rows(others)
    both = xp.astype(xp.logical_and(sent, received), errors.dtype)
    cosines = xp.sum(errors * others, axis=-1) * both
    count = xp.sum(both, axis=-1)
    mean = xp.sum(cosines, axis=-1) / xp.where(count > 0, count, xp.full_like(count, math.nan))
    return xp.acos(xp.clip(mean, -1.0, 1.0)) * (180 / math.pi)


def _unit_rows(rows):
    """Return the rows scaled to length one, and which of them are not zero."""
    xp = namespace_of(rows)

    def scaled(size):
        return rows / xp.where(size > 0, size, xp.ones_like(size)), size[..., 0] > 0

    # By the largest element first: the squares of the errors of a deep network may underflow.
    rows, _ = scaled(xp.max(xp.abs(rows), axis=-1, keepdims=True))
    return scaled(xp.sqrt(xp.sum(rows * rows, axis=-1, keepdims=True)))
