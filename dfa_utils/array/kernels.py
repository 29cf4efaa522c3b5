"""The two steps that training spends its time in, as fast as the array library allows.

Plain gradient descent is one matrix product: ``weights -= x.mT @ error`` would write a gradient as
large as the weights and read it again, BLAS can subtract a product from where it lies. RMSprop
written operation by operation goes eight times through memory; compiled (by numba for NumPy, as an
``ElementwiseKernel`` for CuPy) it goes once. Where nothing can compile it, the plain form does it.
"""

import importlib
import math
from functools import cache

import numpy as np

from dfa_utils.array.backend import namespace_of

# Below this a call from Python for each seed costs more than the gradient's way through memory.
WORTHWHILE = 100_000


def subtract_product(weights, x, error):
    """Subtract ``x.mT @ error`` from ``weights`` in place.

    Parameters
    ----------
    weights : array (seeds, fan_in, fan_out)
    x : array (seeds, n, fan_in)
    error : array (seeds, n, fan_out)
    """
    product = None
    if isinstance(weights, np.ndarray) and weights[0].size >= WORTHWHILE:
        product = _gemm(weights.dtype.char)
    if product is None or not weights.flags.c_contiguous:
        weights -= x.mT @ error
        return
    for seed_weights, seed_x, seed_error in zip(weights, x, error, strict=True):
        # BLAS counts columns first, so to it each of these is its own transpose.
        product(
            -1.0,
            seed_error.T,
            seed_x.T,
            trans_b=True,
            beta=1.0,
            c=seed_weights.T,
            overwrite_c=True,
        )


@cache
def _gemm(type_char):
    """Return BLAS's general matrix product for a type, None where BLAS uses several threads.

    NumPy and SciPy each bring a BLAS of their own. The threads of both wait busily for work, so
    two products in turns, one by each, would take many times as long as they should.
    """
    from scipy.linalg.blas import get_blas_funcs  # loaded when it is first needed
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    if any(pool["num_threads"] > 1 for pool in pools):
        return None
    return get_blas_funcs("gemm", dtype=type_char)


def step_rmsprop(parameter, gradient, mean_square, rate, smoothing, epsilon):
    """Move an array of parameters and its running mean square in place, as RMSprop does.

    Parameters
    ----------
    parameter, gradient, mean_square : array (seeds, rows, columns)
    rate : float or array (seeds, 1, 1)
        The learning rate, or that of each seed.
    smoothing, epsilon : float
        As in `dfa_utils.optimizers.RMSprop`.
    """
    step = plain_rmsprop
    if isinstance(parameter, np.ndarray):
        # The compiled loop never copies, so what does not lie in one piece is not for it.
        if parameter.flags.c_contiguous and mean_square.flags.c_contiguous:
            step = _numba_rmsprop() or plain_rmsprop
    elif type(parameter).__module__.startswith("cupy"):
        step = _cupy_rmsprop()
    step(parameter, gradient, mean_square, rate, smoothing, epsilon)


def plain_rmsprop(parameter, gradient, mean_square, rate, smoothing, epsilon):
    """Do what `step_rmsprop` does in operations of the array API standard.

    Parameters
    ----------
    parameter, gradient, mean_square, rate, smoothing, epsilon : object
        As `step_rmsprop` takes them.
    """
    mean_square *= smoothing
    mean_square += (1 - smoothing) * (gradient * gradient)
    root = namespace_of(gradient).sqrt(mean_square)
    parameter -= rate * (gradient / (root + epsilon))


@cache
def _numba_rmsprop():
    """Compile the step for NumPy, at the first step and not at import; None without numba."""
    try:
        numba = importlib.import_module("numba")
    except ModuleNotFoundError:
        return None
    except Exception as error:  # numba refuses a NumPy that is too new, or lacks a library
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        print(f"RMSprop goes on without numba, which cannot be loaded ({reason})")
        return None

    # Without NumPy's error model every division is guarded, and the loop is not vectorised.
    @numba.njit(fastmath=True, error_model="numpy")
    def loop(parameter, gradient, mean_square, rate, smoothing, rest, epsilon):
        parameter = parameter.reshape(-1)
        gradient, mean_square = gradient.reshape(-1), mean_square.reshape(-1)
        for i in range(parameter.size):
            g = gradient[i]
            m = smoothing * mean_square[i] + rest * g * g
            mean_square[i] = m
            parameter[i] -= rate * g / (math.sqrt(m) + epsilon)

    def step(parameter, gradient, mean_square, rate, smoothing, epsilon):
        factors = _factors(parameter.dtype, smoothing, epsilon)
        gradient = np.ascontiguousarray(gradient)
        if isinstance(rate, float):
            loop(parameter, gradient, mean_square, parameter.dtype.type(rate), *factors)
            return
        for seed, seed_rate in enumerate(rate[:, 0, 0]):
            loop(parameter[seed], gradient[seed], mean_square[seed], seed_rate, *factors)

    return step


@cache
def _cupy_rmsprop():
    """Compile the step for CuPy, as one kernel."""
    cupy = importlib.import_module("cupy")
    kernel = cupy.ElementwiseKernel(
        "T g, T rate, T smoothing, T rest, T epsilon",
        "T parameter, T mean_square",
        """
        mean_square = smoothing * mean_square + rest * g * g;
        parameter -= rate * g / (sqrt(mean_square) + epsilon);
        """,
        "rmsprop_step",
    )

    def step(parameter, gradient, mean_square, rate, smoothing, epsilon):
        factors = _factors(parameter.dtype, smoothing, epsilon)
        if isinstance(rate, float):
            rate = parameter.dtype.type(rate)
        kernel(gradient, rate, *factors, parameter, mean_square)

    return step


@cache
def _factors(dtype, smoothing, epsilon):
    """Return the factors in the type of the arrays: small layers feel each conversion."""
    return tuple(map(dtype.type, (smoothing, 1 - smoothing, epsilon)))
