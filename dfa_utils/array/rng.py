"""Random numbers: what a seed means.

Every number is drawn on the host by NumPy, so a seed gives the same initial weights, feedback
matrices and shuffles on every device. Each purpose has a stream of its own, addressed by the seed
and, for what recurs, by the epoch: no generator has to be carried along or stored.
"""

from enum import IntEnum

import numpy as np

from dfa_utils.validation import check


class Stream(IntEnum):
    """What random numbers are drawn for."""

    PARAMETERS = 0
    FEEDBACK = 1
    SHUFFLE = 2
    DROPOUT = 3
    NOISE = 4
    LABELS = 5


def generator_for(seed, stream, *position):
    """Return the generator of one stream of one seed.

    Parameters
    ----------
    seed : int
        At least 0.
    stream : Stream
    *position : int
        Where in the stream, such as the epoch.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng([check("seed", seed), stream, *position])


def generators_for(seeds, stream, *position):
    """Return the generator of each seed, list of numpy.random.Generator; see `generator_for`."""
    return [generator_for(seed, stream, *position) for seed in seeds]


def stack_drawn(matrices, backend, dtype):
    """Put one matrix a seed on the device, one above the other.

    A matrix and its transpose hold the same numbers, but a product of them may be rounded
    otherwise: so a transposed matrix stays one in memory.

    Parameters
    ----------
    matrices : sequence of numpy.ndarray (rows, columns)
    backend : Backend
    dtype : str

    Returns
    -------
    array (seeds, rows, columns)
    """
    flags = matrices[0].flags
    if flags.f_contiguous and not flags.c_contiguous:
        return backend.asarray(np.stack([matrix.T for matrix in matrices]), dtype).mT
    return backend.asarray(np.stack(matrices), dtype)


def random_mask(generators, shape, probability, backend, dtype):
    """Leave out entries at random, and scale up the others.

    Parameters
    ----------
    generators : list of numpy.random.Generator
        One for each seed.
    shape : tuple of int
    probability : float
        To leave an entry out; with 0 there is no mask.
    backend : Backend
    dtype : object
        As the backend's library names it.

    Returns
    -------
    array (seeds, ...) or None
        0 or 1 / (1 - probability).
    """
    if probability == 0:
        return None
    draws = [generator.random(shape, dtype=np.float32) >= probability for generator in generators]
    kept = backend.xp.astype(backend.asarray(np.stack(draws)), dtype)
    kept *= 1 / (1 - probability)
    return kept


class NormalNoise:
    """Standard normal numbers for a rule: ``noise(shape)`` is an array (seeds, ...).

    Parameters
    ----------
    generators : list of numpy.random.Generator
        One for each seed.
    backend : Backend
    dtype : str
    """

    def __init__(self, generators, backend, dtype):
        self.generators, self.backend, self.dtype = generators, backend, dtype

    def __call__(self, shape):
        """Draw on the host and copy to the device."""
        drawn = [rng.standard_normal(shape, self.dtype) for rng in self.generators]
        return self.backend.asarray(np.stack(drawn))
