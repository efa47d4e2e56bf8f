"""States of the kernel "moments" for numpy: sums of the columns without pivots."""

import math

import numpy as np

from madpy.ports.postgres.layouts.moments import moment_pair, moments_pivots, moments_size
from madpy.ports.postgres.scan.states import Array

Pair = tuple[Array, Array]  # a double-double: a rounded number and its rounding error


def raw_moments(body: Array) -> Array:
    """Return bodies without pivots, (G, b): pairs of sums of z_i z_j, row by row, minima, maxima.

    C sums columns less a pivot each, which is not zero if the first values of a column are far from zero.
    """
    m = _columns(body)
    raw, pivots = np.split(body, [moments_pivots(m)], axis=1)
    moved = np.flatnonzero(pivots.any(axis=1))
    if len(moved):
        raw = raw.copy()
        raw[moved] = _moved_back(raw[moved], pivots[moved], m)
    return raw


def _columns(body: Array) -> int:
    """Return the number of columns of a body: the m for which m^2 + 6 m + 2 is its length."""
    m = math.isqrt(body.shape[1] + 7) - 3
    assert moments_size(m) == body.shape[1]
    return m


def _moved_back(raw: Array, pivots: Array, m: int) -> Array:
    """Compute sums of (z_i + p_i) (z_j + p_j) from those of z_i z_j; the first z is 1 and has no pivot."""
    result = raw.copy()
    p = np.column_stack([np.zeros(len(raw)), pivots])

    def held(i: int, j: int) -> Pair:
        at = 2 * moment_pair(i, j)
        return raw[:, at], raw[:, at + 1]

    for i in range(1, m + 1):
        for j in range(i + 1):
            total = _add(held(i, j), _times(held(j, 0), p[:, i]))
            if j > 0:
                total = _add(total, _times(held(i, 0), p[:, j]))
                total = _add(total, _times(_times(held(0, 0), p[:, i]), p[:, j]))
            at = 2 * moment_pair(i, j)
            result[:, at], result[:, at + 1] = total
    return result


def _two_sum(a: Array, b: Array) -> Pair:
    """Return a + b exactly, as a rounded sum and its error (Knuth)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


def _two_product(a: Array, b: Array) -> Pair:
    """Return a b exactly, as a rounded product and its error (Dekker, with Veltkamp's splitting)."""
    (a1, a2), (b1, b2) = (
        (c - (c - x), x - (c - (c - x))) for x, c in ((a, a * 134217729.0), (b, b * 134217729.0))
    )
    product = a * b
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def _add(a: Pair, b: Pair) -> Pair:
    high, low = _two_sum(a[0], b[0])
    return _two_sum(high, low + (a[1] + b[1]))


def _times(a: Pair, b: Array) -> Pair:
    high, low = _two_product(a[0], b)
    return _two_sum(high, low + a[1] * b)
