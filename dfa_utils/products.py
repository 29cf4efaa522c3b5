"""The step of plain gradient descent as one matrix product.

``weights -= x.mT @ error`` writes a gradient as large as the weights and reads it again. BLAS can
subtract a product from where it lies instead, which keeps one large array less in the cache.
"""

from functools import cache

import numpy as np

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
    is_numpy = isinstance(weights, np.ndarray) and weights.flags.c_contiguous
    if not is_numpy or weights[0].size < WORTHWHILE:
        weights -= x.mT @ error
        return
    product = _gemm(weights.dtype.char)
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
    """Return BLAS's general matrix product for a type; SciPy is loaded when it is first needed."""
    from scipy.linalg.blas import get_blas_funcs

    return get_blas_funcs("gemm", dtype=type_char)
