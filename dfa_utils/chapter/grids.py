"""Stored runs on a grid of feedback scale and learning rate, and what follows from their errors."""

import numpy as np

from dfa_utils.chapter.records import record
from dfa_utils.chapter.stored import load_sweep
from dfa_utils.validation import check, check_instance


def load_grids(name, num_epochs):
    """Return the points of a stored sweep that were trained for so many epochs.

    Parameters
    ----------
    name : str
        Such as ``"scale_and_rate"``.
    num_epochs : int

    Returns
    -------
    dict of str to dict of (float, float) to History
        By optimizer, and by feedback scale and learning rate.
    """
    num_epochs, grids = check("num_epochs", num_epochs), {}
    for point, history in load_sweep(name):
        if point["num_epochs"] == num_epochs:
            place = point["feedback_scale"], point["learning_rate"]
            grids.setdefault(point["optimizer"], {})[place] = history
    return grids


def last_errors(histories, quantity="test_error"):
    """Return an error of each run's last epoch, by the names of the runs.

    Parameters
    ----------
    histories : dict of value to History
    quantity : str

    Returns
    -------
    dict of value to numpy.ndarray (seeds,)
    """
    check_instance("histories", histories, dict)
    return {name: history.last(quantity) for name, history in histories.items()}


def effects_of_scale(errors):
    """Return how far the scale moves errors, for each learning rate.

    Parameters
    ----------
    errors : dict of (float, float) to numpy.ndarray (seeds,)
        By scale and learning rate, in percent.

    Returns
    -------
    dict of float to (float, float, float)
        By rate, in percentage points: the range over the scales of the mean over the seeds, the
        largest such range of one seed, and the largest sample deviation over the seeds.
    """
    effects = {}
    for rate in sorted({rate for _, rate in errors}):
        rows = np.array([values for (_, other), values in errors.items() if other == rate])
        own = np.ptp(rows, axis=0).max(), rows.std(axis=1, ddof=1).max()
        effects[rate] = (np.ptp(rows.mean(axis=1)), *own)
    return effects


def record_effects(prefix, errors):
    """Print `effects_of_scale`, and record the largest of each kind and those by rate.

    Parameters
    ----------
    prefix : str
        Of the records ``scale_effect``, ``seed_effect`` and ``largest_deviation``, each also with
        ``_curve``, by ascending rate.
    errors : dict of (float, float) to numpy.ndarray (seeds,)
    """
    effects = effects_of_scale(errors)
    for rate, (mean, one, deviation) in effects.items():
        print(f"rate {rate:g}: mean {mean:.2f}, one seed {one:.2f}, deviation {deviation:.2f}")
    names = ("scale_effect", "seed_effect", "largest_deviation")
    for name, values in zip(names, np.transpose(list(effects.values())), strict=True):
        record(f"{check('prefix', prefix)}_{name}", values.max())
        record(f"{prefix}_{name}_curve", values)


def changes_along_products(errors, largest):
    """Return what a larger rate changes where a smaller scale makes up for it, seed by seed.

    Parameters
    ----------
    errors : dict of (float, float) to numpy.ndarray (seeds,)
        By scale and learning rate, in percent.
    largest : float
        Products above it are left out.

    Returns
    -------
    dict of float to (float, float, numpy.ndarray (seeds,))
        By the product of scale and rate: the smallest and the largest rate that make it, and the
        errors at the largest minus those at the smallest, percentage points.
    """
    products, changes = {}, {}
    for (scale, rate), values in errors.items():
        product = float(f"{scale * rate:.6g}")  # equal but for rounding
        products.setdefault(product, {})[rate] = values
    for product, by_rate in sorted(products.items()):
        low, high = min(by_rate), max(by_rate)
        if low < high and product <= check("largest", largest, "rate"):
            changes[product] = low, high, by_rate[high] - by_rate[low]
    return changes


def print_changes(errors, largest):
    """Print `changes_along_products`, mean and sample standard deviation over the seeds."""
    for product, (low, high, change) in changes_along_products(errors, largest).items():
        spread = f"{change.mean():+.2f} ± {change.std(ddof=1):.2f}"
        print(f"product {product:.5f}, rate {low:g} to {high:g}: {spread}")
