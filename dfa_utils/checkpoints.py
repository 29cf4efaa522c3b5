"""A file that holds a run between two epochs: written whole, and never read wrongly.

Its first line names the format, the second is the SHA-256 of the rest, and the rest is an ``npz``
of plain arrays, one of them the run's settings as JSON. Nothing in it is executed when it is read.
"""

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np

from dfa_utils.checks import check, check_path
from dfa_utils.files import write_whole

FORMAT = 1
FIRST_LINE = "dfa_utils checkpoint, format {}"
SETTINGS = "settings"


class CheckpointError(ValueError):
    """A checkpoint is damaged or belongs to another run; the text says what is wrong."""


def checkpoint_path(folder, name):
    """Return where a notebook keeps the checkpoint of one training run.

    Parameters
    ----------
    folder : str or None
        The notebook's ``checkpoint_dir``.
    name : str
        Of the run; a folder can serve several runs.

    Returns
    -------
    pathlib.Path or None
        None without a folder: then nothing is kept.
    """
    check("name", name)
    return None if check("checkpoint_dir", folder) is None else Path(folder) / f"{name}.checkpoint"


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
        write_whole(path, lines.encode() + payload)
    except OSError as error:
        text = f"the checkpoint {path} cannot be written ({error.strerror}); an earlier one is kept"
        raise OSError(error.errno, text) from error


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
    CheckpointError
        If it is not a checkpoint, of another format, or not as it was written.
    """
    path = check_path("path", path)
    try:
        return parse_checkpoint(path.read_bytes())
    except CheckpointError as error:
        advice = "Remove it to start from the first epoch."
        raise CheckpointError(f"{path} {error}. {advice}") from error.__cause__


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
