"""A sample of rows from the kernel of sample.c, and the bins that follow from it.  Pure: numpy."""

from dataclasses import dataclass

import numpy as np

from madpy.errors import MadpyError
from madpy.modules.common.trees import layout
from madpy.modules.common.trees.bins import Bins
from madpy.modules.common.trees.counts import Array, Integers, divisor
from madpy.modules.common.trees.edges import whole
from madpy.modules.common.trees.grow import shift_for

ROWS = 10_000  # rows of one group
NUMBERS = 40_000_000  # numbers of all groups together, unused space included
LEAST_UNIT = 1e-6  # LEAST_UNIT of plan.c
LARGE, SMALL = 1e146, 1e-146  # differences whose squares, summed over many rows, are still numbers


def rows_to_keep(groups: int, features: int) -> int:
    """Return the number of rows in the sample of each group: as many as fit."""
    width = layout.ENTRY_FIELDS + features + 1
    return min(ROWS, max(16, NUMBERS // (2 * width * max(groups, 1))))


@dataclass(frozen=True)
class Sample:
    """Distinct rows of each of G groups, and how often each occurs; shorter groups are padded."""

    count: Integers  # (G,)
    weights: Array  # (G, n)
    features: Array  # (G, n, features)
    target: Array  # (G, n)
    keep: int  # rows at most

    @classmethod
    def read(cls, body: Array, features: int, keep: int) -> "Sample":
        """Read the outcomes of the kernel: the number of rows, and the entry of each without its hash."""
        groups, width = len(body), layout.ENTRY_FIELDS - 1 + features + 1
        count = body[:, 0] if body.shape[1] else np.zeros(groups)
        rows = max(body.shape[1] - 1, 0) // width
        entries = body[:, 1:].reshape(groups, rows, width)
        values = entries[..., layout.ENTRY_FIELDS - 1 :]
        weights = entries[..., layout.ENTRY_COUNT - 1]
        return cls(count.astype(np.int64), weights, values[..., :-1], values[..., -1], keep)

    def bins(self, levels: list[int | None], num_bins: int) -> Bins:
        """Make bins of all features; `levels` is the number of levels of each, None for a number."""
        is_row = np.arange(self.target.shape[1]) < self.count[:, None]
        values = [np.where(is_row, self.features[..., f], np.nan) for f in range(len(levels))]
        return Bins.of(levels, values, whole(self.weights), num_bins, self.count < self.keep)

    def unit(self) -> float:
        """Return the smallest weight of a row, at most 1."""
        is_row = np.arange(self.target.shape[1]) < self.count[:, None]
        return float(np.clip(self.weights[is_row].min(initial=1), LEAST_UNIT, 1))

    def shifts(self) -> Array:
        """Return a target near the mean of each group; raise an error if squares would overflow or vanish."""
        is_row = np.arange(self.target.shape[1]) < self.count[:, None]
        _check_squares(np.where(is_row, self.target, self.target[:, :1]))
        total = divisor(self.weights.sum(axis=1))
        mean = (self.weights * self.target).sum(axis=1) / total
        squares = (self.weights * (self.target - mean[:, None]) ** 2).sum(axis=1)
        return shift_for(mean, np.sqrt(squares / total))


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
