"""What a pass of the kernels "dtree" and "dtree_sample" is told, and what it answers (src/dtree.h)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madpy.errors import MadpyError
from madpy.modules.dtree.core import Array, Counted, Flags, Integers, Rule, Splits, edges, taken
from madpy.modules.dtree.grow import Trees, moved, rank, shift_for
from madpy.ports.postgres.db import Database
from madpy.ports.postgres.scan import Scan
from madpy.ports.postgres.states import States, packed

SAMPLE_ROWS = 10_000  # of one group
SAMPLE_NUMBERS = 40_000_000  # of all groups together, room included
CELLS = 8_000_000  # numbers that a pass counts at once, unless a node of each group has more
SENT = 3_000_000  # and that it sends: what PL/Python copies cannot be cancelled
MOST_CELLS = 40_000_000
LEAVES = 20_000  # of a tree, whose rows a pass counts without bins
SLOTS, NODES = 2, 3  # where in the header they are
LARGE, SMALL = 1e146, 1e-146  # differences whose squares, summed over many rows, are still numbers
FOUND = 5  # numbers that say what a split is
NODE_FIELDS = 7
WORD = 32


@dataclass(frozen=True)
class Fold:
    """Rows that a pass counts: those of a fold, or all but those."""

    folds: int
    number: int
    held_out: bool


@dataclass
class Bins:
    """Of each feature: the number of its levels, or None and its edges, shape (groups, bins - 1)."""

    levels: list[int | None]
    edges: list[Array]

    @property
    def codes(self) -> list[int]:
        """How many codes a feature has, without that of NULL."""
        return [
            cuts.shape[1] + 1 if levels is None else levels
            for levels, cuts in zip(self.levels, self.edges, strict=True)
        ]


class Passes:
    """Passes over the rows of a scan, for trees of all its groups."""

    def __init__(
        self, db: Database, scan: Scan, classes: int, levels: list[int | None], num_bins: int, seed: int
    ):
        self.db = db
        self.scan = scan
        self.classes = classes
        self.seed = seed
        num_bins = self._fewer(num_bins, levels)
        self.bins, self.shifts, self.rows, self.skipped = self._sample(levels, num_bins)
        self.groups = len(self.rows)
        self.coded = scan.store is not None
        if self.coded and self.groups:
            self._code()

    def _sample(self, levels: list[int | None], num_bins: int) -> tuple[Bins, Array, Integers, Integers]:
        """The bins; per group a target near the mean, rows used and rows skipped."""
        groups = len(self.scan.group_values)
        width = len(levels) + 3
        keep = min(SAMPLE_ROWS, max(16, SAMPLE_NUMBERS // (2 * width * max(groups, 1))))
        states = self.scan.step("dtree_sample", np.array([float(keep), float(self.seed)]), outcome=True)
        groups = len(states.body)
        count = states.body[:, 0] if states.body.shape[1] else np.zeros(groups)
        most = max(states.body.shape[1] - 1, 0) // (width - 1)
        entries = states.body[:, 1:].reshape(groups, most, width - 1)
        weights, target = entries[..., 0], entries[..., -1]
        total = np.maximum(weights.sum(axis=1), 1)
        mean = (weights * target).sum(axis=1) / total
        spread = np.sqrt((weights * (target - mean[:, None]) ** 2).sum(axis=1) / total)
        there = np.arange(entries.shape[1]) < count[:, None]
        if not self.classes:
            _check_squares(np.where(there, target, target[:, :1]))
        cuts = [
            np.zeros((groups, 0))
            if levels_of is not None
            else edges(np.where(there, entries[..., 1 + f], np.nan), weights, num_bins)
            for f, levels_of in enumerate(levels)
        ]
        return Bins(levels, cuts), shift_for(mean, spread), states.rows_used, states.rows_skipped

    def _fewer(self, num_bins: int, levels: list[int | None]) -> int:
        """The number of bins, lowered where a node of each group would have too many."""
        room = MOST_CELLS // (max(len(self.scan.group_values), 1) * (self.classes or 3))
        room -= sum(count + 1 for count in levels if count is not None)
        most = room // max(levels.count(None), 1) - 1
        if num_bins <= most or (room >= 0 and None not in levels):
            return num_bins
        if most < 2:
            raise MadpyError(
                "there are too many groups, features and levels to count at once",
                sqlstate="54000",
                hint="group rare values first, leave a name or a key out, or train on fewer groups",
            )
        self.db.warning(f"num_bins is lowered from {num_bins} to {most}: there are many groups and features")
        return most

    def _code(self) -> None:
        """Turn the columns of the store into codes: each pass would have to do it again."""
        parts = []
        for levels, cuts in zip(self.bins.levels, self.bins.edges, strict=True):
            bins = cuts.shape[1] + 1 if levels is None else -levels
            parts += [np.full((self.groups, 1), float(bins)), cuts]
        self.db.execute(
            "SELECT {schema:i}.__store_bin({store:l}, 0, {edges:b})",
            store=self.scan.store,
            edges=packed(np.concatenate(parts, axis=1), self.groups),
        )

    def count(
        self, trees: Trees, nodes: Integers, rule: Rule, fold: Fold | None = None
    ) -> Iterator[tuple[Integers, Counted]]:
        """What `nodes` hold and how numbers split them best, in as many passes as memory asks for."""
        stats = self.classes or 3
        codes = [codes + 1 for codes in self.bins.codes]
        shown = [n for n, levels in zip(codes, self.bins.levels, strict=True) if levels]
        width = FOUND + (2 + sum(shown)) * stats
        # of a store one group's histograms are in memory at a time
        held = sum(codes) * stats * (self.groups if self.scan.store is None else 1)
        at_once = max(1, min(CELLS // max(held, 1), SENT // max(width * self.groups, 1)))
        slots = rank(trees.group[nodes])
        for first in range(0, int(slots.max(initial=-1)) + 1, at_once):
            part = (slots >= first) & (slots < first + at_once)
            groups, place = np.unique(trees.group[nodes[part]], return_inverse=True)
            states = self._step(trees, nodes[part], slots[part] - first, rule, fold, groups)
            cells = states.body.reshape(len(groups), -1, width)
            yield nodes[part], self._counted(taken(cells, place, slots[part] - first))

    def _counted(self, cells: Array) -> Counted:
        """Of a row of an outcome for each node."""
        stats = self.classes or 3
        gain, feature, last_left, null_right, null_rows = cells[:, :FOUND].T.copy()
        total, left = cells[:, FOUND : FOUND + stats], cells[:, FOUND + stats : FOUND + 2 * stats]
        categories = []
        at = FOUND + 2 * stats
        for f, levels in enumerate(self.bins.levels):
            if levels:  # one without a level is NULL in every row, and splits nothing
                end = at + (levels + 1) * stats
                categories.append((f, cells[:, at:end].reshape(len(cells), levels + 1, stats)))
                at = end
        splits = Splits(
            gain, feature.astype(np.int64), last_left.astype(np.int64), null_right > 0, null_rows,
            left.copy(), {},
        )  # fmt: skip
        return Counted(total, splits, categories)

    def totals(self, trees: Trees, nodes: Integers, fold: Fold | None = None) -> Array:
        """Rows of `nodes`, shape (nodes, C); of a regression around their means."""
        slots = rank(trees.group[nodes])
        stats = self.classes or 3
        found = np.zeros((len(nodes), stats))
        for first in range(0, int(slots.max(initial=-1)) + 1, LEAVES):
            part = (slots >= first) & (slots < first + LEAVES)
            own = slots[part] - first
            states = self._step(trees, nodes[part], own, None, fold)
            cells = states.body[:, states.body.shape[1] - (int(own.max()) + 1) * stats :]
            found[part] = cells.reshape(self.groups, -1, stats)[trees.group[nodes[part]], own]
        return found if self.classes else moved(found, trees.shift[nodes] - trees.counts[nodes, 1])

    def _step(
        self,
        trees: Trees,
        nodes: Integers,
        slots: Integers,
        rule: Rule | None,
        fold: Fold | None,
        groups: Integers | None = None,
    ) -> States:
        """A pass: its outcome by `rule`, or without one the states, with a cell for each slot."""
        header = [
            self.coded, self.classes, int(slots.max(initial=0)) + 1, 0, len(self.bins.levels),
            rule is not None,
            fold.folds if fold else 0, fold.number if fold else 0, fold.held_out if fold else 0, self.seed,
            rule is not None and rule.criterion == "entropy", rule.min_bucket if rule else 0,
        ]  # fmt: skip
        bins = [
            float(codes) if levels is None else float(-codes)
            for codes, levels in zip(self.bins.codes, self.bins.levels, strict=True)
        ]
        parts = [np.tile([float(item) for item in [*header, *bins]], (self.groups, 1))]
        if not self.coded:
            parts += self.bins.edges
        at = sum(part.shape[1] for part in parts)
        tree, words = self._tree(trees, nodes, slots, at)
        parts[0][:, NODES] = tree.shape[1]
        if rule is not None:  # each group as many as it needs
            parts[0][:, SLOTS] = 0
            np.maximum.at(parts[0][:, SLOTS], trees.group[nodes], slots + 1)
        params = np.concatenate([*parts, tree.reshape(self.groups, -1), words], axis=1)
        if self.groups == 1:
            return self.scan.step("dtree", params[0], outcome=rule is not None)
        if groups is None or len(groups) == self.groups:
            return self.scan.step("dtree", params, outcome=rule is not None)
        return self.scan.step("dtree", params[groups], groups.tolist(), outcome=rule is not None)

    def _tree(self, trees: Trees, nodes: Integers, slots: Integers, at: int) -> tuple[Array, Array]:
        """Nodes, shape (groups, n, fields), and the levels of their splits; `at` is where they begin.

        Only the way to `nodes` is sent, and the children beside it: rows that leave it are not counted.
        """
        sent, inner = _way_to(trees, nodes)
        slot = np.full(len(trees), -1)
        slot[nodes] = slots
        place = np.zeros(len(trees), np.int64)
        place[sent] = rank(trees.group[sent])
        tree = np.zeros((self.groups, int(place.max()) + 1, NODE_FIELDS))
        tree[..., [0, 5]] = -1
        words, offsets = self._words(trees, inner, at + tree.shape[1] * NODE_FIELDS)
        left = np.where(inner, place[trees.left], 0)
        fields = [
            np.where(inner, trees.feature, -1), left, np.where(inner, left + 1, 0),
            np.where(offsets > 0, offsets, trees.last_left), trees.null_right, slot, trees.shift,
        ]  # fmt: skip
        tree[trees.group[sent], place[sent]] = np.stack([field[sent] for field in fields], axis=1)
        return tree, words

    def _words(self, trees: Trees, inner: Flags, at: int) -> tuple[Array, Integers]:
        """Sets of levels, shape (groups, w), and where each node's begins; 0 where it has none."""
        offsets = np.zeros(len(trees), np.int64)
        words: list[list[float]] = [[] for _ in range(self.groups)]
        for node, levels in trees.levels_left.items():
            if not inner[node]:
                continue
            group = words[trees.group[node]]
            offsets[node] = at + len(group)
            group += level_words(levels).tolist()
        return _rectangle([np.array(group) for group in words], 0.0), offsets


def _check_squares(target: Array) -> None:
    """Of the sample, shape (groups, n): variances are sums of squares, which must be numbers, and not 0."""
    width = np.ptp(target, axis=1) if target.shape[1] else np.zeros(0)
    if not (width < LARGE).all():
        raise MadpyError(
            "the target's values are too far apart to be squared",
            sqlstate="22003",
            hint="divide it by a large number, or take its logarithm",
        )
    if ((width > 0) & (width < SMALL)).any():
        raise MadpyError(
            "the target's values are too close together to be squared",
            sqlstate="22003",
            hint="multiply it by a large number",
        )


def _way_to(trees: Trees, nodes: Integers) -> tuple[Integers, Flags]:
    """The nodes from the roots to `nodes`, with both children of those passed; and which are passed."""
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


def level_words(levels: np.ndarray) -> Integers:
    """A set of levels as bits, the first level the lowest, WORD in a number."""
    padded = np.zeros(-(-len(levels) // WORD) * WORD, np.uint8)
    padded[: len(levels)] = levels
    return np.packbits(padded, bitorder="little").view("<u4").astype(np.int64)


def _rectangle(rows: list[Array], filler: float) -> Array:
    result = np.full((len(rows), max((len(row) for row in rows), default=0)), filler)
    for number, row in enumerate(rows):
        result[number, : len(row)] = row
    return result
