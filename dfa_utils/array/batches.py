"""Samples in pieces: the shuffled mini-batches of an epoch, and pieces that a cache can hold."""

import numpy as np

from dfa_utils.array.backend import namespace_of
from dfa_utils.array.rng import Stream, generator_for


def shuffled_orders(count, seeds, epoch, backend):
    """Draw the order in which each seed sees the training set in an epoch.

    The orders are the only thing that an epoch copies to the device.

    Parameters
    ----------
    count : int
        Samples in the training set.
    seeds : sequence of int
    epoch : int
        An order depends on it and on the seed alone.
    backend : Backend

    Returns
    -------
    array of int64 (seeds, count)
    """
    orders = [generator_for(seed, Stream.SHUFFLE, epoch).permutation(count) for seed in seeds]
    return backend.asarray(np.stack(orders))


def mini_batches(orders, batch_size):
    """Return the indices of one mini-batch after the other, list of array of int64 (seeds, n).

    The last one holds what is left.
    """
    count = orders.shape[1]
    return [
        orders[:, start : min(start + batch_size, count)] for start in range(0, count, batch_size)
    ]


def gather(array, indices):
    """Return the samples of the given indices.

    Parameters
    ----------
    array : array (samples, ...)
    indices : array of int (seeds, n)

    Returns
    -------
    array (seeds, n, ...)
    """
    xp = namespace_of(array)
    # Flat: indexing by a table of two axes is not part of the array API standard.
    flat = xp.take(array, xp.reshape(indices, (-1,)), axis=0)
    return xp.reshape(flat, (*indices.shape, *array.shape[1:]))


def numbers_once(backend, dtype):
    """Return a function that copies numbers to the device when it first gets them.

    Parameters
    ----------
    backend : Backend
    dtype : str

    Returns
    -------
    callable
        Of a float, which stays one, or of a numpy.ndarray (seeds, 1, 1) of float64: rounded once,
        a seed's number is what its float would be in the same place.
    """
    known = {}

    def on_device(numbers):
        if isinstance(numbers, float):
            return numbers
        key = numbers.tobytes()
        if key not in known:
            known[key] = backend.asarray(numbers, dtype)
        return known[key]

    return on_device


def in_chunks(x, chunk_size=2_000):
    """Yield the samples of ``x`` (..., n, features) in pieces that a cache can hold."""
    count = x.shape[-2]
    for start in range(0, count, chunk_size):
        yield x[..., start : min(start + chunk_size, count), :]


def join_chunks(function, x):
    """Apply a function to pieces of many samples, and join each of the arrays that it returns.

    Parameters
    ----------
    function : callable
        ``function(chunk)``: a list of array (..., n, width).
    x : array (..., n, features)

    Returns
    -------
    list of array (..., n, width)
    """
    pieces = zip(*map(function, in_chunks(x)), strict=True)
    return [namespace_of(x).concat(list(arrays), axis=-2) for arrays in pieces]
