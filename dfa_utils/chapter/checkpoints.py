"""A file that holds a run between two epochs: written whole, and never read wrongly.

Its first line names the format, the second is the SHA-256 of the rest, and the rest is an ``npz``
of plain arrays, one of them the run's settings as JSON. Nothing in it is executed when it is read.
Random numbers are addressed by seed, purpose and epoch, so the number of epochs is all the random
state there is, and a run that goes on ends with the same bits as if it had never stopped.
"""

import hashlib
import io
import json
import re
import zipfile
from itertools import product
from weakref import WeakKeyDictionary

import numpy as np

from dfa_utils.array.stack import Stack
from dfa_utils.array.tree import leaves, take_seeds
from dfa_utils.chapter.code import digest_of_object, digest_of_rooms
from dfa_utils.data.files import write_whole
from dfa_utils.validation import check, check_path, fit

FORMAT = 2
FIRST_LINE = "dfa_utils checkpoint, format {}"
SETTINGS = "settings"

_ORIGINS = WeakKeyDictionary()  # of each run, where it stood when it first met a checkpoint


class CheckpointError(ValueError):
    """A checkpoint is damaged or belongs to another run; the text says what is wrong."""


class Checkpoint:
    """Keeps one run in one file: what `dfa_utils.training.Run.fit` takes as ``checkpoint``.

    Parameters
    ----------
    path : str or path-like
        Folders on the way are made; ``~`` is the home folder.
    every : int
        The file is written after each such number of epochs, and after the last.
    """

    def __init__(self, path, every=1):
        self.path = check_path("checkpoint", path)
        self.every = check("checkpoint_every", every)
        self.settings = None

    def restore(self, run, until, stop=None):
        """Set a run to what the file holds; without a file, write one.

        So a place that cannot be written to is found before the first epoch, not after it.

        Parameters
        ----------
        run : dfa_utils.training.Run
            As it starts. One that has been trained since it first met a checkpoint stays as it is,
            unless it broke off amid an epoch.
        until : int
            The number of the last epoch.
        stop : float or callable, optional
            As `dfa_utils.training.Run.fit` takes it.

        Raises
        ------
        CheckpointError
            If the file is damaged or holds another run; the text names every difference.
        OSError
            If the file cannot be read or written; the text names it.
        """
        is_new = run not in _ORIGINS
        self.settings = describe_run(run, stop)
        if not is_new and run.epoch > _ORIGINS[run][0] and run.is_whole:
            self.save(run, is_last=True)
            return
        try:
            settings, arrays = read_checkpoint(self.path)
        except FileNotFoundError:
            self.save(run, is_last=True)
            return
        self._compare(settings)
        try:
            epoch = len(arrays["curves/train_error"])
            if epoch > until:
                raise CheckpointError(
                    f"num_epochs must be >= {epoch - run.first_epoch} to go on from {self.path}, "
                    f"got {until - run.first_epoch}"
                )
            self._fill(run, arrays)
        except KeyError as error:
            raise CheckpointError(f"{self.path} lacks {error}") from error

    def save(self, run, is_last=False):
        """Write a run, if it is its turn; what the file held stays until all is written."""
        fit.check_whole(run)
        if not is_last and (run.epoch - run.first_epoch) % self.every:
            return
        names = list(run.curves[0]) if run.curves else ("train_error",)
        arrays = {f"curves/{name}": np.array([row[name] for row in run.curves]) for name in names}
        arrays |= {f"measured/{name}": np.array(rows) for name, rows in run.measured.items()}
        arrays |= {"running": run.running} | self._named(run, "state", run.state)
        for place, state in run.stack.stopped.items():
            arrays |= self._named(run, f"stopped/{place}", state)
        write_checkpoint(self.path, self.settings, arrays)

    def _compare(self, settings):
        """Refuse a file of a run with other settings."""
        names = dict.fromkeys([*self.settings, *settings])
        differences = [
            f"{name} was {settings.get(name)} and is now {self.settings.get(name)}"
            for name in names
            if settings.get(name) != self.settings.get(name)
        ]
        if differences:
            raise CheckpointError(f"{self.path} holds another run: {'; '.join(differences)}")

    def _named(self, run, prefix, tree):
        """Return the arrays of a tree on the host, by prefix and number."""
        to_host = run.data.backend.to_host
        return {f"{prefix}/{n}": to_host(array) for n, array in enumerate(leaves(tree))}

    def _fill(self, run, arrays):
        """Put the arrays of a file where they belong."""
        run.is_whole = False
        stack, running = Stack(run.stack.whole, len(run.seeds)), arrays["running"]
        for place in np.setdiff1d(np.arange(len(run.seeds)), running):
            state = take_seeds(stack.state, [place])
            stack.stopped[int(place)] = self._filled(run, state, f"stopped/{place}", arrays)
        if 0 < len(running) < len(run.seeds):
            stack.state = take_seeds(stack.state, running)
        if len(running):
            self._filled(run, stack.state, "state", arrays)
        stack.running = running
        curves = {
            name.removeprefix("curves/"): rows
            for name, rows in arrays.items()
            if name.startswith("curves/")
        }
        run.stack, run.epoch = stack, len(curves["train_error"])
        run.curves = [{name: rows[i] for name, rows in curves.items()} for i in range(run.epoch)]
        run.measured = {
            name.removeprefix("measured/"): list(rows)
            for name, rows in arrays.items()
            if name.startswith("measured/")
        }
        run.is_whole = True

    def _filled(self, run, tree, prefix, arrays):
        """Write a file's values into arrays that are there: so they keep their order in memory.

        A matrix and its transpose hold the same numbers, but a product of them may be rounded
        otherwise.
        """
        for number, array in enumerate(leaves(tree)):
            stored = arrays[f"{prefix}/{number}"]
            if stored.shape != tuple(array.shape):
                raise CheckpointError(
                    f"{self.path} holds {prefix}/{number} of shape {stored.shape}, "
                    f"and {tuple(array.shape)} is needed"
                )
            array[...] = run.data.backend.asarray(stored)
        return tree


def describe_run(run, stop=None):
    """Return everything that decides what a run computes, but for the number of its epochs.

    Parameters
    ----------
    run : dfa_utils.training.Run
    stop : float or callable, optional
        As `dfa_utils.training.Run.fit` takes it.

    Returns
    -------
    dict of str to str
        Arrays, and code, stand for themselves by a SHA-256.

    Raises
    ------
    ValueError
        If the code of a part cannot be read, as that of a function typed at a prompt.
    """
    recipe, data, backend = run.recipe, run.data, run.data.backend
    if run not in _ORIGINS:
        _ORIGINS[run] = run.epoch, _digest(run.stack.whole, backend)
    epoch, state = _ORIGINS[run]
    kinds = product(("train", "validation", "test"), ("images", "labels", "targets"))
    arrays = [getattr(data, "_".join(kind)) for kind in kinds]
    settings = {name: repr(value) for name, value in vars(recipe).items()}
    settings |= {"network": repr(run.network), "seeds": repr(run.seeds)}
    settings |= {"feedback_seeds": repr(run.feedback_seeds), "frozen": repr(sorted(run.frozen))}
    settings["stop"] = digest_of_object(stop) if callable(stop) else repr(stop)
    settings |= {"backend": backend.name, "dtype": run.dtype, "start": f"epoch {epoch}, {state}"}
    settings["data set"] = f"{data.name} {_digest([a for a in arrays if a is not None], backend)}"
    settings["code"] = digest_of_rooms()
    for name in ("rule", "optimizer", "dropout", "perturbation"):
        settings[f"code of {name}"] = digest_of_object(getattr(recipe, name))
    for name, function in run.measures.items():
        settings[f"code of measurement {name}"] = digest_of_object(function)
    return settings


def write_checkpoint(path, settings, arrays):
    """Write a checkpoint; the one that was there stays until the new one is whole.

    Parameters
    ----------
    path : pathlib.Path
    settings : dict
        What JSON can hold.
    arrays : dict of str to numpy.ndarray
        Of numbers.

    Raises
    ------
    OSError
        If it cannot be written; the text names the file.
    """
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(settings).encode(), np.uint8)
    np.savez(buffer, allow_pickle=False, **{SETTINGS: text}, **arrays)
    payload = buffer.getvalue()
    lines = f"{FIRST_LINE.format(FORMAT)}\n{hashlib.sha256(payload).hexdigest()}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lines.encode() + payload)
    except OSError as error:
        kept = "; an earlier one is kept" if path.is_file() else ""
        reason = error.strerror or type(error).__name__
        raise OSError(
            error.errno, f"the checkpoint {path} cannot be written ({reason}){kept}"
        ) from error


def read_checkpoint(path):
    """Read a checkpoint.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    settings : dict
    arrays : dict of str to numpy.ndarray

    Raises
    ------
    FileNotFoundError
        If there is none.
    OSError
        If it cannot be read; the text names the file.
    CheckpointError
        If it is not a checkpoint, of another format, or not as it was written.
    """
    path = check_path("path", path)
    try:
        return parse_checkpoint(path.read_bytes())
    except CheckpointError as error:
        advice = "Remove it to start from the first epoch."
        raise CheckpointError(f"{path} {error}. {advice}") from error.__cause__
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OSError(error.errno, f"the checkpoint {path} cannot be read ({reason})") from error


def parse_checkpoint(content):
    """Return settings and arrays of a checkpoint's bytes, or say what is wrong with them."""
    first_line, _, rest = content.partition(b"\n")
    digest, _, payload = rest.partition(b"\n")
    pattern = re.escape(FIRST_LINE).replace(r"\{\}", r"(\d+)").encode()
    match = re.fullmatch(pattern, first_line)
    if not match:
        raise CheckpointError("is not a checkpoint: its first line is another")
    if match[1] != str(FORMAT).encode():
        raise CheckpointError(f"has format {match[1].decode()}, and this code reads {FORMAT}")
    found = hashlib.sha256(payload).hexdigest().encode()
    if digest != found:
        raise CheckpointError("is damaged: its second line is not the SHA-256 of the rest")
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as file:
            arrays = dict(file)
        return json.loads(arrays.pop(SETTINGS).tobytes()), arrays
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"does not hold plain arrays and settings ({error})") from error


def _digest(tree, backend):
    """Return the SHA-256 of arrays: of their types, shapes and values."""
    digest = hashlib.sha256()
    for array in map(backend.to_host, leaves(tree)):
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
