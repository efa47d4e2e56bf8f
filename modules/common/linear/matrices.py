"""Matrices of many groups at once, for fits of coefficients.  Pure: numpy only.

Arrays hold one matrix per group, shape (G, n, n).
"""

from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.intp]  # numbers of some groups

BLOCK = 256  # rows of a matrix that numpy's own functions take at once
NUMBERS_IN_CACHE = 2**15  # numbers of the matrices worked on together: they stay in the second-level cache


def pieces(groups: int, k: int) -> Iterator[slice]:
    """Yield slices of the groups; a single empty one if there are no groups."""
    step = max(1, NUMBERS_IN_CACHE // k**2)
    return (slice(start, start + step) for start in range(0, max(groups, 1), step))


def triangle(values: Array, n: int) -> Array:
    """Build symmetric matrices, shape (G, n, n), from their lower triangles row by row."""
    row, column = np.tril_indices(n)
    position = np.empty((n, n), dtype=np.intp)
    position[row, column] = position[column, row] = np.arange(len(row))
    return np.take(values, position, axis=1)


def centred(high: Array, low: Array, shift: Array) -> Array:
    """Compute sums of (x_i - c_i) (x_j - c_j) from pairs of sums of products, the first row being sums.

    The product of the means may be nearly as large as the sum that it is subtracted from, so the pairs are
    subtracted before they are rounded to one number.
    """
    sum_high, sum_low = high[:, 0, 1:], low[:, 0, 1:]
    product, rest = _product(high[:, 0, :1], shift)
    left = (sum_high - product) + (sum_low - rest)  # rounding errors of the sums, after centring
    product, rest = _product(shift[:, :, None], sum_high[:, None, :])
    products = high[:, 1:, 1:]
    difference = products - product
    back = difference - products
    error = (products - (difference - back)) + (-product - back)
    rest = rest + shift[:, :, None] * sum_low[:, None, :] + left[:, :, None] * shift[:, None, :]
    gram = difference + (error + (low[:, 1:, 1:] - rest))
    return (gram + gram.swapaxes(1, 2)) / 2


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    """Return a b and its rounding error.  Source: Dekker (1971), Numerische Mathematik 18, 224-242."""
    product = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: Array) -> tuple[Array, Array]:
    scaled = 134217729.0 * a
    high = scaled - (scaled - a)
    return high, a - high


def scaled_to_ones(hessian: Array, in_model: Mask) -> tuple[Array, Array]:
    """Return the Hessian with ones on its diagonal, and scales; 1 and 0 for features not `in_model`."""
    length = np.diagonal(hessian, axis1=1, axis2=2)
    usable = in_model & (length > 0)
    scale = np.where(usable, 1 / np.sqrt(np.where(usable, length, 1)), 0)
    scaled = hessian * scale[:, :, None] * scale[:, None, :]
    diagonal = np.arange(in_model.shape[1])
    scaled[:, diagonal, diagonal] = 1
    return scaled, scale


def solved(matrices: Array, right: Array) -> Array:
    """Solve stacked systems; a singular one by its pseudoinverse, or with NaN if that takes long."""
    if matrices.shape[-1] > BLOCK:
        return block_solution(matrices, right)
    try:
        return cast(Array, np.linalg.solve(matrices, right))
    except np.linalg.LinAlgError:
        return np.linalg.pinv(matrices, hermitian=True) @ right


# --- matrices of many features, block by block: one call of LAPACK for 2,000 rows takes half a second, and
# cannot be cancelled.  Golub & Van Loan, Matrix Computations, 4th ed., sections 3.1 and 4.2. ---


def cholesky(matrices: Array) -> Array:
    """Return lower triangular L with L L' = M; raise numpy's LinAlgError if a matrix is not positive."""
    n = matrices.shape[-1]
    if n <= BLOCK:
        return cast(Array, np.linalg.cholesky(matrices))
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
    """Return the inverses of lower triangular matrices."""
    n = lower.shape[-1]
    if n <= BLOCK:
        return cast(Array, np.linalg.inv(lower))
    result = np.zeros_like(lower)
    for i in range(0, n, BLOCK):
        own = slice(i, i + BLOCK)
        result[:, own, own] = inverse = np.linalg.inv(lower[:, own, own])
        for j in range(0, i, BLOCK):
            to = slice(j, j + BLOCK)
            result[:, own, to] = -inverse @ (lower[:, own, :i] @ result[:, :i, to])
    return result


def block_product(a: Array, b: Array) -> Array:
    """Multiply matrices a and b, shapes (G, n, n)."""
    n = a.shape[-1]
    if n <= BLOCK:
        return a @ b
    return np.concatenate([a[:, i : i + BLOCK] @ b for i in range(0, n, BLOCK)], axis=1)


def block_solution(matrices: Array, right: Array) -> Array:
    """Return X with M X = B for positive matrices, B of few columns; NaN if some matrix is not positive."""
    try:
        inverse = inverse_of_lower(cholesky(matrices))
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)
    return inverse.swapaxes(1, 2) @ (inverse @ right)
