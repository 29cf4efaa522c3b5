"""Where a run of several networks stands after an epoch."""

from typing import NamedTuple

import numpy as np

from dfa_utils.history import QUANTITIES, History
from dfa_utils.network import copy_params
from dfa_utils.stacks import join_networks, take_networks


class Stack(NamedTuple):
    """What the networks that are trained at once carry from step to step, (seeds, ...) each."""

    params: list
    feedback: list
    optimizer_state: list

    def only(self, rows):
        """Return the stack of the networks of the given rows, in memory of their own."""
        return Stack(*(take_networks(part, rows) for part in self))


class Progress:
    """The networks that are still trained, those that have stopped, and the curves of both.

    Parameters
    ----------
    params, feedback : list
        Of all seeds, before the first epoch; parameters are copied.
    optimizer : SGD or RMSprop

    Attributes
    ----------
    stack : Stack
        Of the networks that are still trained.
    running : numpy.ndarray of int
        Their places among the seeds.
    finished : dict of int to list of Layer (1, ...)
        The parameters of the others, by place.
    curves : dict of str to list of numpy.ndarray (seeds,)
        For each quantity of `dfa_utils.history.History` one row an epoch, not-a-number where a
        seed has stopped.
    """

    def __init__(self, params, feedback, optimizer):
        params = copy_params(params)
        self.stack = Stack(params, list(feedback), optimizer.initial_state(params))
        self.num_seeds = params[0].weights.shape[0]
        self.running = np.arange(self.num_seeds)
        self.finished = {}
        self.curves = {name: [] for name in QUANTITIES}

    @property
    def epochs(self):
        """How many epochs have been trained."""
        return len(self.curves["train_error"])

    def note(self, values):
        """Append an epoch; ``values`` maps each quantity to an array of the running seeds."""
        for name, value in values.items():
            row = np.full(self.num_seeds, np.nan)
            row[self.running] = value
            self.curves[name].append(row)

    def put_aside(self, stopped):
        """Keep the parameters of the running networks that have stopped; go on with the others.

        Parameters
        ----------
        stopped : numpy.ndarray of bool
            One for each running network.
        """
        for row in np.flatnonzero(stopped):
            self.finished[int(self.running[row])] = take_networks(self.stack.params, [row])
        rows = np.flatnonzero(~stopped)
        if 0 < len(rows) < len(self.running):
            self.stack = self.stack.only(rows)
        self.running = self.running[rows]

    def result(self, seeds, first_epoch):
        """Return the parameters of all networks, as they are now, and the history of the run."""
        self.put_aside(np.ones(self.running.size, dtype=bool))
        epochs = np.arange(first_epoch, first_epoch + self.epochs)
        curves = {name: np.reshape(rows, (-1, len(seeds))) for name, rows in self.curves.items()}
        return join_networks(self.finished), History(tuple(seeds), epochs, **curves)
