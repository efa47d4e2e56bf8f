"""The body of kernels that keep moments, as src/numeric/moments.h declares it."""

C_HEADER = "numeric/moments.h"


def moment_pair(i: int, j: int) -> int:
    """Return the number of the pair that sums z_i z_j, for 0 <= j <= i; a pair is two doubles, hi and lo."""
    return i * (i + 1) // 2 + j


def moments_minima(m: int) -> int:
    """Return where the minima of m columns begin; the pairs, two doubles each, lie before them."""
    return 2 * moment_pair(m + 1, 0)


def moments_maxima(m: int) -> int:
    """Return where the maxima begin."""
    return moments_minima(m) + m


def moments_pivots(m: int) -> int:
    """Return where the pivots begin."""
    return moments_maxima(m) + m


def moments_size(m: int) -> int:
    """Return how many doubles the body of m columns has."""
    return moments_pivots(m) + m
