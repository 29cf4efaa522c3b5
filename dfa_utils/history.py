"""What a training run leaves behind: losses and errors, by epoch and seed."""

from dataclasses import dataclass, fields

import numpy as np

#: What is measured in every epoch: losses in nats a sample, errors in percent.
QUANTITIES = ("train_loss", "train_error", "test_loss", "test_error")


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

    @property
    def epochs_run(self):
        """How many epochs each seed was trained, numpy.ndarray of int (seeds,)."""
        return np.count_nonzero(~np.isnan(self.train_error), axis=0)

    def last(self, quantity):
        """Return a quantity of each seed's last epoch.

        Parameters
        ----------
        quantity : str
            One of `QUANTITIES`.

        Returns
        -------
        numpy.ndarray (seeds,)
        """
        return getattr(self, quantity)[self.epochs_run - 1, np.arange(len(self.seeds))]

    def held(self, quantity):
        """Return a quantity in which a seed that has stopped keeps its value.

        Parameters
        ----------
        quantity : str
            One of `QUANTITIES`.

        Returns
        -------
        numpy.ndarray (epochs, seeds)
        """
        values = getattr(self, quantity)
        return np.where(np.isnan(values), self.last(quantity), values)

    def followed_by(self, later):
        """Return the history of this run and of the one that went on from it.

        Parameters
        ----------
        later : History
            Of the same seeds.

        Returns
        -------
        History
        """
        joined = {
            f.name: np.concatenate([getattr(self, f.name), getattr(later, f.name)])
            for f in fields(self)
            if f.name != "seeds"
        }
        return History(self.seeds, **joined)
