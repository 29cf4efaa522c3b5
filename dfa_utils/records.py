"""Records that a program can read from an executed notebook, and where a result came from."""

import json
import math
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import numpy as np

from dfa_utils.arrays import Backend
from dfa_utils.checks import check, check_instance, check_path, numbers, refuse
from dfa_utils.history import QUANTITIES, History

PREFIX = "application/papermill.record/"
LIBRARIES = (
    *("numpy", "cupy", "cupy-cuda12x", "cupy-cuda13x", "torch"),
    *("numba", "scipy", "scikit-learn", "matplotlib"),
)


def record(name, value):
    """Store a value in the running notebook under a name that programs can read.

    Parameters
    ----------
    name : str
    value : float, int, str, None, numpy.ndarray, or lists and dicts of them
        Not-a-number is stored as None, an array as nested lists.
    """
    from IPython.display import display

    check("name", name)
    try:
        value = _plain(value)
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        refuse("value", "numbers, text, None, or arrays, lists and dicts of them", value)
    data = {f"{PREFIX}application/json": text, f"{PREFIX}text/plain": repr(value)}
    metadata = {"scrapbook": {"name": name, "mime_prefix": PREFIX}}
    display(data, metadata=metadata, raw=True)


def record_errors(prefix, quantity, errors):
    """Record and print the mean over the seeds, and the sample standard deviation, of errors.

    Parameters
    ----------
    prefix, quantity : str
        The records are ``{prefix}_{quantity}`` and ``{prefix}_{quantity}_std``; an empty prefix
        is left out.
    errors : array_like (seeds,)
        In percent. The deviation of a single seed is None.
    """
    check("prefix", prefix)
    check("quantity", quantity)
    errors = _errors(errors)
    name = f"{prefix}_{quantity}" if prefix else quantity
    mean, deviation = errors.mean(), errors.std(ddof=1) if len(errors) > 1 else None
    record(name, mean)
    record(f"{name}_std", deviation)
    spread = f" ± {deviation:.2f}" if deviation is not None else ", one seed"
    print(f"{prefix:8} {quantity.replace('_', ' '):15} {mean:6.2f} %{spread}".lstrip())


def record_history(history):
    """Record the curves of a run and where each seed stopped; print errors and epochs.

    Parameters
    ----------
    history : History
        The records are ``train_error``, ``test_error`` (percent, at each seed's last epoch, mean
        over the seeds) and ``epochs_run`` (mean), each with ``_std`` and ``_per_seed``, and a
        ``_curve`` (epochs, seeds) of each of the four quantities.
    """
    check_instance("history", history, History)
    for quantity in ("train_error", "test_error"):
        record_errors("", quantity, history.last(quantity))
        record(f"{quantity}_per_seed", history.last(quantity))
    epochs = history.epochs_run
    record("epochs_run", epochs.mean())
    record("epochs_run_std", epochs.std(ddof=1) if len(epochs) > 1 else None)
    record("epochs_run_per_seed", epochs)
    print(f"epochs until each seed stopped: {', '.join(map(str, epochs))}")
    for quantity in QUANTITIES:
        record(f"{quantity}_curve", np.round(getattr(history, quantity), 6))


def read_records(path):
    """Read all records of an executed notebook.

    Parameters
    ----------
    path : str or path-like
        An ``.ipynb`` file.

    Returns
    -------
    dict of str to value
    """
    path = check_path("path", path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    except (ValueError, TypeError, KeyError):
        refuse("path", "an executed notebook", path)
    return {
        output["metadata"]["scrapbook"]["name"]: json.loads(
            output["data"][f"{PREFIX}application/json"]
        )
        for output in outputs
        if "scrapbook" in output.get("metadata", {})
    }


def show_provenance(backend, parameters, seconds):
    """Print and record what computed a notebook: device, versions, commit, parameters, seconds.

    Parameters
    ----------
    backend : Backend
    parameters : dict
    seconds : float
        Wall time; it is a record of its own, ``seconds``. The rest is in ``provenance``.
    """
    check_instance("backend", backend, Backend)
    check_instance("parameters", parameters, dict)
    for name in parameters:
        check("name", name)
    seconds = check("seconds", seconds)
    provenance = {
        "array library": f"{backend.name} on {backend.device_name}, {platform.machine()}",
        "python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES if _is_installed(library)},
        "commit": _commit(),
        "BLAS threads": os.environ.get("OPENBLAS_NUM_THREADS", "as the library chooses"),
    }
    for name, value in [*provenance.items(), *parameters.items(), ("seconds", round(seconds))]:
        print(f"{name:22} {value}")
    record("provenance", {**provenance, "parameters": parameters})
    record("seconds", round(seconds, 1))


def _errors(errors):
    """Return the errors of the seeds as an array."""
    array = numbers("errors", errors, "a number for each seed")
    if array.ndim != 1 or not array.size:
        refuse("errors", "a number for each seed", errors)
    return array


def _is_installed(library):
    """Tell whether a distribution of this name is there."""
    try:
        return bool(version(library))
    except PackageNotFoundError:
        return False


def _plain(value):
    """Turn what NumPy holds into Python's own numbers and lists, and not-a-number into None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _commit():
    """Return the commit of the checkout or of the installation from Git, else ``"unknown"``."""
    try:
        origin = json.loads(distribution("dfa_utils").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        origin = {}
    if "vcs_info" in origin:
        return origin["vcs_info"]["commit_id"]
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
