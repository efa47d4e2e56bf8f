"""Naive Bayes from counts and sums.  Pure: numpy only.

Arrays hold one row per group: G groups, C classes, L levels of a feature.  `levels` has, for each feature, 0
for a number, else L; the layout of the body of the kernel "nb" (nb.c) follows from `levels` and C.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CELL = (0, 0, 0, 0, 0, np.inf, -np.inf)  # count; sum and sum of squares, each hi and lo; minimum and maximum
VAR_SMOOTHING = 1e-9
ROUNDING = 4 * np.finfo(float).eps  # a standard deviation below this share of the mean is rounding
RARELY = np.finfo(float).tiny  # a probability of 0 counts as this, so that one value never decides alone


@dataclass(frozen=True)
class Numbers:
    """A numeric feature within each class, shape (G, C): rows that have it, mean, population variance."""

    count: Array
    mean: Array  # NaN where count is 0
    variance: Array


@dataclass(frozen=True)
class Levels:
    """A category within each class: rows of each level, shape (G, C, L)."""

    count: Array


@dataclass(frozen=True)
class Statistics:
    """Rows of each class, shape (G, C), and the statistics of each feature."""

    rows: Array
    features: list[Numbers | Levels]


def start(classes: int, levels: Sequence[int]) -> Array:
    """Return the body of a state that has seen no row."""
    cells = [np.tile(CELL, classes) if count == 0 else np.zeros(classes * count) for count in levels]
    return np.concatenate([[classes], levels, np.zeros(classes), *cells])


def statistics(body: Array, classes: int, levels: Sequence[int]) -> Statistics:
    """Read the statistics in the bodies of states, shape (G, b)."""
    groups = len(body)
    at = 1 + len(levels)
    rows = body[:, at : at + classes]
    at += classes
    features: list[Numbers | Levels] = []
    for count in levels:
        width = count or len(CELL)
        cells = body[:, at : at + classes * width].reshape(groups, classes, width)
        features.append(Levels(cells) if count else _numbers(cells))
        at += classes * width
    return Statistics(rows, features)


def nothing(groups: int, classes: int, levels: Sequence[int]) -> Statistics:
    """Return statistics of no rows, which `put_part` fills."""
    shape = (groups, classes)
    features: list[Numbers | Levels] = [
        Levels(np.zeros((*shape, count)))
        if count
        else Numbers(np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan))
        for count in levels
    ]
    return Statistics(np.zeros(shape), features)


def put_part(
    into: Statistics,
    groups: Sequence[int],
    classes: Sequence[int],
    levels: Sequence[Sequence[int] | None],
    part: Statistics,
) -> None:
    """Copy statistics of a part into its `groups`, each class and level to its position in the whole.

    The arrays of the part may have space for one class or level more than it has; it is not copied.
    """
    at = np.ix_(groups, classes)
    into.rows[at] = part.rows[:, : len(classes)]
    for target, source, places in zip(into.features, part.features, levels, strict=True):
        if isinstance(target, Numbers) and isinstance(source, Numbers):
            for name in ("count", "mean", "variance"):
                getattr(target, name)[at] = getattr(source, name)[:, : len(classes)]
        elif isinstance(target, Levels) and isinstance(source, Levels) and places is not None:
            target.count[np.ix_(groups, classes, places)] = source.count[:, : len(classes), : len(places)]


def _numbers(cells: Array) -> Numbers:
    """Compute mean and variance from double-double sums.

    The variance is (Q - S S / n) / n; product and difference need more than a double where the mean is
    far from zero.  It is 0 exactly where all values are the same.
    """
    count, high, low, squares, squares_low, minimum, maximum = np.moveaxis(cells, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = high / count
        product, error = two_product(mean, count)
        mean_low = ((high - product) - error + low) / count
        product, error = two_product(mean, high)
        rest = (squares - product) - error + (squares_low - mean * low - mean_low * high)
        variance = np.where(minimum == maximum, 0.0, np.maximum(rest / count, 0.0))
    return Numbers(count, mean + mean_low, variance)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """Return a b as rounded product and exact error, without FMA.  Source: Dekker (1971), Num. Math. 18."""
    product = a * b
    a_high, b_high = _upper(a), _upper(b)
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _upper(a: Array) -> Array:
    """Return the upper 26 bits of the mantissa."""
    scaled: Array = a * 134217729.0  # 2 ** 27 + 1
    return scaled - (scaled - a)


def priors(rows: Array) -> Array:
    """Return the share of each class among the rows of its group."""
    with np.errstate(invalid="ignore"):
        result: Array = rows / rows.sum(axis=1, keepdims=True)
    return result


def pooled(numbers: Numbers) -> tuple[Array, Array]:
    """Return mean and variance of a feature over all classes, shape (G, 1); NaN if it is NULL in all rows.

    The variance is 0 where all values are the same, whose means may differ by their rounding.
    """
    count = numbers.count.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(numbers.count * numbers.mean, axis=1, keepdims=True) / count
        spread = numbers.count * (numbers.variance + (numbers.mean - mean) ** 2)
        variance = np.nansum(spread, axis=1, keepdims=True) / count
        return mean, np.where(np.sqrt(variance) <= ROUNDING * np.abs(mean), 0, variance)


def added_variance(numbers: Numbers) -> Array:
    """Return what is added to a feature's variances, so that none is zero, shape (G, 1).

    It is 1e-9 of the variance of the feature itself over all classes, so that probabilities do not depend on
    the units of features.
    """
    return VAR_SMOOTHING * np.nan_to_num(pooled(numbers)[1])


def densities(numbers: Numbers) -> Array:
    """Return means, factors and logarithms of the normal densities, shape (G, 3, C).

    A class without a value takes the feature's mean and variance over all classes; a feature that is NULL
    everywhere, or has one value, does not change probabilities: its terms are zeros.
    """
    mean, variance = pooled(numbers)
    added = added_variance(numbers)
    empty = numbers.count == 0
    means = np.where(empty, mean, numbers.mean)
    variances = np.where(empty, variance, numbers.variance) + added
    with np.errstate(divide="ignore", invalid="ignore"):
        parameters = np.stack([means, 0.5 / variances, -0.5 * np.log(2 * np.pi * variances)], axis=1)
    result: Array = np.where((added >= RARELY)[:, None], parameters, 0.0)
    return result


def seen(levels: Levels, fixed: bool = False) -> NDArray[np.bool_]:
    """Return whether a group has each level, shape (G, L); always true if the type has `fixed` levels."""
    if fixed:
        return np.ones((len(levels.count), levels.count.shape[2]), dtype=bool)
    result: NDArray[np.bool_] = levels.count.sum(axis=1) > 0
    return result


def probabilities(levels: Levels, known: NDArray[np.bool_], smoothing: float) -> Array:
    """Return the probability of each level within each class, (G, C, L); 0 for a level not in the group.

    (count + smoothing) / (rows + smoothing L).  Source: Manning, Raghavan & Schütze, Introduction to
    Information Retrieval, eq. 13.7.  In a class without a value all levels have the same probability.
    """
    kinds = known.sum(axis=1)[:, None, None]
    total = levels.count.sum(axis=2, keepdims=True) + smoothing * kinds
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(total > 0, (levels.count + smoothing) / total, 1 / kinds)
    return np.where(known[:, None, :], shares, 0.0)


def logarithms(shares: Array, known: NDArray[np.bool_]) -> Array:
    """Return logarithms of probabilities (G, C, L), classes last, (G, L, C); 0 for an unknown level."""
    result = np.log(np.maximum(shares, RARELY))
    return np.where(known[:, None, :], result, 0.0).transpose(0, 2, 1)
