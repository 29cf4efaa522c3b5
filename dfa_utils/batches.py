"""The mini-batches of an epoch."""

import numpy as np

from dfa_utils.randomness import Stream, generator_for


def shuffled_batches(dataset, batch_size, seeds, epoch):
    """Yield the training set once, in mini-batches, for each seed in an order of its own.

    The orders are the only thing that an epoch copies to the device.

    Parameters
    ----------
    dataset : Dataset
    batch_size : int
        The last batch holds what is left.
    seeds : sequence of int
    epoch : int
        The order depends on it and on the seed alone.

    Yields
    ------
    x : array (seeds, n, features)
    labels : array of int (seeds, n)
    targets : array (seeds, n, classes)
    """
    count = dataset.train_images.shape[0]
    orders = [generator_for(s, Stream.SHUFFLE, epoch).permutation(count) for s in seeds]
    orders = dataset.backend.asarray(np.stack(orders))
    xp = dataset.backend.xp
    for start in range(0, count, batch_size):
        batch = orders[:, start : min(start + batch_size, count)]
        flat = xp.reshape(batch, (-1,))

        def gather(array, batch=batch, flat=flat):
            return xp.reshape(xp.take(array, flat, axis=0), (*batch.shape, *array.shape[1:]))

        yield (
            gather(dataset.train_images),
            gather(dataset.train_labels),
            gather(dataset.train_targets),
        )
