"""What a training run leaves behind: losses and errors, by epoch and seed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dfa_utils.validation import choose

#: What is measured in every epoch: losses in nats a sample, errors in percent.
QUANTITIES = ("train_loss", "train_error", "test_loss", "test_error")
#: And, where some of the training images are kept apart, on these.
VALIDATION = ("validation_loss", "validation_error")


@dataclass(frozen=True)
class History:
    """Losses (nats a sample) and classification errors (percent) of a training run.

    Parameters
    ----------
    seeds : tuple of int
    epochs : numpy.ndarray of int (epochs,)
        The first epoch is 1.
    train_loss, train_error : numpy.ndarray (epochs, seeds)
        Running values over the mini-batches of the epoch, each taken before its update, as the
        network saw the batch: with dropout, and with changed images where it is trained on them.
    test_loss, test_error : numpy.ndarray (epochs, seeds)
        On the whole test set, after the epoch.
    validation_loss, validation_error : numpy.ndarray (epochs, seeds) or None
        On the images that were kept apart, after the epoch.

    Notes
    -----
    After the epoch in which a seed has stopped, its values are not-a-number.
    """

    seeds: tuple
    epochs: np.ndarray
    train_loss: np.ndarray
    train_error: np.ndarray
    test_loss: np.ndarray
    test_error: np.ndarray
    validation_loss: Any = None
    validation_error: Any = None

    @property
    def quantities(self):
        """The names of what was measured, tuple of str."""
        return QUANTITIES if self.validation_error is None else QUANTITIES + VALIDATION

    @property
    def epochs_run(self):
        """How many epochs each seed was trained, numpy.ndarray of int (seeds,)."""
        return np.count_nonzero(~np.isnan(self.train_error), axis=0)

    def last(self, quantity):
        """Return a quantity of each seed's last epoch, numpy.ndarray (seeds,); without, NaN."""
        return self._carried(quantity)[-1]

    def held(self, quantity):
        """Return a quantity in which seeds that have stopped keep their value, (epochs, seeds)."""
        return self._carried(quantity)[1:]

    def _carried(self, quantity):
        """Return what `held` does, after a row of nothing: for the seeds without an epoch."""
        curves = {name: getattr(self, name) for name in self.quantities}
        rows = [np.full(len(self.seeds), np.nan)]
        for row in choose("quantity", quantity, curves):
            rows.append(np.where(np.isnan(row), rows[-1], row))
        return np.array(rows)
