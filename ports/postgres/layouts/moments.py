"""The body of kernels that keep moments, as src/numeric/moments.h declares it."""

C_HEADER = "numeric/moments.h"


def moment_pair(i: int, j: int) -> int:
    """Return the number of the pair that sums z_i z_j, for 0 <= j <= i; a pair is two doubles, hi and lo."""
    return i * (i + 1) // 2 + j


def moments_minima(m: int) -> int:
    """Return the position of the minima of m columns, which follow the pairs of two doubles each."""
    return 2 * moment_pair(m + 1, 0)


def moments_maxima(m: int) -> int:
    """Return the position of the maxima."""
    return moments_minima(m) + m


def moments_pivots(m: int) -> int:
    """Return the position of the pivots."""
    return moments_maxima(m) + m


def moments_size(m: int) -> int:
    """Return the number of doubles in the body of m columns."""
    return moments_pivots(m) + m
