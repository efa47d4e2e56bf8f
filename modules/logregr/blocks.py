"""Linear algebra of many coefficients block by block, so that a cancel is seen between.  Pure: numpy only.

One call of LAPACK for a matrix of 2,000 rows takes half a second, and cannot be stopped.  Matrices are stacked,
shape (G, n, n); up to BLOCK rows numpy's own functions are taken.

Source: Golub & Van Loan, Matrix Computations, 4th ed., sections 3.1 and 4.2.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BLOCK = 256


def cholesky(matrices: Array) -> Array:
    """Lower triangular L with L L' = M; numpy's LinAlgError where a matrix is not positive."""
    n = matrices.shape[-1]
    if n <= BLOCK:
        return np.linalg.cholesky(matrices)
    lower = np.zeros_like(matrices)
    for j in range(0, n, BLOCK):
        own = slice(j, j + BLOCK)
        row = lower[:, own, :j]
        lower[:, own, own] = np.linalg.cholesky(matrices[:, own, own] - row @ row.swapaxes(1, 2))
        inverse = np.linalg.inv(lower[:, own, own]).swapaxes(1, 2)
        for i in range(j + BLOCK, n, BLOCK):
            below = slice(i, i + BLOCK)
            rest = matrices[:, below, own] - lower[:, below, :j] @ row.swapaxes(1, 2)
            lower[:, below, own] = rest @ inverse
    return lower


def inverse_of_lower(lower: Array) -> Array:
    """The inverse of a lower triangular matrix."""
    n = lower.shape[-1]
    if n <= BLOCK:
        return np.linalg.inv(lower)
    result = np.zeros_like(lower)
    for i in range(0, n, BLOCK):
        own = slice(i, i + BLOCK)
        result[:, own, own] = inverse = np.linalg.inv(lower[:, own, own])
        for j in range(0, i, BLOCK):
            to = slice(j, j + BLOCK)
            result[:, own, to] = -inverse @ (lower[:, own, :i] @ result[:, :i, to])
    return result


def product(a: Array, b: Array) -> Array:
    """a b, shapes (G, n, n)."""
    n = a.shape[-1]
    if n <= BLOCK:
        return a @ b
    return np.concatenate([a[:, i : i + BLOCK] @ b for i in range(0, n, BLOCK)], axis=1)


def solution(matrices: Array, right: Array) -> Array:
    """X with M X = B of positive matrices, B of few columns; NaN where some matrix is not positive."""
    try:
        inverse = inverse_of_lower(cholesky(matrices))
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)
    return inverse.swapaxes(1, 2) @ (inverse @ right)
