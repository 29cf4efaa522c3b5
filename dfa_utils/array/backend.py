"""Which array library computes, on which device, and the way there and back.

All numerical rooms are written against the Python array API standard, so the same lines run
on NumPy, CuPy and PyTorch. Nothing here imports an array library before it is asked for.
"""

import importlib
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import array_api_compat
import numpy as np

from dfa_utils.validation import check


@dataclass(frozen=True)
class Backend:
    """An array library together with one of its devices.

    Parameters
    ----------
    name : str
        For messages and provenance: ``"numpy"``, ``"cupy"`` or ``"torch"``.
    xp : module
        A namespace that follows the array API standard.
    device : object
        The device on which arrays are made, as ``xp`` names it; None is the library's default.
    host_device : object
        The device whose arrays NumPy can read, as ``xp`` names it.
    """

    name: str
    xp: ModuleType = field(repr=False)
    device: Any = None
    host_device: Any = "cpu"

    def asarray(self, host_array, dtype=None):
        """Copy a NumPy array (or what becomes one) to the device.

        Parameters
        ----------
        host_array : array_like
        dtype : str, optional
            Such as ``"float32"``; by default the type that ``host_array`` has.

        Returns
        -------
        array
            An array of the backend that shares no memory with ``host_array``.
        """
        host_array = np.asarray(host_array, dtype=dtype)
        return self.xp.asarray(host_array, device=self.device, copy=True)

    def to_host(self, array):
        """Copy an array of the backend to the host.

        Parameters
        ----------
        array : array (...)

        Returns
        -------
        numpy.ndarray (...)
            Of the same type.
        """
        return np.asarray(array_api_compat.to_device(array, self.host_device))

    @property
    def device_name(self):
        """What computes, in words that a reader knows: ``"CPU"`` or the name of the GPU."""
        if self.name == "cupy":
            return self.xp.cuda.runtime.getDeviceProperties(0)["name"].decode()
        if self.name == "torch" and self.device == "cuda":
            return self.xp.cuda.get_device_name()
        return "CPU"


def cuda_is_available():
    """Tell whether CuPy is installed, can be loaded, and a CUDA device answers it.

    An installation of CuPy that breaks, whatever it raises, means that there is no GPU to use. A
    line says so, once: without it a reader would wonder why the GPU stands still.

    Returns
    -------
    bool
    """
    return _why_no_cuda() is None


@cache
def _why_no_cuda():
    """Return None where CuPy can compute, else why it cannot."""
    try:
        return None if importlib.import_module("cupy").is_available() else "no CUDA device answers"
    except ModuleNotFoundError as error:
        if error.name == "cupy":
            return "CuPy is not installed"
        broken = error
    # Without a home folder or a driver, or with a library of another version, CuPy raises
    # OSError, RuntimeError, AttributeError and more.
    except Exception as error:
        broken = error
    reason = " ".join(f"CuPy cannot be used ({type(broken).__name__}: {broken})".split())
    print(f"no GPU: {reason}")
    return reason


def get_backend(backend="auto"):
    """Choose the array library and the device.

    Parameters
    ----------
    backend : {"auto", "numpy", "cupy", "torch"} or Backend
        ``"auto"`` is CuPy where a CUDA device answers and NumPy elsewhere. ``"torch"`` uses CUDA
        where PyTorch finds it. A `Backend` is handed back as it is.

    Returns
    -------
    Backend

    Raises
    ------
    ValueError
        If the name is not one of these.
    ImportError
        If the library that was asked for is not installed.
    RuntimeError
        If CuPy was asked for and no CUDA device answers.
    """
    if isinstance(backend, Backend):
        return backend
    check("backend", backend)
    if backend == "auto":
        backend = "cupy" if cuda_is_available() else "numpy"
    elif backend == "cupy":
        importlib.import_module("cupy")
        if reason := _why_no_cuda():
            raise RuntimeError(f"backend='cupy' was asked for, but {reason}")
    xp = importlib.import_module(f"array_api_compat.{backend}")
    device = ("cuda" if xp.cuda.is_available() else "cpu") if backend == "torch" else None
    return Backend(backend, xp, device)


_NAMESPACES = {}


def namespace_of(array):
    """Return the array API namespace of an array.

    ``array_api_compat.array_namespace`` answers the same question, but takes tens of microseconds,
    as long as a layer of a small network; the answer depends on the type alone, so it is kept.

    Parameters
    ----------
    array : array

    Returns
    -------
    module
    """
    kind = type(array)
    if kind not in _NAMESPACES:
        _NAMESPACES[kind] = array_api_compat.array_namespace(array)
    return _NAMESPACES[kind]
