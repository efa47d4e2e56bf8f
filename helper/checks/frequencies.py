"""The rule for weights that say how many times a row counts.

All methods have it but regr, whose weights are analytic.
"""

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError

LARGEST = 1e15  # LARGEST_FREQUENCY of engine/kernel.h
SMALLEST_SUM = 1e-15


def check_frequencies(sums: NDArray[np.float64], rows: NDArray[np.int64]) -> None:
    """Raise an error if weights of a group are out of range; `sums` are over `rows` rows of each group, (G,).

    Kernels raise an error for each weight above the largest; a method that gets sums first finds such a
    weight by the mean of all weights.
    """
    used = rows > 0
    mean = sums[used] / rows[used]
    if (mean > LARGEST).any():
        raise MadpyError(
            f"a weight is {mean.max():g} or more in some row, more than {LARGEST:g}",
            sqlstate="22003",
            hint="divide all weights by one number",
        )
    if (sums[used] < SMALLEST_SUM).any():
        raise MadpyError(
            f"the weights of all rows sum to {sums[used].min():g}, less than {SMALLEST_SUM:g}",
            sqlstate="22003",
            hint="multiply all weights by one number",
        )
