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
