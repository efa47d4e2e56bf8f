"""Bins of numbers, and the values of a sample in them.  Pure: numpy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madpy.modules.common.trees.counts import Array, Flags, Integers
from madpy.modules.common.trees.edges import LOWEST, edges_and_order

MANY = 100  # groups from which on a sort of all is faster than a search in each
WORD = 32


@dataclass(frozen=True)
class Seen:
    """Smallest, middle and largest value of a sample in each bin, shape (groups, bins); NaN for none."""

    smallest: Array
    middle: Array
    largest: Array

    @classmethod
    def of(cls, ordered: Array, cuts: Array) -> "Seen":
        """Build from values `ordered` (G, n), NaN last, and rising `cuts` (G, bins - 1), infinity last."""
        there = (~np.isnan(ordered)).sum(axis=1, keepdims=True)
        upto = np.concatenate([_upto(ordered, cuts), there], axis=1)
        first = np.concatenate([np.zeros_like(there), upto[:, :-1]], axis=1)
        ordered = np.concatenate([ordered, np.full((len(ordered), 1), np.nan)], axis=1)
        places = (first, (first + upto - 1) // 2, upto - 1)
        values_at = [
            np.where(upto > first, np.take_along_axis(ordered, np.maximum(positions, 0), axis=1), np.nan)
            for positions in places
        ]
        return cls(*values_at)


def _upto(values: Array, cuts: Array) -> Integers:
    """Count the values of a group, in order, that are not above each of its cuts."""
    if len(values) <= MANY:
        counts = [np.searchsorted(v, c, side="right") for v, c in zip(values, cuts, strict=True)]
        return np.array(counts, np.int64).reshape(cuts.shape)
    order = np.concatenate([values, cuts], axis=1).argsort(axis=1, kind="stable")
    ranks = (order >= values.shape[1]).nonzero()[1].reshape(cuts.shape)
    result: Integers = ranks - np.arange(cuts.shape[1])
    return result


@dataclass
class Bins:
    """The bins of all features: the number of levels of each, or None and its edges, (groups, bins - 1).

    A bin with `several` values may have a split within it; `unsure` are those of which the sample shows no
    two values, and which may have one only.
    """

    levels: list[int | None]
    edges: list[Array]
    seen: list[Seen]
    several: list[Flags]
    unsure: list[Flags]

    @classmethod
    def of(
        cls, levels: list[int | None], values: Sequence[Array], weights: Array, most: int, is_whole: Flags
    ) -> "Bins":
        """Make bins from a sample: `values` by feature and `weights`, (G, n); `is_whole`: it has all rows."""
        nothing = np.zeros((len(weights), 0))
        result = cls(levels, [], [], [], [])
        for feature_values, count in zip(values, levels, strict=True):
            if count is not None:
                feature_values = nothing
            cuts, ordered = edges_and_order(feature_values, weights if count is None else nothing, most)
            seen = Seen.of(ordered, cuts)
            several = seen.smallest < seen.largest
            above = np.pad(cuts, [(0, 0), (1, 0)], constant_values=LOWEST)
            unsure = ~several & ~is_whole[:, None] & (above < np.inf) & (count is None)
            result.edges.append(cuts)
            result.seen.append(seen)
            result.several.append(several | unsure)
            result.unsure.append(unsure)
        return result

    @property
    def codes(self) -> list[int]:
        """Return the number of codes of each feature, without that of NULL."""
        return [
            cuts.shape[1] + 1 if levels is None else levels
            for levels, cuts in zip(self.levels, self.edges, strict=True)
        ]

    @property
    def any_unsure(self) -> bool:
        return any(unsure.any() for unsure in self.unsure)

    @property
    def seem_empty(self) -> list[bool]:
        """Tell for each feature whether no row seen so far has a value of it."""
        return [
            bool(np.isnan(seen.smallest).all()) if levels is None else levels == 0
            for seen, levels in zip(self.seen, self.levels, strict=True)
        ]

    def are_several(self, group: Integers, feature: Integers, bin: Integers) -> Integers:
        """Return for each feature the places of the bins that may hold several values."""
        result = np.zeros(len(bin), np.bool_)
        for f in np.unique(feature).tolist():
            one = feature == f
            result[one] = self.several[f][group[one], bin[one]]
        return np.flatnonzero(result)

    def learn(
        self, group: Integers, feature: Integers, bin: Integers, smallest: Array, largest: Array
    ) -> None:
        """Set the range of values in bins from all rows; an empty bin has the smallest above the largest."""
        for f in np.unique(feature).tolist():
            one = feature == f
            at = group[one], bin[one]
            low, high = smallest[one], largest[one]
            self.several[f][at], self.unsure[f][at] = low < high, False
            self.seen[f].smallest[at] = np.where(low <= high, low, np.nan)
            self.seen[f].largest[at] = np.where(low <= high, high, np.nan)

    def marks(self) -> Array:
        """Return bits of the bins with several values, shape (groups, words): words by feature with bins."""
        words = [np.zeros((len(self.edges[0]), 0))]
        words += [
            bit_words(several).astype(float)
            for several, levels in zip(self.several, self.levels, strict=True)
            if levels is None
        ]
        return np.concatenate(words, axis=1)

    def ends(self, feature: int, group: Integers, bin: Integers) -> tuple[Array, Array, Flags]:
        """Return the expected range of values in bins, and where the sample has them evenly spread."""
        seen = self.seen[feature]
        low, middle, high = (a[group, bin] for a in (seen.smallest, seen.middle, seen.largest))
        cuts = np.pad(self.edges[feature], [(0, 0), (1, 1)], constant_values=((0, 0), (LOWEST, -LOWEST)))
        is_known = low < high
        with np.errstate(all="ignore"):
            share = (middle - low) / (high - low)
            is_even = is_known & np.isfinite(high - low) & (share > 0.1) & (share < 0.9)
        above = np.maximum(cuts[group, bin], LOWEST)
        upto = np.minimum(cuts[group, bin + 1], -LOWEST)
        return np.where(is_known, low, above), np.where(is_known, high, upto), is_even


def bit_words(flags: Flags) -> Integers:
    """Pack flags, shape (..., n), into numbers of WORD bits, the first flag in the lowest bit."""
    more = [(0, 0)] * (flags.ndim - 1) + [(0, -flags.shape[-1] % WORD)]
    padded = np.pad(flags, more).astype(np.uint8)
    return np.packbits(padded, axis=-1, bitorder="little").view("<u4").astype(np.int64)
