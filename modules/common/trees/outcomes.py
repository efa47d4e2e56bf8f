"""Outcomes of passes of the tree kernel, as splits.c and interval_splits.c lay them out.  Pure: numpy."""

import numpy as np

from madpy.modules.common.trees import layout
from madpy.modules.common.trees.counts import Array, Integers, parts
from madpy.modules.common.trees.splits import Counted, Splits
from madpy.modules.common.trees.within import Places


def counted(body: Array, group: Integers, slots: Integers, stats: int, levels: list[int | None]) -> Counted:
    """Read counts and best splits of nodes; `group` is the body of each node, `slots` its slot there."""
    shown = [(f, count + 1) for f, count in enumerate(levels) if count]  # without a level: no splits
    left_at = layout.SPLIT_FIELDS + stats
    at = left_at + stats
    cells = _cells(body, group, slots, at + sum(codes for _, codes in shown) * stats)
    categories = []
    for feature, codes in shown:
        end = at + codes * stats
        categories.append((feature, cells[:, at:end].reshape(len(cells), codes, stats)))
        at = end
    fields = cells[:, : layout.SPLIT_FIELDS].T.copy()
    splits = Splits(
        fields[layout.SPLIT_GAIN],
        fields[layout.SPLIT_FEATURE].astype(np.int64),
        fields[layout.SPLIT_LAST_LEFT].astype(np.int64),
        fields[layout.SPLIT_NULL_RIGHT] > 0,
        fields[layout.SPLIT_NULL_ROWS],
        cells[:, left_at : left_at + stats].copy(),
        {},
    )
    return Counted(cells[:, layout.SPLIT_FIELDS : left_at], splits, categories)


def _cells(body: Array, group: Integers, slots: Integers, width: int) -> Array:
    """Return the numbers of each node, shape (nodes, width)."""
    result = np.empty((len(group), width))
    for own in parts(len(group), width):
        result[own] = body[group[own, None], slots[own, None] * width + np.arange(width)]
    return result


def bins_listed(body: Array, group: Integers, slots: Integers, width: int, stats: int) -> Places:
    """Read the bins that a pass lists after the `width` numbers of each slot."""
    count = np.zeros(len(body), np.int64)
    np.maximum.at(count, group, slots + 1)
    node = np.zeros((len(body), int(slots.max()) + 1), np.int64)
    node[group, slots] = np.arange(len(group))
    which, rows = listed(body, count * width, layout.BIN_FIELDS + 2 * stats)
    return Places.bins(node[which, rows[:, layout.BIN_SLOT].astype(np.int64)], rows)


def listed(body: Array, start: Integers, width: int) -> tuple[Integers, Array]:
    """Return the rows of the lists after `start` numbers of each body, and the body of each row."""
    count = body[np.arange(len(body)), start].astype(np.int64)
    which = np.repeat(np.arange(len(body)), count)
    row = np.arange(len(which)) - np.repeat(count.cumsum() - count, count)
    first = start[which] + 1 + row * width
    result: Array = body[which[:, None], first[:, None] + np.arange(width)]
    return which, result
