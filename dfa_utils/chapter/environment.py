"""What a report of a problem needs: package, device, versions, data, settings."""

import os
import platform
import sys
from pathlib import Path

import dfa_utils
from dfa_utils.array import get_backend
from dfa_utils.chapter.provenance import commit, installed_versions
from dfa_utils.data.datasets import DATASETS
from dfa_utils.data.sources import cache_folder

SETTINGS = ("DFA_DATA", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MPLBACKEND")


def describe_environment():
    """Describe where the package runs, in lines that can be pasted into a report.

    What breaks while it is looked at is said in its line: this is for those whose installation
    does not work.

    Returns
    -------
    str
    """
    lines = {
        "dfa_utils": _or_why_not(lambda: f"{dfa_utils.__version__}, commit {commit()}"),
        "installed in": Path(dfa_utils.__file__).parent,
        "python": f"{platform.python_version()}, {sys.executable}",
        "system": f"{platform.platform()}, {os.cpu_count()} cores",
        "device": _or_why_not(_device),
        **installed_versions(),
        **{f"data, {name}": _or_why_not(lambda name=name: _data(name)) for name in DATASETS},
        **{name: os.environ.get(name, "not set") for name in SETTINGS},
    }
    return "\n".join(f"{name:22} {value}" for name, value in lines.items())


def _device():
    """Return which library computes on which device where nobody chooses."""
    backend = get_backend()
    return f"{backend.name} on {backend.device_name}"


def _data(name):
    """Return where the files of a data set are kept, and how many bytes of them are there."""
    if not DATASETS[name].files:
        return "part of scikit-learn"
    folder = cache_folder(DATASETS[name].files.name)
    size = sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
    return f"{folder}, {size / 1e6:.0f} MB" if size else f"{folder}, nothing yet"


def _or_why_not(look):
    """Return what a function returns, or in one line why it does not."""
    try:
        return look()
    except Exception as error:
        return f"cannot be told: {type(error).__name__}: {' '.join(str(error).split())}"
