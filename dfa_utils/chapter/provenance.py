"""Where the numbers of a notebook came from: device, versions, commit, parameters, seconds."""

import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from dfa_utils.chapter.records import record

LIBRARIES = (
    *("numpy", "cupy", "cupy-cuda12x", "cupy-cuda13x", "torch"),
    *("numba", "scipy", "scikit-learn", "matplotlib"),
)
ROOT = Path(__file__).resolve().parents[2]


def show_provenance(backend, parameters, seconds, timings=None):
    """Print and record what computed a notebook.

    Parameters
    ----------
    backend : Backend
    parameters : dict
        Of the notebook, by name.
    seconds : float
        Wall time; it is a record of its own, ``seconds``. The rest is in ``provenance``.
    timings : dict of str to float, optional
        What else was measured of time, by name.
    """
    provenance = {
        "array library": f"{backend.name} on {backend.device_name}, {platform.machine()}",
        "python": platform.python_version(),
        **installed_versions(),
        "commit": commit(),
        "BLAS threads": os.environ.get("OPENBLAS_NUM_THREADS", "as the library chooses"),
    }
    timings = {name: round(value, 3) for name, value in (timings or {}).items()}
    rows = [*provenance.items(), *parameters.items(), *timings.items(), ("seconds", round(seconds))]
    for name, value in rows:
        print(f"{name:22} {value}")
    record("provenance", {**provenance, "parameters": parameters, "timings": timings})
    record("seconds", round(seconds, 1))


def installed_versions():
    """Return the versions of the libraries that numbers may depend on, dict of str to str."""
    return {library: version(library) for library in LIBRARIES if _is_installed(library)}


def commit(root=ROOT):
    """Return the commit of the checkout, or of the installation from Git, else ``"unknown"``.

    Parameters
    ----------
    root : pathlib.Path
        The folder that holds the package. A repository that merely lies above it is not asked.

    Returns
    -------
    str
    """
    try:
        origin = json.loads(distribution("dfa_utils").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        origin = {}
    if "vcs_info" in origin:
        return origin["vcs_info"]["commit_id"]
    try:
        top = _git(root, "rev-parse", "--show-toplevel")
        is_ours = Path(top).resolve() == root.resolve()
        return _git(root, "describe", "--always", "--dirty") if is_ours else "unknown"
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(folder, *arguments):
    """Return what Git prints."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _is_installed(library):
    """Tell whether a distribution of this name is there."""
    try:
        return bool(version(library))
    except PackageNotFoundError:
        return False
