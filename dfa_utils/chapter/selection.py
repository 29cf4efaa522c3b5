"""The choice among runs: by their validation errors, and by nothing else."""

from contextlib import suppress

import numpy as np

from dfa_utils.history import History
from dfa_utils.validation import check_instance, refuse


def select(histories):
    """Return the name of the run whose validation error after its last epoch is the lowest.

    To choose by the test error would be to train on the test images: what it then says of the
    choice is too good.

    Parameters
    ----------
    histories : dict of value to History
        By any name, such as a pair of scale and rate. The mean over the seeds counts; among equal
        ones the first is taken.

    Returns
    -------
    value
        One of the names.

    Raises
    ------
    ValueError
        If a run has no validation errors, as without ``validation_samples``, or there is no run.
    """
    check_instance("histories", histories, dict)
    if not histories:
        refuse("histories", "at least one", histories)
    means = {}
    for name, history in histories.items():
        check_instance("histories", history, History)
        if history.validation_error is None or not len(history.epochs):
            refuse("histories", "measured on validation images", name)
        means[name] = np.mean(history.last("validation_error"))
    return min(means, key=means.get)


def choose(train, values):
    """Return the value, such as a learning rate, whose run `select` would take.

    Parameters
    ----------
    train : callable
        ``train(value)`` returns a Run with validation errors. A value with which the loss overflows
        is out.
    values : iterable of value

    Returns
    -------
    value
    """
    tried = {}
    for value in values:
        with suppress(FloatingPointError):
            tried[value] = train(value).history
    return select(tried)
