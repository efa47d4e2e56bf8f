"""Parameters of a pass of the tree kernel: bins, and the trees so far (plan.h).  Pure: numpy."""

from dataclasses import dataclass

import numpy as np

from madpy.modules.common.trees import layout
from madpy.modules.common.trees.bins import Bins, bit_words
from madpy.modules.common.trees.counts import Array, Flags, Integers, Rule
from madpy.modules.common.trees.grow import Trees, rank


@dataclass(frozen=True)
class Fold:
    """The rows that a pass counts: those of a fold, or all but those."""

    folds: int
    number: int
    held_out: bool


@dataclass(frozen=True)
class Setup:
    """The parameters that all passes of a training share: `coded` if the columns hold codes, not values."""

    bins: Bins
    groups: int
    classes: int  # 0 for a regression
    seed: int
    unit: float  # the smallest weight of a row
    coded: bool


@dataclass(frozen=True)
class Target:
    """The nodes whose rows a pass counts, each with a slot among those of its group."""

    trees: Trees
    nodes: Integers
    slots: Integers


@dataclass(frozen=True)
class Placed:
    """The place of each row of a store after the last pass: a number among `nodes` of that pass."""

    trees: Trees
    nodes: Integers

    @classmethod
    def after(cls, trees: Trees, nodes: Integers) -> "Placed":
        """Return the places of rows after a pass that counts `nodes`."""
        return cls(trees, way_to(trees, nodes)[0])


def parameters(
    setup: Setup,
    target: Target,
    counting: int,
    rule: Rule | None,
    fold: Fold | None,
    tail: Array | None,
    placed: Placed | None,
) -> Array:
    """Return the parameters of a pass for each group, shape (groups, p).

    `tail`, shape (groups, n), has what some passes need besides the trees; the number of intervals is last.
    """
    columns = [np.tile(_head(setup, target, counting, rule, fold), (setup.groups, 1))]
    if not setup.coded:
        columns += setup.bins.edges
    first = sum(column.shape[1] for column in columns)
    nodes, sets, position = _nodes(setup, target, first)
    columns[0][:, layout.HEADER_NODES] = nodes.shape[1]
    if rule is not None:  # each group as many as it needs
        columns[0][:, layout.HEADER_SLOTS] = 0
        group = target.trees.group[target.nodes]
        np.maximum.at(columns[0][:, layout.HEADER_SLOTS], group, target.slots + 1)
    columns += [nodes.reshape(setup.groups, -1), sets]
    if tail is not None:
        moves = _moves(setup.groups, target.trees, position, placed)
        ends = np.zeros((setup.groups, layout.TAIL_FIELDS))
        ends[:, layout.TAIL_UNIT] = setup.unit
        ends[:, layout.TAIL_MOVES_AT] = sum(column.shape[1] for column in columns)
        ends[:, layout.TAIL_MOVES] = moves.shape[1]
        ends[:, layout.TAIL_LIST_AT] = ends[:, layout.TAIL_MOVES_AT] + moves.shape[1]
        ends[:, layout.TAIL_INTERVALS] = tail[:, -1]
        columns += [moves, tail[:, :-1], ends]
    return np.concatenate(columns, axis=1)


def _head(setup: Setup, target: Target, counting: int, rule: Rule | None, fold: Fold | None) -> Array:
    """Return the header, and the number of codes of each feature."""
    header = np.zeros(layout.HEADER_FIELDS)
    header[layout.HEADER_CODED] = setup.coded
    header[layout.HEADER_CLASSES] = setup.classes
    header[layout.HEADER_SLOTS] = int(target.slots.max(initial=0)) + 1
    header[layout.HEADER_FEATURES] = len(setup.bins.levels)
    header[layout.HEADER_COUNTING] = counting
    header[layout.HEADER_SEED] = setup.seed
    if fold is not None:
        header[layout.HEADER_FOLDS] = fold.folds
        header[layout.HEADER_FOLD] = fold.number
        header[layout.HEADER_HELD_OUT] = fold.held_out
    if rule is not None:
        header[layout.HEADER_ENTROPY] = rule.criterion == "entropy"
        header[layout.HEADER_MIN_BUCKET] = rule.min_bucket
    codes = [
        float(codes) if levels is None else float(-codes)
        for codes, levels in zip(setup.bins.codes, setup.bins.levels, strict=True)
    ]
    return np.concatenate([header, codes])


def _nodes(setup: Setup, target: Target, at: int) -> tuple[Array, Array, Integers]:
    """Return nodes, (groups, n, fields), the data of their splits, and each node's position, -1 for none.

    `at` is where nodes begin among the parameters.  Only the paths to the nodes that are counted are sent,
    with the children beside them: rows that leave these paths are not counted.
    """
    trees = target.trees
    sent, inner = way_to(trees, target.nodes)
    slot = np.full(len(trees), -1)
    slot[target.nodes] = target.slots
    position = np.full(len(trees), -1)
    position[sent] = rank(trees.group[sent])
    nodes = np.zeros((setup.groups, int(position.max()) + 1, layout.NODE_FIELDS))
    nodes[..., [layout.NODE_FEATURE, layout.NODE_SLOT]] = -1
    at += nodes.shape[1] * layout.NODE_FIELDS
    words, offsets = _words(setup.groups, trees, inner, at)
    limits, within = _thresholds(setup.groups, trees, inner, at + words.shape[1])
    left = np.where(inner, position[trees.left], 0)
    fields = np.empty((len(sent), layout.NODE_FIELDS))
    fields[:, layout.NODE_FEATURE] = np.where(inner, trees.feature, -1)[sent]
    fields[:, layout.NODE_LEFT] = left[sent]
    fields[:, layout.NODE_RIGHT] = np.where(inner, left + 1, 0)[sent]
    split = np.where(within < 0, within, trees.last_left)
    fields[:, layout.NODE_SPLIT] = np.where(offsets > 0, offsets, split)[sent]
    fields[:, layout.NODE_NULL_RIGHT] = trees.null_right[sent]
    fields[:, layout.NODE_SLOT] = slot[sent]
    fields[:, layout.NODE_SHIFT] = trees.shift[sent]
    nodes[trees.group[sent], position[sent]] = fields
    return nodes, np.concatenate([words, limits], axis=1), position


def _words(groups: int, trees: Trees, inner: Flags, at: int) -> tuple[Array, Integers]:
    """Return sets of levels, shape (groups, w), and the offset of each node's set; 0 for none."""
    offsets = np.zeros(len(trees), np.int64)
    words: list[list[float]] = [[] for _ in range(groups)]
    for node, levels in trees.levels_left.items():
        if not inner[node]:
            continue
        own = words[trees.group[node]]
        offsets[node] = at + len(own)
        own += bit_words(levels).tolist()
    result = np.zeros((groups, max((len(own) for own in words), default=0)))
    for group, own in enumerate(words):
        result[group, : len(own)] = own
    return result, offsets


def _thresholds(groups: int, trees: Trees, inner: Flags, at: int) -> tuple[Array, Integers]:
    """Return bins and values of splits within bins, (groups, w), and for each node -1 - its offset."""
    nodes = np.flatnonzero(inner & ~np.isnan(trees.threshold))
    position = rank(trees.group[nodes])
    result = np.zeros((groups, int(position.max(initial=-1)) + 1, 2))
    result[trees.group[nodes], position, 0] = trees.last_left[nodes]
    result[trees.group[nodes], position, 1] = trees.threshold[nodes]
    offsets = np.zeros(len(trees), np.int64)
    offsets[nodes] = -1 - (at + 2 * position)
    return result.reshape(groups, -1), offsets


def _moves(groups: int, trees: Trees, position: Integers, placed: Placed | None) -> Array:
    """Return the `position` now, or -1, of each node in which the last pass left rows; shape (groups, n)."""
    if placed is None or placed.trees is not trees:
        return np.zeros((groups, 0))
    number = rank(trees.group[placed.nodes])
    result = np.full((groups, int(number.max(initial=-1)) + 1), -1.0)
    result[trees.group[placed.nodes], number] = position[placed.nodes]
    return result


def way_to(trees: Trees, nodes: Integers) -> tuple[Integers, Flags]:
    """Return the nodes from the roots to `nodes`, with both children of inner ones; and which are inner."""
    passed = np.zeros(len(trees), np.bool_)
    above = trees.parent[nodes]
    while len(above := np.unique(above[above >= 0])):
        passed[above] = True
        above = trees.parent[above]
    there = passed | (trees.parent < 0)
    there[nodes] = True
    there[trees.left[passed]] = True
    there[trees.left[passed] + 1] = True
    return np.flatnonzero(there), passed
