"""RMSprop's step in one pass over memory, where a compiler for the array library is there.

Written operation by operation, the step reads and writes arrays as large as the network eight
times, and memory is what it waits for. Numba compiles it for NumPy and ``cupy.ElementwiseKernel``
for CuPy; neither is needed, and None says that the plain form has to do.
"""

import importlib
import importlib.util
import math
from functools import cache

import numpy as np


def fused_rmsprop(array):
    """Return the compiled step for arrays of this kind.

    Parameters
    ----------
    array : array
        Any array of the network.

    Returns
    -------
    callable or None
        ``step(parameter, gradient, mean_square, learning_rate, smoothing, epsilon)``, which
        changes ``parameter`` and ``mean_square`` in place and equals
        `dfa_utils.optimizers.RMSprop` up to rounding. None where nothing can compile it.
    """
    if isinstance(array, np.ndarray):
        return _numba_step()
    if type(array).__module__.startswith("cupy"):
        return _cupy_step()
    return None


@cache
def _numba_step():
    """Compile the step for NumPy; numba is loaded at the first step, not at import."""
    if importlib.util.find_spec("numba") is None:
        return None
    numba = importlib.import_module("numba")

    # Without NumPy's error model every division is guarded, and the loop is not vectorised. An
    # array that does not lie in one piece cannot be reshaped here: an error, and never a copy.
    @numba.njit(fastmath=True, error_model="numpy")
    def loop(parameter, gradient, mean_square, learning_rate, smoothing, rest, epsilon):
        parameter = parameter.reshape(-1)
        gradient, mean_square = gradient.reshape(-1), mean_square.reshape(-1)
        for i in range(parameter.size):
            g = gradient[i]
            m = smoothing * mean_square[i] + rest * g * g
            mean_square[i] = m
            parameter[i] -= learning_rate * g / (math.sqrt(m) + epsilon)

    def step(parameter, gradient, mean_square, learning_rate, smoothing, epsilon):
        factors = _factors(parameter.dtype, learning_rate, smoothing, epsilon)
        loop(parameter, gradient, mean_square, *factors)

    return step


@cache
def _cupy_step():
    """Compile the step for CuPy, as one kernel."""
    cupy = importlib.import_module("cupy")
    kernel = cupy.ElementwiseKernel(
        "T g, T learning_rate, T smoothing, T rest, T epsilon",
        "T parameter, T mean_square",
        """
        mean_square = smoothing * mean_square + rest * g * g;
        parameter -= learning_rate * g / (sqrt(mean_square) + epsilon);
        """,
        "rmsprop_step",
    )

    def step(parameter, gradient, mean_square, learning_rate, smoothing, epsilon):
        factors = _factors(parameter.dtype, learning_rate, smoothing, epsilon)
        kernel(gradient, *factors, parameter, mean_square)

    return step


@cache
def _factors(dtype, learning_rate, smoothing, epsilon):
    """Return the factors of a step in the type of the arrays: small layers feel each conversion."""
    return tuple(map(dtype.type, (learning_rate, smoothing, 1 - smoothing, epsilon)))
