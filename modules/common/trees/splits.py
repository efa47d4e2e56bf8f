"""The best split of a node: by a number, as a pass found it, or by a category.  Pure: numpy only.

Source: Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, chapters 2, 4 and 8.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from madpy.modules.common.trees.counts import (
    TINY,
    Array,
    Flags,
    Integers,
    Rule,
    divisor,
    explained_part,
    parts,
    rows_of,
    square_part,
    taken,
)
from madpy.modules.common.trees.layout import STAT_SUM

EIGEN = 500  # third powers of a matrix's size that take as long as a number elsewhere
MANY_CLASSES = 500
POWERS = 300


@dataclass
class Splits:
    """The best split of each of A nodes; `gain` is 0 where there is none."""

    gain: Array  # (A,): decrease of the sum of losses
    feature: Integers  # (A,)
    last_left: Integers  # (A,): the last bin that goes left; without meaning for categories
    null_right: Flags  # (A,)
    null_rows: Array  # (A,): rows that have no value of the feature
    left: Array  # (A, C): counts of the left side
    levels_left: dict[int, Flags]  # for each category: the levels that go left, by node
    # within the last bin that goes left, or NaN
    threshold: Array = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.threshold):
            self.threshold = np.full(len(self.gain), np.nan)

    def of(self, nodes: Integers) -> "Splits":
        """Return the entries of some nodes."""
        position = {int(node): i for i, node in enumerate(nodes)} if self.levels_left else {}
        return Splits(
            self.gain[nodes], self.feature[nodes], self.last_left[nodes], self.null_right[nodes],
            self.null_rows[nodes], self.left[nodes],
            {position[n]: levels for n, levels in self.levels_left.items() if n in position},
            self.threshold[nodes],
        )  # fmt: skip


class Nodewise(Protocol):
    """Arrays with an entry for each of some nodes."""

    def among(self, nodes: Integers) -> "Nodewise":
        """Return the entries of some nodes, by their numbers among these."""


@dataclass
class Counted:
    """The outcome of a pass for A nodes: their counts, and the best split by a number (splits.c)."""

    total: Array  # (A, C)
    numbers: Splits
    categories: list[tuple[int, Array]]  # a feature, and its counts by code, (A, codes, C), the last one NULL
    places: "Nodewise | None" = None  # bins within which there may be better splits

    def of(self, nodes: Integers) -> "Counted":
        """Return the entries of some nodes."""
        categories = [(feature, taken(counts, nodes)) for feature, counts in self.categories]
        places = self.places and self.places.among(nodes)
        return Counted(self.total[nodes], self.numbers.of(nodes), categories, places)


def best_splits(counted: Counted, rule: Rule) -> Splits:
    """Find the best split of each node, by a number or a category.

    NULL goes to the side with the larger gain; if a node has no NULL, to the side with more rows, as do
    levels without rows in the node.
    """
    best = counted.numbers
    for feature, histogram in counted.categories:
        _, codes, width = histogram.shape
        if codes > 2:
            for nodes in parts(len(histogram), width * max(codes, width)):
                _try_levels(best, nodes, feature, histogram[nodes], counted.total[nodes], rule)
    return best


def _try_levels(best: Splits, which: slice, feature: int, histogram: Array, total: Array, rule: Rule) -> None:
    """Replace `best` splits of some nodes by splits by one category, where these are better."""
    base = explained_part(total, rows_of(total, rule.criterion), rule.criterion)
    least = TINY * np.maximum(square_part(total, rule.criterion) - base, 0)
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


def _sums_in(order: Integers, counts: Array) -> Array:
    """Return counts by level, shape (A, levels, C), cumulated in the order of levels."""
    result = np.empty(counts.shape)
    for own in parts(counts.shape[2], order.size):
        np.take_along_axis(counts[..., own], order[..., None], axis=1).cumsum(axis=1, out=result[..., own])
    return result


def _gains(below: Array, beside: Array, total: Array, rule: Rule) -> Array:
    """Sum `explained_part` over both sides, shape (A, cuts); -inf where a side has too few rows.

    Left are `below`, shape (A, cuts, C), and `beside`, shape (A, C).
    """
    result = np.empty(below.shape[:2])
    for own in parts(below.shape[1], total.size):
        left = below[:, own] + beside[:, None]
        right = total[:, None] - left
        rows = rows_of(left, rule.criterion), rows_of(right, rule.criterion)
        both = explained_part(left, rows[0], rule.criterion) + explained_part(right, rows[1], rule.criterion)
        result[:, own] = np.where(np.minimum(*rows) >= max(rule.min_bucket, 1), both, -np.inf)
    return result


def _set_side(
    best: Splits, nodes: Integers, at: Integers, rows: Array, order: Integers, total: Array, rule: Rule
) -> None:
    """Set the levels of `nodes` that go left, and where NULL goes in nodes without NULL.

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
    """Return the order of levels, (A, levels), in which the best split into two sets is a cut, or near it.

    Levels are ordered by mean target; by the share of the second of two classes; or for more classes by the
    first principal component of their shares (Coppersmith, Hong & Hosking (1999), Data Mining and Knowledge
    Discovery 3).  Levels without rows come last.
    """
    rows = rows_of(counts, criterion)
    some = divisor(rows)
    if criterion == "variance":
        score = counts[..., STAT_SUM] / some
    elif counts.shape[-1] == 2:
        score = counts[..., 1] / some
    else:
        node = counts.sum(axis=1) / divisor(rows.sum(axis=1))[:, None]
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
    """Return eigenvectors of the largest eigenvalues, (A, C), of any length, the largest component positive.

    For very many classes the power method is used, exact enough for an order: a decomposition takes too long.
    """
    if covariance.shape[1] > MANY_CLASSES:
        widest = np.diagonal(covariance, axis1=1, axis2=2).argmax(axis=1)
        axis = covariance[np.arange(len(covariance)), widest]
        for _ in range(POWERS):
            axis = axis / np.maximum(np.abs(axis).max(axis=1, keepdims=True), np.finfo(float).tiny)
            axis = (covariance @ axis[..., None])[..., 0]
    else:
        slices = parts(len(covariance), covariance.shape[1] ** 3 // EIGEN)
        axes = [np.linalg.eigh(covariance[own])[1][..., -1] for own in slices]
        axis = np.concatenate(axes) if axes else covariance[..., 0]
    strongest = np.take_along_axis(axis, np.abs(axis).argmax(axis=1)[:, None], axis=1)
    result: Array = axis * np.sign(strongest)
    return result
