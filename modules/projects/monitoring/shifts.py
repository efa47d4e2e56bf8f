"""Distances between the distributions of a column before and now.  Pure: no database, no worker.

The population stability index is the sum over bins of (q - p) log(q / p), where p and q are the shares of the
rows before and now; above 0.1 a column has changed a little, above 0.25 it has changed (Siddiqi, Credit Risk
Scorecards, 2006, chapter 8).
"""

import itertools
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence

BINS = 10
LEAST = 1e-4  # share that an empty bin counts as
SMALL_INDEX = 0.1
SMALL_DISTANCE = 0.15  # Cramer's V is about half the root of a small index


def stability(before: Sequence[float], now: Sequence[float]) -> float:
    """Return the population stability index of shares in the same bins."""
    pairs = [(max(p, LEAST), max(q, LEAST)) for p, q in zip(before, now, strict=True)]
    return sum((q - p) * math.log(q / p) for p, q in pairs)


def borders(quantiles: Sequence[float]) -> list[float]:
    """Return the borders of ten bins with equally many rows, from 101 quantiles; each bin ends with a decile.

    There are fewer bins where deciles are equal.
    """
    step = (len(quantiles) - 1) // BINS
    return [math.nextafter(one, math.inf) for one in sorted(set(quantiles[step:-1:step]))]


def points(quantiles: Sequence[float]) -> list[float]:
    """Return the different quantiles, each followed by the next larger double.

    Shares of rows below these tell the shares below and up to each quantile.
    """
    return [point for one in sorted(set(quantiles)) for point in (one, math.nextafter(one, math.inf))]


def share_below(quantiles: Sequence[float], point: float) -> float:
    """Return the share of rows below a point, as far as quantiles, equally many rows apart, tell it."""
    last = len(quantiles) - 1
    at = bisect_left(quantiles, point)
    if at == 0 or at > last:
        return float(at > last)
    if quantiles[at] == point:
        return at / last
    part = (point - quantiles[at - 1]) / (quantiles[at] - quantiles[at - 1])
    return (at - 1 + part) / last


def largest_gap(before: Sequence[float], now: Sequence[float]) -> float:
    """Return the statistic of Kolmogorov and Smirnov over the points where both are known."""
    return max((abs(p - q) for p, q in zip(before, now, strict=True)), default=0.0)


def in_bins(below: Sequence[float]) -> list[float]:
    """Return the shares in bins from the shares below their borders."""
    whole = [0.0, *below, 1.0]
    return [after - before for before, after in itertools.pairwise(whole)]


def of_levels(
    before: Mapping[str, int], rest: int, now: Mapping[str, int]
) -> tuple[list[float], list[float]]:
    """Return the shares of each level before and now; the last is that of all others together."""
    total, total_now = sum(before.values()) + rest, sum(now.values())
    shares = [count / total for count in before.values()]
    shares_now = [now.get(level, 0) / total_now for level in before]
    return [*shares, rest / total], [*shares_now, 1 - sum(shares_now)]


def cramers_v(before: Sequence[float], now: Sequence[float]) -> float:
    """Return Cramer's V of two samples that count equally, from the shares of each level in them.

    It is the square root of the statistic of the chi-squared test of two samples of equal size, divided by
    the rows of both: 0 for equal shares, 1 where no level is in both, whatever the number of rows.
    """
    pairs = zip(before, now, strict=True)
    return math.sqrt(sum((p - q) ** 2 / (p + q) for p, q in pairs if p + q > 0) / 2)


def verdict(index: float, threshold: float, distance: float, distance_threshold: float) -> str:
    """Return in a word what a population stability index and a distance say, the worse of the two."""
    if index >= threshold or distance >= distance_threshold:
        return "changed"
    is_little = index >= min(SMALL_INDEX, threshold) or distance >= min(SMALL_DISTANCE, distance_threshold)
    return "changed a little" if is_little else "stable"
