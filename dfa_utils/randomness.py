"""Random numbers: what a seed means.

Every number is drawn on the host by NumPy, so a seed gives the same initial weights, feedback
matrices and shuffles on every device. Each purpose has a stream of its own, addressed by the seed
and, for what recurs, by the epoch: no generator has to be carried along or stored.
"""

from enum import IntEnum

import numpy as np

from dfa_utils.checks import check


class Stream(IntEnum):
    """What random numbers are drawn for."""

    PARAMETERS = 0
    FEEDBACK = 1
    SHUFFLE = 2
    DROPOUT = 3


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
