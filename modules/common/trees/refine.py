"""Refinement of splits within bins, by passes that count rows by parts of bins (interval_counts.c)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from madpy.modules.common.trees import layout
from madpy.modules.common.trees.bins import Bins
from madpy.modules.common.trees.counts import Array, Integers, divisor, rows_of
from madpy.modules.common.trees.grow import Trees, rank
from madpy.modules.common.trees.outcomes import listed
from madpy.modules.common.trees.splits import Splits
from madpy.modules.common.trees.within import Found, Places, take

PARTS = 16, 256  # parts of one place if there are many places, and if there are few
TOTAL = 100_000  # parts of a pass that stay in the cache
ROUNDS = 24  # each reduces a range of doubles to an eighth or less, of 2^64
NUMBERS = 400_000  # numbers that describe the places of one pass
PASSES = 8  # passes in a round; the places that may gain least are left out
VALUES, SHARE = 200_000, 0.02  # most values that a level counts again: so many, or this share of all

# A function that takes nodes, their slots, and intervals, shape (groups, n), and returns the bodies of the
# states of the groups that have nodes.
Pass = Callable[[Integers, Integers, Array], Array]


@dataclass(frozen=True)
class Refinement:
    """Searches better splits of `nodes` within bins, and puts them into `splits`, the known ones."""

    bins: Bins
    trees: Trees
    nodes: Integers
    splits: Splits
    total: Array  # counts of the nodes, (nodes, C)
    criterion: str
    unit: float  # the smallest weight of a row
    run: Pass

    def look_within(self, places: Places) -> None:
        """Count the rows of places, and of parts of them, as long as a better split may be there."""
        places = self._affordable(places)
        for number in range(ROUNDS):
            following = [Places.none(self.total.shape[1])]
            following += [self._look(part, number) for part in _in_passes(places, self.unit)]
            places = Places.join(following).worth(self.splits)
            if not len(places):
                return

    def _affordable(self, places: Places) -> Places:
        """Leave out places of nodes with too many values in them, which are mostly nodes of noise."""
        rows = rows_of(self.total, self.criterion)
        values = np.bincount(places.node, places.rows, len(rows))
        order = (values / divisor(rows)).argsort(kind="stable")
        most = max(VALUES, SHARE * rows.sum() * self.bins.levels.count(None))
        fits = np.zeros(len(rows), np.bool_)
        fits[order] = values[order].cumsum() <= most
        return places.of(np.flatnonzero(fits[places.node]))

    def _look(self, places: Places, number: int) -> Places:
        """Run a pass, and put better splits into `splits`; return the parts that are worth another pass."""
        stats = self.total.shape[1]
        used, slot = np.unique(places.node, return_inverse=True)
        slots = rank(self.trees.group[self.nodes[used]])
        group = self.trees.group[self.nodes[places.node]]
        order = np.lexsort([places.low, places.bin, places.feature, slots[slot], group])
        places, group, slot = places.of(order), group[order], slots[slot][order]
        fields = _intervals(
            self.bins, self.trees.group[self.nodes], places, self.total, self.splits.gain, number, self.unit
        )
        fields[:, layout.INTERVAL_SLOT] = slot
        groups, position, rectangle = _rectangle(group, fields)
        body = self.run(self.nodes[used], slots, rectangle)
        at = np.searchsorted(groups, group)
        width = layout.FOUND_FIELDS + stats
        cells = body[at[:, None], position[:, None] * width + np.arange(width)]
        take(self.splits, places, Found.read(cells), rows_of(places.null, self.criterion))
        count = np.bincount(at, minlength=len(groups))
        row, parts = listed(body, count * width, layout.PART_FIELDS + stats)
        start = np.searchsorted(at, np.arange(len(groups)))
        return places.parts(start[row] + parts[:, layout.PART_INTERVAL].astype(np.int64), parts)


def make_sure(bins: Bins, stats: int, run: Pass) -> None:
    """Find out which of the bins that the sample is unsure of have several values, or none, by all rows."""
    groups = len(bins.edges[0])
    listed = [(np.full(flags.sum(), f), *flags.nonzero()) for f, flags in enumerate(bins.unsure)]
    feature, group, bin = (np.concatenate(parts) for parts in zip(*listed, strict=True))
    order = np.lexsort([bin, feature, group])
    nothing, wide = np.zeros((len(order), stats)), np.full(len(order), np.inf)
    places = Places(group, feature, bin, -wide, wide, wide, wide, nothing, nothing).of(order)
    roots = np.arange(groups)
    most = NUMBERS // layout.INTERVAL_FIELDS
    for part in np.split(np.arange(len(order)), np.arange(most, len(order), most)):
        own = places.of(part)
        fields = _intervals(bins, roots, own, np.zeros((groups, stats)), np.zeros(groups), 0, 1.0)
        fields[:, layout.INTERVAL_PARTS] = 1
        used, position, rectangle = _rectangle(own.node, fields)
        body = run(used, np.zeros(len(used), np.int64), rectangle)
        at = np.searchsorted(used, own.node)
        first = position * (layout.FOUND_FIELDS + stats)
        smallest, largest = (body[at, first + f] for f in (layout.FOUND_SMALLEST, layout.FOUND_LARGEST))
        bins.learn(own.node, own.feature, own.bin, smallest, largest)


def _in_passes(places: Places, unit: float) -> list[Places]:
    """Yield places in portions that one pass can count."""
    stats = places.null.shape[1]
    cost = layout.INTERVAL_FIELDS + 3 * stats + _parts(places, unit) * (stats + 2) / 8
    order = (-places.most).argsort(kind="stable")
    number = (cost[order].cumsum() // NUMBERS).astype(np.int64)
    return [
        places.of(np.sort(order[number == n])) for n in range(min(int(number.max(initial=-1)) + 1, PASSES))
    ]


def _parts(places: Places, unit: float) -> Array:
    least, most = PARTS
    return np.clip(8 * places.rows / unit, 2, np.clip(TOTAL // max(len(places), 1), least, most))


def _intervals(
    bins: Bins, group: Integers, places: Places, total: Array, gain: Array, number: int, unit: float
) -> Array:
    """Return places as parameters of a pass, without slots; `group`, `total` and `gain` are of nodes."""
    start, end, even = places.low.copy(), places.high.copy(), np.zeros(len(places), np.bool_)
    if number == 0:
        for f in np.unique(places.feature).tolist():
            one = np.flatnonzero(places.feature == f)
            start[one], end[one], even[one] = bins.ends(f, group[places.node[one]], places.bin[one])
    else:
        with np.errstate(over="ignore"):
            even = (number % 2 == 1) & (start < 0) & (end > 0) & np.isfinite(end - start)
    fields = np.zeros((len(places), layout.INTERVAL_FIELDS))
    fields[:, layout.INTERVAL_FEATURE] = places.feature
    fields[:, layout.INTERVAL_BIN] = places.bin
    fields[:, layout.INTERVAL_LOW] = places.low
    fields[:, layout.INTERVAL_HIGH] = places.high
    fields[:, layout.INTERVAL_FROM] = start
    fields[:, layout.INTERVAL_TO] = end
    fields[:, layout.INTERVAL_LINEAR] = even
    fields[:, layout.INTERVAL_PARTS] = _parts(places, unit)
    fields[:, layout.INTERVAL_BEST] = gain[places.node]
    return np.concatenate([fields, places.below, places.null, total[places.node]], axis=1)


def _rectangle(group: Integers, rows: Array) -> tuple[Integers, Integers, Array]:
    """Return the groups, the position of each row in its group, and the rows of each group side by side.

    The number of its rows follows those of each group.
    """
    groups, at = np.unique(group, return_inverse=True)
    position = rank(group)
    result = np.zeros((len(groups), int(position.max(initial=-1)) + 1, rows.shape[1]))
    result[at, position] = rows
    count = np.bincount(at, minlength=len(groups)).astype(float)
    return groups, position, np.concatenate([result.reshape(len(groups), -1), count[:, None]], axis=1)
