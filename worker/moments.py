"""Moments of columns: counts, means, squares around them, least and largest values, from one pass."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CHUNK = 4096  # rows that are in the processor's cache at once


@dataclass(frozen=True)
class Moments:
    """Figures of each column over its values that are not NaN, shape (k,)."""

    rows: int
    count: Floats
    mean: Floats
    squares: Floats  # sum of squares around the mean
    least: Floats  # infinity without a value
    most: Floats

    @property
    def nulls(self) -> Floats:
        return self.rows - self.count

    @property
    def has_nulls(self) -> bool:
        return bool((self.count < self.rows).any())

    @property
    def peaks(self) -> Floats:
        """Return the largest absolute values, NaN where there is no value."""
        return np.where(self.count > 0, np.maximum(np.abs(self.least), np.abs(self.most)), np.nan)


def moments_of(values: Floats) -> Moments:
    """Return the moments of the columns of `values`, shape (n, k).

    Chunks are merged by the formula of Chan, Golub & LeVeque (1983).
    """
    k = values.shape[1]
    count, mean, squares = np.zeros(k), np.zeros(k), np.zeros(k)
    least, most = np.full(k, math.inf), np.full(k, -math.inf)
    with np.errstate(all="ignore"):  # columns without a value, and squares that overflow
        for start in range(0, len(values), CHUNK):
            part = np.array(values[start : start + CHUNK].T, order="C")  # a copy: its rows are summed faster
            own, center, around, low, high = _chunk(part)
            step, both = center - mean, np.maximum(count + own, 1)
            squares += around + step * step * count * own / both
            mean += step * own / both
            count += own
            least, most = np.fmin(least, low), np.fmax(most, high)
    return Moments(len(values), count, mean, squares, least, most)


def _chunk(part: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return count, mean, squares around it, least and largest of each row of a chunk, which is changed."""
    own = np.full(len(part), float(part.shape[1]))
    total = part.sum(axis=1)
    low, high = part.min(axis=1), part.max(axis=1)
    if np.isnan(total).any():
        missing = np.isnan(part)
        own -= missing.sum(axis=1)
        low, high = np.fmin.reduce(part, axis=1), np.fmax.reduce(part, axis=1)
        total = np.where(missing, 0, part).sum(axis=1)
    center = total / np.maximum(own, 1)
    part -= center[:, None]
    if (own < part.shape[1]).any():
        part[np.isnan(part)] = 0
    return own, center, np.einsum("ij,ij->i", part, part), low, high
