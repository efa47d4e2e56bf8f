"""Ranges of columns.  Pure: numpy only."""

import numpy as np
from numpy.typing import NDArray


def ranges(body: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the minima and the maxima, shapes (G, d), of bodies of the kernel "column_range"."""
    low, high = np.split(body, 2, axis=1)
    return low, high
