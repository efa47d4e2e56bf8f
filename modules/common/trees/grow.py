"""Trees of many groups at once, grown level by level.  Pure: numpy.

The counts of a pass over the data come from a function, so that this module needs no database.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from madpy.modules.common.trees.counts import Array, Flags, Integers, Rule, divisor, loss, rest, rows_of
from madpy.modules.common.trees.layout import STAT_MEAN, STAT_ROWS, STAT_SQUARES, STAT_SUM
from madpy.modules.common.trees.splits import Counted, Splits, best_splits

DOUBT = 1e-6  # share of sums of squares below which a difference may be rounding
WHOLE = 4096.0  # squares of whole numbers less a shift, times this, are whole: their sums are exact
ROUNDING = 4 * np.finfo(float).eps  # rounding, as a share of a mean
ROUNDS = 3


@dataclass(frozen=True)
class Limits:
    rule: Rule
    max_depth: int
    min_split: int


@dataclass
class Trees:
    """Nodes of all groups' trees, N of them, parents before their children; a leaf has feature -1.

    `counts` is what core calls counts; a regression's are rows, mean and sum of squares around it.  Nodes are
    numbered as rpart does: the root is 1, the children of n are 2n and 2n + 1.
    """

    group: Integers
    number: Integers
    parent: Integers  # index of a node, -1 for a root
    counts: Array  # (N, C)
    feature: Integers
    last_left: Integers
    null_right: Flags
    left: Integers  # index of the left child, the right one follows; -1 in a leaf
    gain: Array
    null_rows: Array  # rows that are NULL in the feature of the split
    shift: Array  # regression: subtracted from the target before it is summed
    doubt: Flags  # regression: mean and squares may be rounding errors of the sums
    threshold: Array  # value of a split within the bin last_left; NaN for a split between bins
    levels_left: dict[int, Flags] = field(default_factory=dict)

    @classmethod
    def roots(cls, groups: int, width: int) -> "Trees":
        integers = [np.full(groups, value, np.int64) for value in (1, -1, -1, 0, -1)]
        number, parent, feature, last_left, left = integers
        return cls(
            np.arange(groups), number, parent, np.zeros((groups, width)), feature, last_left,
            np.zeros(groups, np.bool_), left, np.zeros(groups), np.zeros(groups),
            np.zeros(groups), np.zeros(groups, np.bool_), np.full(groups, np.nan),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.group)

    @property
    def depth(self) -> Integers:
        return np.frexp(self.number.astype(np.float64))[1].astype(np.int64) - 1

    def split(self, nodes: Integers, splits: Splits, left: Array, right: Array, criterion: str) -> Integers:
        """Give each of `nodes` two children; returns these, left and right in turn."""
        first = len(self)
        children = first + np.arange(2 * len(nodes))
        self.feature[nodes] = splits.feature
        self.last_left[nodes] = splits.last_left
        self.threshold[nodes] = splits.threshold
        self.null_right[nodes] = splits.null_right
        self.gain[nodes] = splits.gain
        self.null_rows[nodes] = splits.null_rows
        self.left[nodes] = children[::2]
        self.levels_left |= {int(nodes[i]): levels for i, levels in splits.levels_left.items()}
        groups = np.repeat(self.group[nodes], 2)
        counts = np.stack([left, right], 1).reshape(len(children), -1)
        shifts = np.zeros(len(children))
        if criterion == "variance":
            shifts = shift_for(counts[:, STAT_MEAN], deviation(counts))
        fresh = len(children)
        self.group = np.concatenate([self.group, groups])
        self.number = np.concatenate(
            [self.number, np.repeat(2 * self.number[nodes], 2) + np.tile([0, 1], len(nodes))]
        )
        self.parent = np.concatenate([self.parent, np.repeat(nodes, 2)])
        self.counts = np.concatenate([self.counts, counts])
        self.feature = np.concatenate([self.feature, np.full(fresh, -1)])
        self.last_left = np.concatenate([self.last_left, np.zeros(fresh, np.int64)])
        self.null_right = np.concatenate([self.null_right, np.zeros(fresh, np.bool_)])
        self.left = np.concatenate([self.left, np.full(fresh, -1)])
        self.gain = np.concatenate([self.gain, np.zeros(fresh)])
        self.null_rows = np.concatenate([self.null_rows, np.zeros(fresh)])
        self.shift = np.concatenate([self.shift, shifts])
        self.doubt = np.concatenate([self.doubt, np.zeros(fresh, np.bool_)])
        self.threshold = np.concatenate([self.threshold, np.full(fresh, np.nan)])
        return children


def rank(groups: Integers) -> Integers:
    """Number the elements among those of equal value, from 0: [5, 5, 7, 5] gives [0, 1, 0, 2]."""
    order = groups.argsort(kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    result = np.empty(len(groups), np.int64)
    result[order] = np.arange(len(groups)) - np.repeat(starts, np.diff(starts, append=len(groups)))
    return result


# Yields parts of the given nodes, and their counts from a pass.
Count = Callable[[Trees, Integers], Iterator[tuple[Integers, Counted]]]
# Searches better splits of nodes within bins, and changes the known splits.
Sharpen = Callable[[Trees, Integers, Splits, Counted], None]
Announce = Callable[[int, int, int], None]  # the level, nodes to split, nodes in all


def grow(
    groups: int,
    width: int,
    shift: Array,
    limits: Limits,
    count: Count,
    announce: Announce,
    sharpen: Sharpen | None = None,
) -> Trees:
    """Grow trees of `groups` groups; `width` is the length of counts, `shift` a regression's first guess."""
    trees = Trees.roots(groups, width)
    trees.shift[:] = shift
    active = np.arange(groups)
    for level in range(max(limits.max_depth, 1)):  # the root is counted even if it is not to be split
        announce(level, len(active), len(trees))
        fresh = []
        for nodes, counted in count(trees, active):
            trees.counts[nodes] = centered(counted.total, trees.shift[nodes], limits.rule.criterion)
            trees.doubt[nodes] = in_doubt(trees.counts[nodes], counted.total, limits.rule.criterion)
            if limits.max_depth > 0:
                fresh.append(_split(trees, nodes, counted, limits, sharpen))
        active = np.concatenate(fresh) if fresh else np.zeros(0, np.int64)
        if not len(active):
            break
    return trees


def _split(
    trees: Trees, nodes: Integers, counted: Counted, limits: Limits, sharpen: Sharpen | None
) -> Integers:
    """Split those of `nodes` that can be split; return the children that may be split in turn."""
    rule = limits.rule
    able = np.flatnonzero(can_split(trees.counts[nodes], limits))
    counted = counted.of(able)
    splits = best_splits(counted, rule)
    if sharpen and counted.places:
        sharpen(trees, nodes[able], splits, counted)
    chosen = np.flatnonzero(splits.gain > 0)
    if not len(chosen):
        return chosen
    splits, total, nodes = splits.of(chosen), counted.total[chosen], nodes[able][chosen]
    shift = trees.shift[nodes]
    left = centered(splits.left, shift, rule.criterion)
    right = centered(rest(total, splits.left, rule.criterion), shift, rule.criterion)
    children = trees.split(nodes, splits, left, right, rule.criterion)
    counts = trees.counts[children]
    trees.doubt[children] = in_doubt(counts, np.repeat(total, 2, axis=0), rule.criterion)
    return children[can_split(counts, limits, trees.doubt[children])]


def can_split(counts: Array, limits: Limits, doubt: Flags | bool = False) -> Flags:
    rows = rows_of(counts, limits.rule.criterion)
    return (rows >= max(limits.min_split, 2 * limits.rule.min_bucket, 2)) & (
        (node_loss(counts, limits.rule.criterion) > 0) | doubt
    )


def in_doubt(counts: Array, sums: Array, criterion: str) -> Flags:
    """Say whether counts of nodes may be rounding errors of `sums`, of a target less a shift, over more rows.

    With an extreme outlier, the sums of its node have no digits left for the other values.
    """
    if criterion != "variance":
        return np.zeros(len(counts), np.bool_)
    squares, left = sums[:, STAT_SQUARES], counts[:, STAT_SQUARES]
    fine = squares * WHOLE
    exact = (left == 0) & (fine < 2.0**53) & (fine == np.floor(fine))
    exact |= squares <= counts[:, STAT_ROWS] * (ROUNDING * counts[:, STAT_MEAN]) ** 2
    result: Flags = (left < DOUBT * squares) & ~exact
    return result


def settle(trees: Trees, totals: Callable[[Integers], Array]) -> None:
    """Count leaves in doubt in a pass of their own; `totals` counts rows, sum and squares around the mean."""
    for _ in range(ROUNDS):
        nodes = np.flatnonzero(trees.doubt & (trees.left < 0))
        if not len(nodes):
            return
        sums = totals(nodes)
        counts = centered(sums, trees.counts[nodes, STAT_MEAN], "variance")
        trees.counts[nodes] = counts
        trees.shift[nodes] = counts[:, STAT_MEAN]
        trees.doubt[nodes] = in_doubt(counts, sums, "variance")


def shift_for(mean: Array, spread: Array) -> Array:
    """Return a number near the mean with few digits: sums of whole targets less it are exact."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        step = np.exp2(np.floor(np.log2(spread / 16)))
        near = np.round(mean / step) * step
    result: Array = np.where(np.isfinite(near), near, mean)
    return result


def centered(counts: Array, shift: Array, criterion: str) -> Array:
    """Convert counts to those of nodes, around the mean, from sums of target less `shift`."""
    if criterion != "variance":
        return counts
    rows, total, squares = (counts[:, field] for field in (STAT_ROWS, STAT_SUM, STAT_SQUARES))
    mean = total / divisor(rows)
    return np.stack([rows, shift + mean, np.maximum(squares - total * mean, 0)], axis=1)


def deviation(counts: Array) -> Array:
    """Return the standard deviation of the target in each node of a regression, from its counts."""
    result: Array = np.sqrt(counts[:, STAT_SQUARES] / divisor(counts[:, STAT_ROWS]))
    return result


def node_loss(counts: Array, criterion: str) -> Array:
    """Return the loss of counts of nodes."""
    result: Array = counts[..., STAT_SQUARES] if criterion == "variance" else loss(counts, criterion)
    return result


def moved(counts: Array, by: Array) -> Array:
    """Return rows, sum and sum of squares of a target to which `by` is added."""
    rows, total, squares = counts.T
    return np.stack([rows, total + rows * by, squares + 2 * by * total + rows * by**2], axis=1)
