"""A second look at bins: passes that count rows by parts of bins (interval_counts.c)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from madpy.modules.dtree.core import Array, Integers, Splits, rows_of
from madpy.modules.dtree.grow import Trees, rank
from madpy.modules.dtree.within import Found, Places, take

if TYPE_CHECKING:
    from madpy.modules.dtree.bins import Bins

PARTS = 16, 256  # of one place: so many where there are many places, where there are few
TOTAL = 100_000  # parts of a pass that stay in the cache
ROUNDS = 24  # each divides what is left by 8 or more, of doubles, of which there are 2^64
FIELDS, PARTS_FIELD, WITHIN = 10, 8, 5  # of interval_counts.c
NUMBERS = 400_000  # that describe the places of one pass
PASSES = 8  # in a round; the places that may gain least are left out
VALUES, SHARE = 200_000, 0.02  # values that a level looks at again, at most: so many, or of all its values

# Of nodes, their slots, and intervals, shape (groups, n): a body for each group in which there are nodes.
Pass = Callable[[Integers, Integers, Array], Array]


def look_within(
    bins: "Bins",
    trees: Trees,
    nodes: Integers,
    splits: Splits,
    places: Places,
    total: Array,
    criterion: str,
    run: Pass,
) -> None:
    """Better splits of `nodes` within bins, where there are; `total` are their counts."""
    places = _affordable(bins, places, rows_of(total, criterion))
    for number in range(ROUNDS):
        following = [Places.none(total.shape[1])]
        for part in _in_passes(places):
            following.append(_look(bins, trees, nodes, splits, part, total, criterion, number, run))
        places = Places.join(following).worth(splits)
        if not len(places):
            return


def _affordable(bins: "Bins", places: Places, rows: Array) -> Places:
    """Places of nodes that have not too many values in them; a node that is all noise has most.

    `rows` are those of each node.
    """
    values = np.bincount(places.node, places.rows, len(rows))
    order = (values / np.maximum(rows, 1)).argsort(kind="stable")
    most = max(VALUES, SHARE * rows.sum() * bins.levels.count(None))
    fits = np.zeros(len(rows), np.bool_)
    fits[order] = values[order].cumsum() <= most
    return places.of(np.flatnonzero(fits[places.node]))


def make_sure(bins: "Bins", stats: int, run: Pass) -> None:
    """Find out which of the bins that the sample is unsure of have several values, or none, by all rows."""
    groups = len(bins.edges[0])
    listed = [(np.full(flags.sum(), f), *flags.nonzero()) for f, flags in enumerate(bins.unsure)]
    feature, group, bin = (np.concatenate(parts) for parts in zip(*listed, strict=True))
    order = np.lexsort([bin, feature, group])
    nothing, wide = np.zeros((len(order), stats)), np.full(len(order), np.inf)
    places = Places(group, feature, bin, -wide, wide, wide, wide, nothing, nothing).of(order)
    roots = np.arange(groups)
    most = NUMBERS // FIELDS
    for part in np.split(np.arange(len(order)), np.arange(most, len(order), most)):
        own = places.of(part)
        fields = _fields(bins, roots, own, np.zeros((groups, stats)), np.zeros(groups), 0)
        fields[:, PARTS_FIELD] = 1
        used, place, rect = _rectangle(own.node, fields)
        body = run(used, np.zeros(len(used), np.int64), rect)
        at = np.searchsorted(used, own.node)
        ends = place * (WITHIN + stats) + WITHIN
        bins.learn(own.node, own.feature, own.bin, body[at, ends - 2], body[at, ends - 1])


def _in_passes(places: Places) -> list[Places]:
    """Places in parts that one pass can count."""
    stats = places.null.shape[1]
    cost = FIELDS + 3 * stats + _parts(places) * (stats + 2) / 8
    order = (-places.most).argsort(kind="stable")
    number = (cost[order].cumsum() // NUMBERS).astype(np.int64)
    return [
        places.of(np.sort(order[number == n])) for n in range(min(int(number.max(initial=-1)) + 1, PASSES))
    ]


def _parts(places: Places) -> Array:
    least, most = PARTS
    return np.clip(8 * places.rows, 2, np.clip(TOTAL // max(len(places), 1), least, most))


def _look(
    bins: "Bins",
    trees: Trees,
    nodes: Integers,
    splits: Splits,
    places: Places,
    total: Array,
    criterion: str,
    number: int,
    run: Pass,
) -> Places:
    """One pass: what it finds goes into `splits`; returns the parts that are worth a further look."""
    stats = total.shape[1]
    used, slot = np.unique(places.node, return_inverse=True)
    slots = rank(trees.group[nodes[used]])
    group = trees.group[nodes[places.node]]
    places_order = np.lexsort([places.low, places.bin, places.feature, slots[slot], group])
    places = places.of(places_order)
    group, own = group[places_order], slots[slot][places_order]
    fields = _fields(bins, trees.group[nodes], places, total, splits.gain, number)
    fields[:, 0] = own
    groups, place, rect = _rectangle(group, fields)
    body = run(nodes[used], slots, rect)
    at = np.searchsorted(groups, group)
    width = WITHIN + stats
    cells = body[at[:, None], place[:, None] * width + np.arange(width)]
    found = Found(cells[:, 0], cells[:, 1], cells[:, 2], cells[:, WITHIN:])
    take(splits, places, found, rows_of(places.null, criterion))
    count = np.bincount(at, minlength=len(groups))
    row, parts = listed(body, count * width, 5 + stats)
    start = np.searchsorted(at, np.arange(len(groups)))
    which = start[row] + parts[:, 0].astype(np.int64)
    result = places.of(which)
    result.low, result.high, result.rows, result.most = parts[:, 1:5].T
    result.below = parts[:, 5:]
    return result


def _fields(bins: "Bins", group: Integers, places: Places, total: Array, gain: Array, number: int) -> Array:
    """Places as a pass is told of them, without their slots."""
    start, end, even = places.low.copy(), places.high.copy(), np.zeros(len(places), np.bool_)
    if number == 0:
        for f in np.unique(places.feature).tolist():
            one = np.flatnonzero(places.feature == f)
            start[one], end[one], even[one] = bins.ends(f, group[places.node[one]], places.bin[one])
    else:
        with np.errstate(over="ignore"):
            even = (number % 2 == 1) & (start < 0) & (end > 0) & np.isfinite(end - start)
    columns = [
        np.zeros(len(places)), places.feature, places.bin, places.low, places.high, start, end, even,
        _parts(places), gain[places.node],
    ]  # fmt: skip
    return np.concatenate([np.stack(columns, axis=1), places.below, places.null, total[places.node]], axis=1)


def _rectangle(group: Integers, rows: Array) -> tuple[Integers, Integers, Array]:
    """The groups there are, which of its group's rows each is, and the rows of each side by side.

    Behind them is how many there are.
    """
    groups, at = np.unique(group, return_inverse=True)
    place = rank(group)
    result = np.zeros((len(groups), int(place.max(initial=-1)) + 1, rows.shape[1]))
    result[at, place] = rows
    count = np.bincount(at, minlength=len(groups)).astype(float)
    return groups, place, np.concatenate([result.reshape(len(groups), -1), count[:, None]], axis=1)


def listed(body: Array, start: Integers, width: int) -> tuple[Integers, Array]:
    """Lists behind `start` numbers of each body: of each row of them, which body's it is, and the row."""
    count = body[np.arange(len(body)), start].astype(np.int64)
    which = np.repeat(np.arange(len(body)), count)
    row = np.arange(len(which)) - np.repeat(count.cumsum() - count, count)
    first = start[which] + 1 + row * width
    result: Array = body[which[:, None], first[:, None] + np.arange(width)]
    return which, result
