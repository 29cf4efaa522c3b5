"""Spreads over the seeds that are too wide: a mean and a deviation hide two groups, or a spike."""

import numpy as np

#: A deviation above this share of the mean: then the values of the seeds belong beside it.
WIDE = 1 / 3


def is_wide(mean, deviation):
    """Tell whether a deviation is so large that a table has to show each seed.

    Parameters
    ----------
    mean : float
    deviation : float or None
        None, as of a single seed, is not wide.

    Returns
    -------
    bool
    """
    return deviation is not None and bool(deviation > WIDE * abs(mean))


def each_seed(values, form="%.2f"):
    """Return the words that stand beside a wide spread: the values of the seeds and their median.

    Parameters
    ----------
    values : array_like (seeds,)
    form : str

    Returns
    -------
    str
        Such as ``"seeds 1.00, 2.00, 30.00; median 2.00"``.
    """
    return f"seeds {', '.join(form % value for value in values)}; median {form % np.median(values)}"
