"""Records that a program can read from an executed notebook, and where a result came from."""

import json
import math
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import numpy as np

PREFIX = "application/papermill.record/"
LIBRARIES = ("numpy", "cupy", "torch", "scikit-learn", "matplotlib")


def record(name, value):
    """Store a value in the running notebook under a name that programs can read.

    Parameters
    ----------
    name : str
    value : float, int, str, list or None
        Not-a-number is stored as None.
    """
    from IPython.display import display

    value = _plain(value)
    data = {f"{PREFIX}application/json": json.dumps(value), f"{PREFIX}text/plain": repr(value)}
    metadata = {"scrapbook": {"name": name, "mime_prefix": PREFIX}}
    display(data, metadata=metadata, raw=True)


def record_errors(prefix, quantity, errors):
    """Record and print the mean over the seeds, and the sample standard deviation, of errors.

    Parameters
    ----------
    prefix, quantity : str
        The records are ``{prefix}_{quantity}`` and ``{prefix}_{quantity}_std``.
    errors : array_like (seeds,)
        In percent. The deviation of a single seed is None.
    """
    errors = np.asarray(errors)
    mean, deviation = errors.mean(), errors.std(ddof=1) if len(errors) > 1 else None
    record(f"{prefix}_{quantity}", mean)
    record(f"{prefix}_{quantity}_std", deviation)
    spread = f" ± {deviation:.2f}" if deviation is not None else ", one seed"
    print(f"{prefix:8} {quantity.replace('_', ' '):15} {mean:6.2f} %{spread}")


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
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", ()))
    return {
        output["metadata"]["scrapbook"]["name"]: json.loads(
            output["data"][f"{PREFIX}application/json"]
        )
        for output in outputs
        if "scrapbook" in output.get("metadata", {})
    }


def show_provenance(backend, parameters, seconds):
    """Print what computed a notebook: device, versions, commit, parameters, seconds.

    Parameters
    ----------
    backend : Backend
    parameters : dict
    seconds : float
        Wall time; it is recorded too, as ``seconds``.
    """
    print(f"array library  {backend.name} on {backend.device_name}, {platform.machine()}")
    print(f"python         {platform.python_version()}")
    for library in LIBRARIES:
        try:
            print(f"{library:14} {version(library)}")
        except PackageNotFoundError:
            continue
    print(f"commit         {_commit()}")
    print(f"BLAS threads   {os.environ.get('OPENBLAS_NUM_THREADS', 'as the library chooses')}")
    for name, value in parameters.items():
        print(f"{name:14} {value!r}")
    print(f"seconds        {seconds:.0f}")
    record("seconds", round(seconds, 1))


def _plain(value):
    """Turn NumPy scalars into Python's own, and not-a-number into None."""
    if isinstance(value, np.generic):
        value = value.item()
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
