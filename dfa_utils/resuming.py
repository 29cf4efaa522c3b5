"""Keep a training run in a checkpoint, and go on from it, to the bit as if nothing had happened.

Random numbers are addressed by seed, purpose and epoch (`dfa_utils.randomness`), so the number of
epochs is all the random state there is.
"""

import hashlib

import numpy as np

from dfa_utils.checkpoints import CheckpointError, read_checkpoint, write_checkpoint
from dfa_utils.checks import check_path
from dfa_utils.history import QUANTITIES
from dfa_utils.stacks import map_arrays


class Keeper:
    """Keeps one run in one file.

    Parameters
    ----------
    path : str or path-like
        Folders on the way are made.
    settings : dict
        From `describe_run`.
    backend : Backend
    """

    def __init__(self, path, settings, backend):
        self.path = check_path("checkpoint", path, "a path, or None")
        self.settings, self.backend = settings, backend

    def restore(self, progress, num_epochs):
        """Set a run's progress, in place, to what the file holds; without a file, write one.

        So a place that cannot be written to is found before the first epoch, not after it.

        Parameters
        ----------
        progress : Progress
            Of the same run, before its first epoch.
        num_epochs : int
            How many the run shall have in all.

        Raises
        ------
        CheckpointError
            If the file is damaged or holds another run; the text names every difference.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            settings, arrays = read_checkpoint(self.path)
        except FileNotFoundError:
            self.save(progress)
            return
        self._compare(settings)
        try:
            self._fill(progress, arrays)
        except KeyError as error:
            raise CheckpointError(f"{self.path} lacks {error}") from error
        if progress.epochs > num_epochs:
            raise CheckpointError(
                f"num_epochs must be >= {progress.epochs} to go on from {self.path}, "
                f"got {num_epochs}"
            )

    def save(self, progress):
        """Write a run's progress; what the file held stays until all is written."""
        arrays = {"running": progress.running}
        arrays |= {f"curves/{name}": np.array(rows) for name, rows in progress.curves.items()}
        arrays |= self._named("stack", progress.stack)
        for column, params in progress.finished.items():
            arrays |= self._named(f"finished/{column}", params)
        write_checkpoint(self.path, self.settings, arrays)

    def _compare(self, settings):
        """Refuse a file of a run with other settings."""
        names = [*self.settings, *(name for name in settings if name not in self.settings)]
        differences = [
            f"{name} was {settings.get(name)} and is now {self.settings.get(name)}"
            for name in names
            if settings.get(name) != self.settings.get(name)
        ]
        if differences:
            raise CheckpointError(f"{self.path} holds another run: {'; '.join(differences)}")

    def _named(self, prefix, nested):
        """Return the arrays of nested lists on the host, by prefix and number."""
        arrays = _flat(nested)
        return {f"{prefix}/{n}": self.backend.to_host(array) for n, array in enumerate(arrays)}

    def _fill(self, progress, arrays):
        """Put the arrays of a file where they belong."""
        stored = {int(name.split("/")[1]) for name in arrays if name.startswith("finished/")}
        for column in sorted(stored):
            params = progress.stack.only([column]).params
            progress.finished[column] = self._filled(params, f"finished/{column}", arrays)
        running = arrays["running"]
        if 0 < len(running) < progress.num_seeds:
            progress.stack = progress.stack.only(running)
        if len(running):
            self._filled(progress.stack, "stack", arrays)
        progress.running = running
        for name in QUANTITIES:
            progress.curves[name] = list(arrays[f"curves/{name}"])

    def _filled(self, nested, prefix, arrays):
        """Write a file's values into arrays that are there: so they keep their order in memory.

        A matrix and its transpose hold the same numbers, but a product of them may be rounded
        otherwise.
        """
        for number, array in enumerate(_flat(nested)):
            stored = arrays[f"{prefix}/{number}"]
            if stored.shape != tuple(array.shape):
                raise CheckpointError(
                    f"{self.path} holds {prefix}/{number} of shape {stored.shape}, "
                    f"and {tuple(array.shape)} is needed"
                )
            array[...] = self.backend.asarray(stored)
        return nested


def describe_run(step, dataset, params, feedback, **others):
    """Return everything that decides what a run computes, but for the number of its epochs.

    Parameters
    ----------
    step : Step
    dataset : Dataset
    params, feedback : list
        As the run starts.
    **others : object
        Settings with a representation of their own, such as ``batch_size``.

    Returns
    -------
    dict of str to str
        Arrays stand for themselves by a SHA-256.
    """
    arrays = (dataset.train_images, dataset.train_labels, dataset.train_targets)
    arrays += (dataset.test_images, dataset.test_labels, dataset.test_targets)
    backend = dataset.backend
    plain = [name for name in step._fields if name not in ("rule", "frozen")]
    return {
        "rule": step.rule.__name__,
        **{name: repr(getattr(step, name)) for name in plain},
        "frozen": repr(sorted(step.frozen)),
        **{name: repr(value) for name, value in others.items()},
        "backend": backend.name,
        "dtype": str(backend.to_host(params[0].biases).dtype),
        "initial parameters": _digest(params, backend),
        "feedback": _digest(feedback, backend),
        "data set": f"{dataset.name} {_digest(arrays, backend)}",
    }


def _flat(nested):
    """Return the arrays of nested lists and tuples, in order."""
    found = []
    map_arrays(found.append, nested)
    return found


def _digest(nested, backend):
    """Return the SHA-256 of arrays: of their types, shapes and values."""
    digest = hashlib.sha256()
    for array in map(backend.to_host, _flat(nested)):
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
