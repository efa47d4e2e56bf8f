"""Splits and bins of decision trees.  Pure: numpy only.

Counts of a node, of a bin or of a set of rows are one vector, the last axis: of a classification the rows of
each class, of a regression rows, sum and sum of squares of the target less a shift.

Source: Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, chapters 2, 4 and 8.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

LOWEST = np.finfo(float).min
TINY = 1e-10  # a gain below this part of what a node has to lose is rounding
AT_ONCE = 500_000  # numbers
EIGEN = 500  # third powers of a matrix's size that take as long as a number elsewhere
MANY_CLASSES = 500
POWERS = 300


@dataclass(frozen=True)
class Rule:
    """How splits are judged: `criterion` is gini, entropy or variance."""

    criterion: str
    min_bucket: int


@dataclass
class Splits:
    """The best split of each of A nodes; `gain` is 0 where there is none."""

    gain: Array  # (A,): what the sum of losses falls by
    feature: Integers  # (A,)
    last_left: Integers  # (A,): the last bin that goes left; without meaning for categories
    null_right: Flags  # (A,)
    null_rows: Array  # (A,): rows that have no value of the feature
    left: Array  # (A, C): counts of the left side
    levels_left: dict[int, Flags]  # of categories: per node, the levels that go left
    # within the last bin that goes left, or NaN
    threshold: Array = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.threshold):
            self.threshold = np.full(len(self.gain), np.nan)

    def of(self, nodes: Integers) -> "Splits":
        """Those of some nodes."""
        place = {int(node): i for i, node in enumerate(nodes)} if self.levels_left else {}
        return Splits(
            self.gain[nodes], self.feature[nodes], self.last_left[nodes], self.null_right[nodes],
            self.null_rows[nodes], self.left[nodes],
            {place[n]: levels for n, levels in self.levels_left.items() if n in place},
            self.threshold[nodes],
        )  # fmt: skip


class Nodewise(Protocol):
    """Something that belongs to nodes."""

    def among(self, nodes: Integers) -> "Nodewise":
        """That of some nodes, by their numbers among these."""


@dataclass
class Counted:
    """The outcome of a pass for A nodes: their counts, and the best split by a number (dtree_splits.c)."""

    total: Array  # (A, C)
    numbers: Splits
    categories: list[tuple[int, Array]]  # a feature, and its counts by code, (A, codes, C), the last one NULL
    places: "Nodewise | None" = None  # where there may be better splits, within bins

    def of(self, nodes: Integers) -> "Counted":
        """That of some nodes."""
        categories = [(feature, taken(counts, nodes)) for feature, counts in self.categories]
        places = self.places and self.places.among(nodes)
        return Counted(self.total[nodes], self.numbers.of(nodes), categories, places)


def taken(counts: Array, *places: Integers) -> Array:
    """`counts[places]`, arrays of the same length."""
    result = np.empty((len(places[0]), *counts.shape[len(places) :]))
    for own in parts(len(result), result[:1].size):
        result[own] = counts[tuple(place[own] for place in places)]
    return result


def rows_of(counts: Array, criterion: str) -> Array:
    """Number of rows."""
    rows: Array = counts[..., 0] if criterion == "variance" else counts.sum(axis=-1)
    return rows


def loss(counts: Array, criterion: str) -> Array:
    """Rows times impurity: Gini's index, entropy in bits, or variance."""
    rows = rows_of(counts, criterion)
    return _square(counts, criterion) - _explained(counts, rows, criterion)


def _square(counts: Array, criterion: str) -> Array:
    """The part of a loss that sums to the same for every split."""
    if criterion == "variance":
        square: Array = counts[..., 2]
    else:
        square = rows_of(counts, criterion) if criterion == "gini" else np.zeros(counts.shape[:-1])
    return square


def _explained(counts: Array, rows: Array, criterion: str) -> Array:
    """Return the part of a node's loss that a split changes; its sum grows by the gain of the split."""
    if criterion == "entropy":
        bits: Array = _n_log_n(counts).sum(axis=-1) - _n_log_n(rows)
        return bits
    square = counts[..., 1] ** 2 if criterion == "variance" else np.einsum("...c,...c", counts, counts)
    result: Array = square / np.maximum(rows, 1)
    return result


def _n_log_n(counts: Array) -> Array:
    result: Array = counts * np.log2(np.maximum(counts, 1))
    return result


def best_splits(counted: Counted, rule: Rule) -> Splits:
    """The best split of each node, by a number or a category.

    NULL goes where it does better; where a node has none, to the side with more rows, and with it levels that
    the node has no rows of.
    """
    best = counted.numbers
    for feature, histogram in counted.categories:
        _, codes, width = histogram.shape
        if codes > 2:
            for nodes in parts(len(histogram), width * max(codes, width)):
                _try_levels(best, nodes, feature, histogram[nodes], counted.total[nodes], rule)
    return best


def _try_levels(best: Splits, which: slice, feature: int, histogram: Array, total: Array, rule: Rule) -> None:
    """Splits of some nodes by one category, where they are better than the `best` ones."""
    base = _explained(total, rows_of(total, rule.criterion), rule.criterion)
    least = TINY * np.maximum(_square(total, rule.criterion) - base, 0)
    null = histogram[:, -1]
    order = level_order(histogram[:, :-1], rule.criterion)
    below = _sums_in(order, histogram[:, :-1])
    for null_right in (False, True) if null.any() else (False,):
        beside = np.zeros_like(null) if null_right else null
        gain = _gains(below if null_right else below[:, :-1], beside, total, rule) - base[:, None]
        at = gain.argmax(axis=1)
        here = np.take_along_axis(gain, at[:, None], axis=1)[:, 0]
        better = np.flatnonzero(here > best.gain[which] * (1 + TINY) + least)
        if not len(better):
            continue
        nodes = which.start + better
        best.gain[nodes] = here[better]
        best.feature[nodes] = feature
        best.null_right[nodes] = null_right
        best.left[nodes] = below[better, at[better]] + beside[better]
        best.null_rows[nodes] = rows_of(null[better], rule.criterion)
        rows = rows_of(below, rule.criterion)[better]
        _set_side(best, nodes, at[better], rows, order[better], total[better], rule)


def parts(count: int, each: int) -> Iterator[slice]:
    """Slices of `count` things of `each` numbers: a call of numpy cannot be cancelled, so none takes long."""
    step = max(1, AT_ONCE // max(1, each))
    return (slice(first, min(count, first + step)) for first in range(0, count, step))


def _sums_in(order: Integers, counts: Array) -> Array:
    """Counts by level, shape (A, levels, C), summed from the first level of the order on."""
    result = np.empty(counts.shape)
    for own in parts(counts.shape[2], order.size):
        np.take_along_axis(counts[..., own], order[..., None], axis=1).cumsum(axis=1, out=result[..., own])
    return result


def _gains(below: Array, beside: Array, total: Array, rule: Rule) -> Array:
    """`_explained` of both sides, shape (A, cuts); -inf where a side has too few rows.

    Left are `below`, shape (A, cuts, C), and `beside`, shape (A, C).
    """
    result = np.empty(below.shape[:2])
    for own in parts(below.shape[1], total.size):
        left = below[:, own] + beside[:, None]
        right = total[:, None] - left
        rows = rows_of(left, rule.criterion), rows_of(right, rule.criterion)
        explained = _explained(left, rows[0], rule.criterion) + _explained(right, rows[1], rule.criterion)
        result[:, own] = np.where(np.minimum(*rows) >= max(rule.min_bucket, 1), explained, -np.inf)
    return result


def _set_side(
    best: Splits, nodes: Integers, at: Integers, rows: Array, order: Integers, total: Array, rule: Rule
) -> None:
    """Which levels of `nodes` go left, and where NULL goes in those that have none.

    `rows` are summed in the order of levels, shape (nodes, levels); `at` is the last one that goes left.
    """
    left_rows = rows_of(best.left[nodes], rule.criterion)
    smaller_left = left_rows * 2 < rows_of(total, rule.criterion)
    best.null_right[nodes] = np.where(best.null_rows[nodes] > 0, best.null_right[nodes], smaller_left)
    present = np.diff(rows, axis=1, prepend=0) > 0
    for i, node in enumerate(nodes.tolist()):
        goes_left = np.arange(len(order[i])) <= at[i]
        goes_left = np.where(present[i], goes_left, not best.null_right[node])
        levels = np.empty(len(goes_left), np.bool_)
        levels[order[i]] = goes_left
        best.levels_left[node] = levels


def level_order(counts: Array, criterion: str) -> Integers:
    """The order of levels, shape (A, levels), in which the best split into two sets is a cut, or near it.

    By mean target; by the share of the second of two classes; of more classes along the first principal
    component of their shares (Coppersmith, Hong & Hosking (1999), Data Mining and Knowledge Discovery 3).
    Levels without rows come last.
    """
    rows = rows_of(counts, criterion)
    some = np.maximum(rows, 1)
    if criterion == "variance" or counts.shape[-1] == 2:
        score = counts[..., 1] / some
    else:
        node = counts.sum(axis=1) / np.maximum(rows.sum(axis=1), 1)[:, None]
        slices = list(parts(counts.shape[1], node.size))
        covariance = np.zeros((*node.shape, node.shape[1]))
        for own in slices:
            centered = counts[:, own] / some[:, own, None] - node[:, None]
            covariance += (rows[:, own, None] * centered).swapaxes(1, 2) @ centered
        axis = principal_axes(covariance)[..., None]
        score = np.concatenate(
            [((counts[:, own] / some[:, own, None] - node[:, None]) @ axis)[..., 0] for own in slices], axis=1
        )
    result: Integers = np.where(rows > 0, score, np.inf).argsort(axis=1, kind="stable")
    return result


def principal_axes(covariance: Array) -> Array:
    """Eigenvectors of the largest eigenvalues, shape (A, C), of any length, the largest component positive.

    Very many classes take the power method, near enough to sort along: a decomposition takes too long.
    """
    if covariance.shape[1] > MANY_CLASSES:
        widest = np.diagonal(covariance, axis1=1, axis2=2).argmax(axis=1)
        axis = covariance[np.arange(len(covariance)), widest]
        for _ in range(POWERS):
            axis = axis / np.maximum(np.abs(axis).max(axis=1, keepdims=True), np.finfo(float).tiny)
            axis = (covariance @ axis[..., None])[..., 0]
    else:
        slices = parts(len(covariance), covariance.shape[1] ** 3 // EIGEN)
        found = [np.linalg.eigh(covariance[own])[1][..., -1] for own in slices]
        axis = np.concatenate(found) if found else covariance[..., 0]
    strongest = np.take_along_axis(axis, np.abs(axis).argmax(axis=1)[:, None], axis=1)
    result: Array = axis * np.sign(strongest)
    return result


def edges(values: Array, weights: Array, num_bins: int) -> Array:
    """Where to cut a feature into about `num_bins` bins of equal weight: between values, never at one.

    Of G groups: values and (whole) weights have shape (G, n), the edges (G, most), infinity behind the last.
    As many bins as distinct values where these are fewer; a value that fills a bin has its own.  NaN is
    left out.
    """
    return edges_and_order(values, weights, num_bins)[0]


def edges_and_order(values: Array, weights: Array, num_bins: int) -> tuple[Array, Array]:
    """The edges, and the values of each group in order, NaN last."""
    if values.shape[1] < 2:
        return np.zeros((len(values), 0)), values
    slices = list(parts(len(values), values.shape[1]))
    found = [_edges_and_order(values[own], weights[own], num_bins) for own in slices]
    most = max((cuts.shape[1] for cuts, _ in found), default=0)
    result = np.full((len(values), most), np.inf)
    ordered = np.empty(values.shape)
    for own, (cuts, order) in zip(slices, found, strict=True):
        result[own, : cuts.shape[1]] = cuts
        ordered[own] = order
    return result, ordered


def _edges_and_order(values: Array, weights: Array, num_bins: int) -> tuple[Array, Array]:
    """Edges and ordered values of some of the groups."""
    order = values.argsort(axis=1)
    values = np.take_along_axis(values, order, axis=1)
    weight = np.where(np.isnan(values), 0, np.take_along_axis(weights, order, axis=1)).astype(np.int64)
    # a value is cut off where it comes last, unless it is the largest
    here, above = values[:, :-1], values[:, 1:]
    is_last = here < above
    wanted = is_last & (is_last.sum(axis=1, keepdims=True) < num_bins)
    wanted |= is_last & _fills_a_bin(weight, is_last, num_bins)
    group, place = wanted.nonzero()
    low, high = here[group, place], above[group, place]
    with np.errstate(invalid="ignore", over="ignore"):
        middle = low / 2 + high / 2
    cut = np.where((middle >= low) & (middle < high) & np.isfinite(middle), middle, low)
    cut = np.where(high > LOWEST, np.maximum(cut, LOWEST), cut)  # -infinity is below it
    group, cut = group[np.isfinite(cut)], cut[np.isfinite(cut)]
    number = np.bincount(group, minlength=len(values))
    result = np.full((len(values), number.max(initial=0)), np.inf)
    result[group, np.arange(len(cut)) - np.repeat(number.cumsum() - number, number)] = cut
    return result, values


def _fills_a_bin(weights: Integers, is_last: Flags, num_bins: int) -> Flags:
    """Where one of `num_bins` bins of equal weight ends; and on both sides of values that weigh as much."""
    below = weights.cumsum(axis=1)
    total = np.maximum(below[:, -1:], 1)
    upto = np.where(is_last, below[:, :-1], 0)
    before = np.maximum.accumulate(np.pad(upto, [(0, 0), (1, 0)]), axis=1)  # of each value: what is below it
    bins = np.minimum(below * num_bins // total, num_bins - 1)
    ends_one = bins > np.minimum(before * num_bins // total, num_bins - 1)
    heavy = (below - before) * num_bins >= total
    # the values above and below: a run of equal ones is known where it ends
    ends = np.pad(is_last, [(0, 0), (0, 1)], constant_values=True)
    place = np.where(ends, np.arange(ends.shape[1]), ends.shape[1] - 1)
    following = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1]
    heavy = np.take_along_axis(heavy, following, axis=1)
    result: Flags = ends_one[:, :-1] | heavy[:, :-1] | heavy[:, 1:]
    return result
