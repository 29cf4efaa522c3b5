"""Networks that are trained at once, one above the other, of which some may stop before others."""

import numpy as np

from dfa_utils.array.tree import join_seeds, take_seeds


class Stack:
    """The state of several networks: those that still run together, the others by themselves.

    Parameters
    ----------
    state : nested list of array (seeds, ...)
    count : int
        How many networks there are.

    Attributes
    ----------
    state : nested list of array (running seeds, ...)
    running : numpy.ndarray of int
        The places among all of those that still run.
    stopped : dict of int to nested list of array (1, ...)
        The others, by place.
    """

    def __init__(self, state, count):
        self.state, self.running, self.stopped, self.count = state, np.arange(count), {}, count

    @property
    def whole(self):
        """The state of all networks in their order, nested list of array (seeds, ...)."""
        if not self.stopped:
            return self.state
        running = {place: take_seeds(self.state, [row]) for row, place in enumerate(self.running)}
        return join_seeds([state for _, state in sorted((running | self.stopped).items())])

    def stop(self, which):
        """Put some of those that run aside, whole, and go on with the others.

        Parameters
        ----------
        which : sequence of bool (running seeds,)
        """
        which = np.asarray(which, dtype=bool)
        for row in np.flatnonzero(which):
            self.stopped[int(self.running[row])] = take_seeds(self.state, [row])
        rows = np.flatnonzero(~which)
        if 0 < len(rows) < len(self.running):
            self.state = take_seeds(self.state, rows)
        self.running = self.running[rows]

    def spread(self, values):
        """Return values of those that run among not-a-number for the others.

        Parameters
        ----------
        values : numpy.ndarray (running seeds, ...)

        Returns
        -------
        numpy.ndarray (seeds, ...)
        """
        row = np.full((self.count, *values.shape[1:]), np.nan)
        row[self.running] = values[: len(self.running)]  # of none, where all have stopped
        return row
