"""What a pass of the kernels "dtree" and "dtree_sample" is told, and what it answers (src/dtree.h)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madpy.errors import MadpyError
from madpy.modules.dtree.core import Array, Flags, Integers, edges
from madpy.modules.dtree.grow import Trees, moved, rank, shift_for
from madpy.ports.postgres.db import Database
from madpy.ports.postgres.scan import Scan
from madpy.ports.postgres.states import packed

SAMPLE_ROWS = 10_000  # of one group
SAMPLE_NUMBERS = 40_000_000  # of all groups together, room included
CELLS = 8_000_000  # numbers that a pass counts at once, unless a node of each group has more
MOST_CELLS = 40_000_000
LEAVES = 20_000  # of a tree, whose rows a pass counts without bins
NODES = 3  # where in the header the number of nodes is
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
    def is_category(self) -> list[bool]:
        return [levels is not None for levels in self.levels]

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
        states = self.scan.step("dtree_sample", np.array([float(keep), float(self.seed)]))
        cuts: list[list[Array]] = [[] for _ in levels]
        shifts = np.zeros(len(states.body))
        for g, body in enumerate(states.body):
            weights, rows = _sampled(body, keep, width)
            mean = weights @ rows[:, -1] / max(weights.sum(), 1)
            shifts[g] = shift_for(mean, np.sqrt(weights @ (rows[:, -1] - mean) ** 2 / max(weights.sum(), 1)))
            for f, count in enumerate(levels):
                cuts[f].append(edges(rows[:, f], weights, num_bins) if count is None else np.zeros(0))
        bins = Bins(levels, [_filled_up(cut) for cut in cuts])
        return bins, shifts, states.rows_used, states.rows_skipped

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
            "SELECT {schema:i}.__store_bin({store:l}, 0, {edges:l})",
            store=self.scan.store,
            edges=packed(np.concatenate(parts, axis=1), self.groups),
        )

    def count(
        self, trees: Trees, nodes: Integers, fold: Fold | None = None
    ) -> Iterator[tuple[Integers, list[Array]]]:
        """Rows of `nodes` by feature and code, in as many passes as memory asks for: per pass, its nodes and,
        per feature, an array of shape (nodes, codes, C)."""
        stats = self.classes or 3
        codes = [codes + 1 for codes in self.bins.codes]
        at_once = max(1, CELLS // (self.groups * sum(codes) * stats))
        slots = rank(trees.group[nodes])
        for first in range(0, int(slots.max(initial=-1)) + 1, at_once):
            part = (slots >= first) & (slots < first + at_once)
            body, number = self._step(trees, nodes[part], slots[part] - first, True, fold)
            histograms = []
            at = 0
            for width in codes:
                cells = body[:, at : at + number * width].reshape(self.groups, number // stats, width, stats)
                histograms.append(cells[trees.group[nodes[part]], slots[part] - first])
                at += number * width
            yield nodes[part], histograms

    def totals(self, trees: Trees, nodes: Integers, fold: Fold | None = None) -> Array:
        """Rows of `nodes`, shape (nodes, C); of a regression around their means."""
        slots = rank(trees.group[nodes])
        stats = self.classes or 3
        found = np.zeros((len(nodes), stats))
        for first in range(0, int(slots.max(initial=-1)) + 1, LEAVES):
            part = (slots >= first) & (slots < first + LEAVES)
            own = slots[part] - first
            body, number = self._step(trees, nodes[part], own, False, fold)
            found[part] = body.reshape(self.groups, number // stats, stats)[trees.group[nodes[part]], own]
        return found if self.classes else moved(found, trees.shift[nodes] - trees.counts[nodes, 1])

    def _step(
        self, trees: Trees, nodes: Integers, slots: Integers, histograms: bool, fold: Fold | None
    ) -> tuple[Array, int]:
        """The cells of a pass, shape (groups, c), and how many those of all slots are for one code."""
        number = int(slots.max(initial=0)) + 1
        header = [
            self.coded, self.classes, number, 0, len(self.bins.levels), histograms,
            fold.folds if fold else 0, fold.number if fold else 0, fold.held_out if fold else 0, self.seed,
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
        params = np.concatenate([*parts, tree.reshape(self.groups, -1), words], axis=1)
        states = self.scan.step("dtree", params if self.groups > 1 else params[0])
        return states.body[:, params.shape[1] :], number * (self.classes or 3)

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


def _sampled(body: Array, keep: int, width: int) -> tuple[Array, Array]:
    """Weights and rows of the sample in a state of "dtree_sample"."""
    count = int(body[2])
    entries = body[4 : 4 + count * width].reshape(count, width)
    hashes = np.ascontiguousarray(entries[:, 0]).view(np.uint64)
    _, first, place = np.unique(hashes, return_index=True, return_inverse=True)
    weights = np.bincount(place, entries[:, 1]) if count else np.zeros(0)
    kept: Array = entries[first[:keep], 2:]
    return weights[:keep].astype(np.float64), kept


def _filled_up(cuts: list[Array]) -> Array:
    """Edges of all groups, shape (groups, most), those that are missing infinite: above every value."""
    return _rectangle(cuts, np.inf)


def _rectangle(rows: list[Array], filler: float) -> Array:
    result = np.full((len(rows), max((len(row) for row in rows), default=0)), filler)
    for number, row in enumerate(rows):
        result[number, : len(row)] = row
    return result
