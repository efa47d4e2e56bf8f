"""The passes of the kernels "dtree" and "dtree_sample": their parameters and their results (dtree.h)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madpy.errors import MadpyError
from madpy.modules.dtree.bins import Bins, bit_words
from madpy.modules.dtree.core import Array, Counted, Flags, Integers, Rule, Splits, parts
from madpy.modules.dtree.grow import Trees, moved, rank, shift_for
from madpy.modules.dtree.refine import listed, look_within, make_sure
from madpy.modules.dtree.within import Places
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.scan.states import States, packed
from madpy.ports.postgres.session.db import Database

SAMPLE_ROWS = 10_000  # of one group
SAMPLE_NUMBERS = 40_000_000  # of all groups together, unused space included
CELLS = 8_000_000  # numbers that a pass counts at once, unless a node of each group has more
SENT = 3_000_000  # and that it sends: what PL/Python copies cannot be cancelled
MOST_CELLS = 40_000_000
LEAVES = 20_000  # of a tree, whose rows a pass counts without bins
SLOTS, NODES = 2, 3  # where in the header they are
COUNT_SLOTS, COUNT_AND_BOUND, COUNT_INTERVALS = 0, 2, 3  # what a pass counts rows by
LARGE, SMALL = 1e146, 1e-146  # differences whose squares, summed over many rows, are still numbers
FOUND = 5  # numbers that say what a split is
NODE_FIELDS = 7


@dataclass(frozen=True)
class Fold:
    """Rows that a pass counts: those of a fold, or all but those."""

    folds: int
    number: int
    held_out: bool


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
        self._placed: tuple[Trees, Integers] | None = None  # where the last pass left rows of the store
        self.coded = scan.store is not None and self.groups > 0 and self._code()

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
        values = [np.where(there, entries[..., 1 + f], np.nan) for f in range(len(levels))]
        bins = Bins.of(levels, values, weights, num_bins, count < keep)
        return bins, shift_for(mean, spread), states.rows_used, states.rows_skipped

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

    def _code(self) -> bool:
        """Find the codes of all values of the store once; False if there is no space to keep them."""
        parts = []
        for levels, cuts in zip(self.bins.levels, self.bins.edges, strict=True):
            bins = cuts.shape[1] + 1 if levels is None else -levels
            parts += [np.full((self.groups, 1), float(bins)), cuts]
        has_room: bool = self.db.value(
            "SELECT {schema:i}.__store_bin({store:l}, 0, {edges:b})",
            store=self.scan.store,
            edges=packed(np.concatenate(parts, axis=1), self.groups),
        )
        return has_room

    def count(
        self, trees: Trees, nodes: Integers, rule: Rule, fold: Fold | None = None
    ) -> Iterator[tuple[Integers, Counted]]:
        """Yield counts of `nodes` and their best splits by numbers, in as many passes as memory asks for."""
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
            own = slots[part] - first
            marks = np.pad(self.bins.marks(), [(0, 0), (0, 1)])
            body = self._step(trees, nodes[part], own, COUNT_AND_BOUND, rule, fold, groups, marks).body
            self._placed = (trees, _way_to(trees, nodes)[0]) if self.coded and part.all() else None
            counted = self._counted(_cells(body, place, own, width))
            counted.places = _places(body, place, own, width, stats)
            yield nodes[part], counted

    def sharpen(
        self, rule: Rule, fold: Fold | None, trees: Trees, nodes: Integers, splits: Splits, counted: Counted
    ) -> None:
        """Look for better splits of `nodes` within bins, and take them."""

        def run(nodes: Integers, slots: Integers, intervals: Array) -> Array:
            return self._look(trees, nodes, slots, intervals, rule, fold)

        places = counted.places
        if not isinstance(places, Places):
            return
        places = places.worth(splits)
        if len(places) and self.bins.any_unsure:
            self._make_sure()
        places = places.of(self.bins.are_several(trees.group[nodes[places.node]], places.feature, places.bin))
        look_within(self.bins, trees, nodes, splits, places, counted.total, rule.criterion, run)

    def empty_features(self) -> list[int]:
        """The features that are NULL in every row."""
        if self.bins.any_unsure and any(self.bins.seem_empty):
            self._make_sure()
        return [f for f, is_empty in enumerate(self.bins.seem_empty) if is_empty]

    def _make_sure(self) -> None:
        """Look once which bins, of those of which the sample does not say it, have several values."""
        rule = Rule("variance", 1)
        roots = Trees.roots(self.groups, self.classes or 3)
        make_sure(
            self.bins,
            self.classes or 3,
            lambda nodes, slots, intervals: self._look(roots, nodes, slots, intervals, rule, None),
        )

    def _look(
        self, trees: Trees, nodes: Integers, slots: Integers, intervals: Array, rule: Rule, fold: Fold | None
    ) -> Array:
        """A pass over intervals, shape (groups that nodes are in, n): a body for each of these groups."""
        groups = np.unique(trees.group[nodes])
        tail = np.zeros((self.groups, intervals.shape[1]))
        tail[groups] = intervals
        return self._step(trees, nodes, slots, COUNT_INTERVALS, rule, fold, groups, tail).body

    def _counted(self, cells: Array) -> Counted:
        """Read the counts of nodes from `cells`, a row of an outcome for each node."""
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
            states = self._step(trees, nodes[part], own, COUNT_SLOTS, None, fold)
            cells = states.body[:, states.body.shape[1] - (int(own.max()) + 1) * stats :]
            found[part] = cells.reshape(self.groups, -1, stats)[trees.group[nodes[part]], own]
        return found if self.classes else moved(found, trees.shift[nodes] - trees.counts[nodes, 1])

    def _step(
        self,
        trees: Trees,
        nodes: Integers,
        slots: Integers,
        counting: int,
        rule: Rule | None,
        fold: Fold | None,
        groups: Integers | None = None,
        tail: Array | None = None,
    ) -> States:
        """A pass: its outcome by `rule`, or without one the states, with a cell for each slot.

        `tail`, shape (groups, n), is what else it is told; the last number says of how many things.
        """
        header = [
            self.coded, self.classes, int(slots.max(initial=0)) + 1, 0, len(self.bins.levels),
            counting,
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
        tree, words, place = self._tree(trees, nodes, slots, at)
        parts[0][:, NODES] = tree.shape[1]
        if rule is not None:  # each group as many as it needs
            parts[0][:, SLOTS] = 0
            np.maximum.at(parts[0][:, SLOTS], trees.group[nodes], slots + 1)
        parts += [tree.reshape(self.groups, -1), words]
        if tail is not None:
            moves = self._moves(trees, place)
            first = sum(part.shape[1] for part in parts)
            ends = [float(n) for n in (first, moves.shape[1], first + moves.shape[1])]
            parts += [moves, tail[:, :-1], np.tile(ends, (self.groups, 1)), tail[:, -1:]]
        params = np.concatenate(parts, axis=1)
        if self.groups == 1:
            return self.scan.step("dtree", params[0], outcome=rule is not None)
        if groups is None or len(groups) == self.groups:
            return self.scan.step("dtree", params, outcome=rule is not None)
        return self.scan.step("dtree", params[groups], groups.tolist(), outcome=rule is not None)

    def _moves(self, trees: Trees, place: Integers) -> Array:
        """Return the `place` now, or -1, of each node in which the last pass left rows; shape (groups, n)."""
        if self._placed is None or self._placed[0] is not trees:
            return np.zeros((self.groups, 0))
        sent = self._placed[1]
        number = rank(trees.group[sent])
        result = np.full((self.groups, int(number.max(initial=-1)) + 1), -1.0)
        result[trees.group[sent], number] = place[sent]
        return result

    def _tree(self, trees: Trees, nodes: Integers, slots: Integers, at: int) -> tuple[Array, Array, Integers]:
        """Nodes, shape (groups, n, fields), the levels of their splits, and where each is, -1 for nowhere.

        `at` is where nodes begin.

        Only the way to `nodes` is sent, and the children beside it: rows that leave it are not counted.
        """
        sent, inner = _way_to(trees, nodes)
        slot = np.full(len(trees), -1)
        slot[nodes] = slots
        place = np.full(len(trees), -1)
        place[sent] = rank(trees.group[sent])
        tree = np.zeros((self.groups, int(place.max()) + 1, NODE_FIELDS))
        tree[..., [0, 5]] = -1
        at += tree.shape[1] * NODE_FIELDS
        words, offsets = self._words(trees, inner, at)
        limits, within = self._thresholds(trees, inner, at + words.shape[1])
        left = np.where(inner, place[trees.left], 0)
        fields = [
            np.where(inner, trees.feature, -1), left, np.where(inner, left + 1, 0),
            np.where(offsets > 0, offsets, np.where(within < 0, within, trees.last_left)), trees.null_right,
            slot, trees.shift,
        ]  # fmt: skip
        tree[trees.group[sent], place[sent]] = np.stack([field[sent] for field in fields], axis=1)
        return tree, np.concatenate([words, limits], axis=1), place

    def _words(self, trees: Trees, inner: Flags, at: int) -> tuple[Array, Integers]:
        """Sets of levels, shape (groups, w), and where each node's begins; 0 where it has none."""
        offsets = np.zeros(len(trees), np.int64)
        words: list[list[float]] = [[] for _ in range(self.groups)]
        for node, levels in trees.levels_left.items():
            if not inner[node]:
                continue
            group = words[trees.group[node]]
            offsets[node] = at + len(group)
            group += bit_words(levels).tolist()
        return _rectangle([np.array(group) for group in words], 0.0), offsets

    def _thresholds(self, trees: Trees, inner: Flags, at: int) -> tuple[Array, Integers]:
        """Bins and values of splits within bins, shape (groups, w); and of each node -1 - where its are."""
        nodes = np.flatnonzero(inner & ~np.isnan(trees.threshold))
        place = rank(trees.group[nodes])
        result = np.zeros((self.groups, int(place.max(initial=-1)) + 1, 2))
        result[trees.group[nodes], place, 0] = trees.last_left[nodes]
        result[trees.group[nodes], place, 1] = trees.threshold[nodes]
        offsets = np.zeros(len(trees), np.int64)
        offsets[nodes] = -1 - (at + 2 * place)
        return result.reshape(self.groups, -1), offsets


def _cells(body: Array, group: Integers, slots: Integers, width: int) -> Array:
    """The numbers of each node; `group` says which body they are in, `slots` where, shape (nodes, width)."""
    result = np.empty((len(group), width))
    for own in parts(len(group), width):
        result[own] = body[group[own, None], slots[own, None] * width + np.arange(width)]
    return result


def _places(body: Array, group: Integers, slots: Integers, width: int, stats: int) -> Places:
    """The bins that a pass lists; `group` says which body is that of each node, `slots` where in it."""
    count = np.zeros(len(body), np.int64)
    np.maximum.at(count, group, slots + 1)
    node = np.zeros((len(body), int(slots.max()) + 1), np.int64)
    node[group, slots] = np.arange(len(group))
    which, rows = listed(body, count * width, 5 + 2 * stats)
    return Places.bins(node[which, rows[:, 0].astype(np.int64)], rows[:, 1:])


def _check_squares(target: Array) -> None:
    """Check a sample, shape (groups, n), of the target: its squares must neither overflow nor vanish."""
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


def _rectangle(rows: list[Array], filler: float) -> Array:
    result = np.full((len(rows), max((len(row) for row in rows), default=0)), filler)
    for number, row in enumerate(rows):
        result[number, : len(row)] = row
    return result
