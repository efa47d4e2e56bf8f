"""Splits within bins: the places that are refined, and the splits found there.  Pure: numpy."""

from dataclasses import dataclass, fields

import numpy as np

from madpy.modules.common.trees import layout
from madpy.modules.common.trees.counts import TINY, Array, Flags, Integers
from madpy.modules.common.trees.splits import Splits

WORTH = 0.01  # a place is refined if it may gain this share more than the best known split


@dataclass
class Places:
    """Bins, or parts of them, in which a node may have a better split than is known, P of them."""

    node: Integers  # number of its node among those that are refined
    feature: Integers
    bin: Integers
    low: Array  # its smallest value; -infinity if the place is the whole bin
    high: Array  # its largest value
    rows: Array
    most: Array  # upper bound for the gain of a split there
    below: Array  # (P, C): counts to the left of it, without those of NULL
    null: Array  # (P, C)

    @classmethod
    def none(cls, stats: int) -> "Places":
        whole, number, counts = np.zeros(0, np.int64), np.zeros(0), np.zeros((0, stats))
        return cls(whole, whole, whole, number, number, number, number, counts, counts)

    @classmethod
    def bins(cls, node: Integers, rows: Array) -> "Places":
        """Make places of the bins that a pass lists (BinField of layout.h), shape (P, fields), and nodes."""
        stats = (rows.shape[1] - layout.BIN_FIELDS) // 2
        wide = np.full(len(rows), np.inf)
        below = rows[:, layout.BIN_FIELDS : layout.BIN_FIELDS + stats]
        return cls(
            node,
            rows[:, layout.BIN_FEATURE].astype(np.int64),
            rows[:, layout.BIN_NUMBER].astype(np.int64),
            -wide,
            wide,
            rows[:, layout.BIN_ROWS],
            rows[:, layout.BIN_MOST],
            below,
            rows[:, layout.BIN_FIELDS + stats :],
        )

    @classmethod
    def join(cls, parts: list["Places"]) -> "Places":
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))

    def __len__(self) -> int:
        return len(self.node)

    def of(self, places: Integers) -> "Places":
        """Return some of the places."""
        return Places(*(getattr(self, f.name)[places] for f in fields(self)))

    def parts(self, places: Integers, rows: Array) -> "Places":
        """Make places of parts that a pass lists (PartField of layout.h), shape (parts, fields + C)."""
        result = self.of(places)
        result.low = rows[:, layout.PART_SMALLEST]
        result.high = rows[:, layout.PART_LARGEST]
        result.rows = rows[:, layout.PART_NUM_ROWS]
        result.most = rows[:, layout.PART_MOST]
        result.below = rows[:, layout.PART_FIELDS :]
        return result

    def among(self, nodes: Integers) -> "Places":
        """Return the places of some nodes, by their numbers among these."""
        number = np.full(max(self.node.max(initial=-1), nodes.max(initial=-1)) + 1, -1)
        number[nodes] = np.arange(len(nodes))
        result = self.of(np.flatnonzero(number[self.node] >= 0))
        result.node = number[result.node]
        return result

    def worth(self, splits: Splits) -> "Places":
        """Return the places that may gain noticeably more than the known splits."""
        return self.of(np.flatnonzero(self.most > splits.gain[self.node] * (1 + WORTH)))


@dataclass(frozen=True)
class Found:
    """The best split in each of P places; `gain` is 0 where there is none."""

    gain: Array
    threshold: Array
    null_right: Flags
    left: Array  # (P, C)

    @classmethod
    def read(cls, cells: Array) -> "Found":
        """Read rows of an outcome (FoundField of layout.h), shape (P, fields + C)."""
        return cls(
            cells[:, layout.FOUND_GAIN],
            cells[:, layout.FOUND_THRESHOLD],
            cells[:, layout.FOUND_NULL_RIGHT] > 0,
            cells[:, layout.FOUND_FIELDS :],
        )


def take(splits: Splits, places: Places, candidates: Found, null_rows: Array) -> None:
    """Replace splits by the candidates that gain more, each a split within the bin of a place."""
    order = np.lexsort([-np.arange(len(places)), candidates.gain])
    best = np.full(len(splits.gain), -1)
    best[places.node[order]] = order  # the last one written is the best
    nodes = np.flatnonzero(best >= 0)
    nodes = nodes[candidates.gain[best[nodes]] > splits.gain[nodes] * (1 + TINY)]
    at = best[nodes]
    splits.gain[nodes] = candidates.gain[at]
    splits.feature[nodes] = places.feature[at]
    splits.last_left[nodes] = places.bin[at]
    splits.threshold[nodes] = candidates.threshold[at]
    splits.null_right[nodes] = candidates.null_right[at]
    splits.null_rows[nodes] = null_rows[at]
    splits.left[nodes] = candidates.left[at]
    for node in nodes.tolist():
        splits.levels_left.pop(node, None)
