"""Counts of rows, and the losses that follow from them.  Pure: numpy only.

Counts of a node, of a bin or of a set of rows are one vector, the last axis: of a classification the rows of
each class, of a regression rows, sum and sum of squares of the target less a shift.

Source: Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, chapters 2 and 4.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from madpy.modules.common.trees.layout import STAT_ROWS, STAT_SQUARES, STAT_SUM

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

TINY = 1e-10  # a gain below this share of a node's loss is rounding
ROUNDING = 1e-13  # rounding, as a share of a sum of weights; whole weights are not rounded
NUMBERS_AT_ONCE = 500_000  # numbers in one call of numpy


@dataclass(frozen=True)
class Rule:
    """The rule by which splits are compared: `criterion` is gini, entropy or variance."""

    criterion: str
    min_bucket: int


def rows_of(counts: Array, criterion: str) -> Array:
    """Return the numbers of rows that counts stand for."""
    rows: Array = counts[..., STAT_ROWS] if criterion == "variance" else counts.sum(axis=-1)
    return rows


def divisor(rows: Array) -> Array:
    """Return numbers of rows to divide by, with 1 in place of 0."""
    return np.where(rows > 0, rows, 1)


def rest(total: Array, left: Array, criterion: str) -> Array:
    """Return the counts of `total` without `left`; a class with only the rounding of weights gets 0."""
    right: Array = total - left
    return right if criterion == "variance" else np.where(right > ROUNDING * total, right, 0)


def loss(counts: Array, criterion: str) -> Array:
    """Return rows times impurity, which is Gini's index, entropy in bits, or variance."""
    rows = rows_of(counts, criterion)
    return square_part(counts, criterion) - explained_part(counts, rows, criterion)


def square_part(counts: Array, criterion: str) -> Array:
    """Return the part of a node's loss that every split leaves the same."""
    if criterion == "variance":
        square: Array = counts[..., STAT_SQUARES]
    else:
        square = rows_of(counts, criterion) if criterion == "gini" else np.zeros(counts.shape[:-1])
    return square


def explained_part(counts: Array, rows: Array, criterion: str) -> Array:
    """Return minus the part of a node's loss that a split changes: both sides exceed the node by the gain."""
    if criterion == "entropy":
        bits: Array = _n_log_n(counts).sum(axis=-1) - _n_log_n(rows)
        return bits
    square = counts[..., STAT_SUM] ** 2 if criterion == "variance" else np.einsum("...c,...c", counts, counts)
    result: Array = square / divisor(rows)
    return result


def _n_log_n(counts: Array) -> Array:
    result: Array = counts * np.log2(divisor(counts))
    return result


def taken(counts: Array, *places: Integers) -> Array:
    """Return `counts[places]`, piece by piece; places are arrays of the same length."""
    result = np.empty((len(places[0]), *counts.shape[len(places) :]))
    for own in parts(len(result), result[:1].size):
        result[own] = counts[tuple(index[own] for index in places)]
    return result


def parts(count: int, each: int) -> Iterator[slice]:
    """Yield slices of `count` items of `each` numbers, since a call of numpy cannot be cancelled."""
    step = max(1, NUMBERS_AT_ONCE // max(1, each))
    return (slice(first, min(count, first + step)) for first in range(0, count, step))
