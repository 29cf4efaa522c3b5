"""What a training run leaves behind: losses and errors, by epoch and seed."""

from dataclasses import dataclass, fields

import numpy as np

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
        Running values over the mini-batches of the epoch, each taken before its update.
    test_loss, test_error : numpy.ndarray (epochs, seeds)
        On the whole test set, after the epoch.
    """

    seeds: tuple
    epochs: np.ndarray
    train_loss: np.ndarray
    train_error: np.ndarray
    test_loss: np.ndarray
    test_error: np.ndarray

    def followed_by(self, later):
        """Return the history of this run and of the one that went on from it."""
        joined = {
            f.name: np.concatenate([getattr(self, f.name), getattr(later, f.name)])
            for f in fields(self)
            if f.name != "seeds"
        }
        return History(self.seeds, **joined)
