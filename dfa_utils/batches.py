"""The mini-batches of an epoch."""

import numpy as np

from dfa_utils.randomness import Stream, generator_for


def shuffled_orders(dataset, seeds, epoch):
    """Draw the order in which each seed sees the training set in an epoch.

    The orders are the only thing that an epoch copies to the device.

    Parameters
    ----------
    dataset : Dataset
    seeds : sequence of int
    epoch : int
        An order depends on it and on the seed alone.

    Returns
    -------
    array of int64 (seeds, n)
        On the device of the data set.
    """
    count = dataset.train_images.shape[0]
    orders = [generator_for(seed, Stream.SHUFFLE, epoch).permutation(count) for seed in seeds]
    return dataset.backend.asarray(np.stack(orders))


def mini_batches(orders, batch_size):
    """Yield the indices of one mini-batch after the other, array of int64 (seeds, batch_size).

    The last one holds what is left.
    """
    count = orders.shape[1]
    for start in range(0, count, batch_size):
        yield orders[:, start : min(start + batch_size, count)]


def gather(array, indices, xp):
    """Return the samples of the given indices.

    Parameters
    ----------
    array : array (samples, ...)
    indices : array of int (seeds, n)
    xp : module
        The array library.

    Returns
    -------
    array (seeds, n, ...)
    """
    # Flat: indexing by a table of two axes is not part of the array API standard.
    flat = xp.take(array, xp.reshape(indices, (-1,)), axis=0)
    return xp.reshape(flat, (*indices.shape, *array.shape[1:]))
