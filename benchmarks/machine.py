"""What a run was measured on."""

import os
import platform
import subprocess
from importlib.metadata import packages_distributions, version
from pathlib import Path

from benchmarks.measure import ROOT, available_cores

LIBRARIES = ("numpy", "torch", "torchvision", "jax", "jaxlib", "numba", "scikit-learn")


def machine():
    """Return the processor, how busy it is, the versions and the commit.

    Returns
    -------
    dict
    """
    return {
        "cpu": cpu_model(),
        "cores": len(available_cores()),
        "load_average": os.getloadavg()[0],  # of the minute before the run: 0 is a quiet machine
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {library: version(library) for library in LIBRARIES},
        "commit": commit(),
    }


def gpu():
    """Return the graphics card and its driver, as the driver names them, and the version of CuPy.

    Returns
    -------
    dict
        Without a driver or CuPy, words that say so.
    """
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        card = subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        card = "no driver answers"
    names = packages_distributions().get("cupy", ["CuPy is not installed"])
    found = [f"{name} {version(name)}" if name.startswith("cupy") else name for name in names]
    return {"gpu": card, "cupy": ", ".join(found)}


def cpu_model():
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def commit():
    """Return the commit of the tree, with a mark if files differ from it."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
