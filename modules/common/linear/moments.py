"""Sums, minima and maxima in states of the kernel "moments" without pivots (see `raw_moments`).

Bodies have shape (G, b).  Their m columns z end with the target; with z_0 = 1, the sums are those of z_i z_j.
Pure: numpy only.
"""

import math

import numpy as np

from madpy.modules.common.linear.matrices import Array, triangle
from madpy.ports.postgres.layouts.moments import moment_pair, moments_maxima, moments_minima, moments_pivots


def column_count(body: Array) -> int:
    """Returns m: a body of m columns has m^2 + 5 m + 2 numbers."""
    m = (math.isqrt(4 * body.shape[1] + 17) - 5) // 2
    assert moments_pivots(m) == body.shape[1]
    return m


def sums(body: Array) -> tuple[Array, Array]:
    """Returns the sums, and what the rounding of each has left; two times shape (G, m + 1, m + 1)."""
    m = column_count(body)
    pairs = body[:, : moments_minima(m)].reshape(len(body), -1, 2)
    return triangle(pairs[:, :, 0], m + 1), triangle(pairs[:, :, 1], m + 1)


def sum_of(body: Array, i: int, j: int) -> Array:
    """Returns the sum of z_i z_j, j <= i, and what its rounding has left; shape (G, 2)."""
    at = 2 * moment_pair(i, j)
    return body[:, at : at + 2]


def ranges(body: Array) -> tuple[Array, Array]:
    """Returns the smallest and the largest values of the columns, two times shape (G, m)."""
    m = column_count(body)
    return body[:, moments_minima(m) : moments_maxima(m)], body[:, moments_maxima(m) : moments_pivots(m)]


def without_column(body: Array, column: int) -> Array:
    """Returns bodies without one of their columns, counted from 0."""
    m = column_count(body)
    row, other = np.tril_indices(m + 1)
    keeps_pair = (row != column + 1) & (other != column + 1)
    keeps_end = np.arange(m) != column
    return body[:, np.concatenate([np.repeat(keeps_pair, 2), keeps_end, keeps_end])]
