"""Functions of arrays that hold where the plain formula overflows or divides by zero."""

import math

from dfa_utils.array.backend import namespace_of


def sigmoid(a):
    """Return the logistic function 1 / (1 + exp(-a)) of an array."""
    xp = namespace_of(a)
    z = xp.exp(-xp.abs(a))
    return xp.where(a >= 0, 1 / (1 + z), z / (1 + z))


def softplus(a):
    """Return log(1 + exp(a)) of an array."""
    xp = namespace_of(a)
    size = xp.abs(a)
    return xp.log1p(xp.exp(-size)) + (size + a) / 2


def softmax(a):
    """Return exp(a) over its sum along the last axis."""
    xp = namespace_of(a)
    exponentials = xp.exp(a - xp.max(a, axis=-1, keepdims=True))
    return exponentials / xp.sum(exponentials, axis=-1, keepdims=True)


def unit_rows(rows):
    """Scale the rows of an array to length one.

    Parameters
    ----------
    rows : array (..., n, width)

    Returns
    -------
    array (..., n, width)
        Zero where a row was.
    array of bool (..., n)
        Which rows are not zero.
    """
    xp = namespace_of(rows)

    def scaled(size):
        return rows / xp.where(size > 0, size, xp.ones_like(size)), size[..., 0] > 0

    # By the largest element first: the squares of the errors of a deep network may underflow.
    rows, _ = scaled(xp.max(xp.abs(rows), axis=-1, keepdims=True))
    return scaled(xp.sqrt(xp.sum(rows * rows, axis=-1, keepdims=True)))


def mean_angle(rows, others):
    """Return the angle of the mean cosine between the rows of two arrays.

    Parameters
    ----------
    rows, others : array (..., n, width)

    Returns
    -------
    array (...)
        Degrees. Rows of which either is zero are left out; not-a-number where none remains.
    """
    xp = namespace_of(rows)
    (rows, nonzero), (others, others_nonzero) = unit_rows(rows), unit_rows(others)
    both = xp.astype(xp.logical_and(nonzero, others_nonzero), rows.dtype)
    cosines = xp.sum(rows * others, axis=-1) * both
    count = xp.sum(both, axis=-1)
    mean = xp.sum(cosines, axis=-1) / xp.where(count > 0, count, xp.full_like(count, math.nan))
    return xp.acos(xp.clip(mean, -1.0, 1.0)) * (180 / math.pi)
