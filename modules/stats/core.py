"""Which quantiles are asked for, and what the estimates of summary are worth.  Pure.

The sketches are in C (sketch.h); their errors here are those of the papers named there.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

QUARTILES = (0.25, 0.5, 0.75)
HLL_REGISTERS = 2**14
FREQUENT_COUNTERS = 1536


def fractions(get_quartiles: bool, ntile_array: Sequence[float] | None) -> list[float]:
    """The fractions to ask for: the quartiles first, if they are wanted, then those of `ntile_array`."""
    return [*(QUARTILES if get_quartiles else ()), *map(float, ntile_array or ())]


def distinct_error() -> float:
    """Relative standard error of an estimated number of distinct values.

    Source: Flajolet, Fusy, Gandouet & Meunier (2007), HyperLogLog, theorem 1.
    """
    return float(1.04 / np.sqrt(HLL_REGISTERS))


def frequency_error(num_rows: int) -> float:
    """Rows by which a frequency may be too low at most, of `num_rows` that are not NULL.

    Each time counters run out, the upper half of them loses the median: that many rows at least are used up.
    """
    return 2 * num_rows / FREQUENT_COUNTERS


def rank_errors(
    sample: NDArray[np.float64], found: Sequence[float], wanted: Sequence[float]
) -> NDArray[np.float64]:
    """By how much of all rows each quantile in `found` misses its rank; 0 where a tie covers it."""
    ordered = np.sort(sample)
    low = np.searchsorted(ordered, found, side="left") / len(ordered)
    high = np.searchsorted(ordered, found, side="right") / len(ordered)
    wished = np.asarray(wanted)
    missed: NDArray[np.float64] = np.maximum(np.maximum(low - wished, wished - high), 0)
    return missed
