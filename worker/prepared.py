"""Rows as the columns that an estimator is fitted on, made by pieces or as a whole when they are needed."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from madpy.worker.layout import ENCODE_NUMBER, FLAG_IMPUTE, FLAG_INDICATOR
from madpy.worker.moments import Moments
from madpy.worker.preparation import Input, Learned, transform

Floats = NDArray[np.float64]
CHUNK = 4096  # most rows of a piece
NUMBERS = 2**16  # numbers of a piece, which stay in the processor's cache


class Prepared:
    """Rows, and how their inputs become columns; `columns` are those of inputs that are known already.

    `moments` are those of `X`, if they are known.
    """

    def __init__(
        self,
        X: Floats,
        inputs: Sequence[Input],
        learned: Sequence[Learned],
        columns: Mapping[int, Floats] | None = None,
        moments: Moments | None = None,
    ) -> None:
        self.X = X
        self._inputs = inputs
        self._learned = learned
        self._columns = columns or {}
        self._moments = moments
        self._levels = [len(one.levels or []) for one in inputs]
        self._widths = [what.columns(levels) for what, levels in zip(learned, self._levels, strict=True)]
        self._is_plain = all(what.is_plain for what in learned)
        self._are_numbers = all(
            what.encode == ENCODE_NUMBER and not what.flags & FLAG_INDICATOR for what in learned
        )
        self._centers, self._scales, self._fills = np.array(
            [(what.center, what.scale, what.fill) for what in learned]
        ).T.reshape(3, -1, 1)
        self._is_filled = np.array([bool(what.flags & FLAG_IMPUTE) for what in learned])

    def __len__(self) -> int:
        return len(self.X)

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return sum(self._widths)

    @cached_property
    def whole(self) -> Floats:
        """Return all columns, shape (n, width); the rows themselves if they are not changed."""
        if self._is_plain:
            return self.X
        result = np.empty((len(self.X), self.width))
        for first, columns in self.chunks():
            result[first : first + columns.shape[1]] = columns.T
        return result

    def every(self, step: int) -> Floats:
        """Return the columns of every so manieth row."""
        columns = {j: one[::step] for j, one in self._columns.items()}
        return Prepared(self.X[::step], self._inputs, self._learned, columns).whole

    def first(self, count: int | None) -> "Prepared":
        """Return the first rows, or all."""
        if count is None or count >= len(self.X):
            return self
        columns = {j: one[:count] for j, one in self._columns.items()}
        return Prepared(self.X[:count], self._inputs, self._learned, columns)

    def chunks(self, more: int = 0) -> Iterator[tuple[int, Floats]]:
        """Yield pieces of the rows: the number of the first row, and the columns, shape (width + more, rows).

        All pieces are in the same memory.  The last `more` rows of each are for the caller.
        """
        width = self.width + more
        count = min(len(self.X), CHUNK, max(64, NUMBERS // max(1, width)))
        memory = np.empty(width * count)
        for first in range(0, len(self.X), max(1, count)):
            rows = self.X[first : first + count]
            columns = memory[: width * len(rows)].reshape(width, len(rows))
            self._fill(columns[: self.width], rows, first)
            yield first, columns

    def _fill(self, columns: Floats, rows: Floats, first: int) -> None:
        """Write the columns of some rows, by the same operations in the same order as C does."""
        if self._is_plain:
            np.copyto(columns, rows.T)
        elif self._are_numbers:
            self._fill_numbers(columns, rows)
        else:
            at = 0
            for j, width in enumerate(self._widths):
                columns[at : at + width] = self._columns_of(j, rows, first).T
                at += width

    def _fill_numbers(self, columns: Floats, rows: Floats) -> None:
        np.subtract(rows.T, self._centers, out=columns)
        np.divide(columns, self._scales, out=columns)
        if not self._is_filled.any() or (self._moments is not None and not self._moments.has_nulls):
            return
        if np.isnan(columns.sum()):
            fills = (self._fills - self._centers) / self._scales
            np.copyto(columns, fills, where=np.isnan(columns) & self._is_filled[:, None])

    def _columns_of(self, j: int, rows: Floats, first: int) -> Floats:
        known = self._columns.get(j)
        if known is not None:
            return known[first : first + len(rows)]
        return transform(np.ascontiguousarray(rows[:, j]), self._learned[j], self._levels[j])

    def peaks(self) -> Floats:
        """Return the largest absolute value of each column, NaN where there is none."""
        if self._are_numbers and self._moments is not None:
            return self._peaks_of_numbers(self._moments)
        result = np.full(self.width, np.nan)
        for _, columns in self.chunks():
            np.abs(columns, out=columns)
            result = np.fmax(result, np.fmax.reduce(columns, axis=1))
        return result

    def _peaks_of_numbers(self, moments: Moments) -> Floats:
        """Return the peaks: preparing numbers keeps their order."""
        ends = np.vstack([moments.least, moments.most, self._fills[:, 0]])
        ends[:2, moments.count == 0] = np.nan
        ends[2, ~self._is_filled | (moments.nulls == 0)] = np.nan
        with np.errstate(over="ignore"):
            return np.asarray(np.fmax.reduce(np.abs((ends - self._centers.T) / self._scales.T), axis=0))

    def means(self, weights: Floats | None) -> Floats:
        """Return the mean of each column over the rows, shape (width,)."""
        if (
            self._are_numbers
            and weights is None
            and self._moments is not None
            and not self._moments.has_nulls
        ):
            return np.asarray((self._moments.mean - self._centers[:, 0]) / self._scales[:, 0])
        total, sums = 0.0, np.zeros(self.width)
        for first, columns in self.chunks():
            own = np.ones(columns.shape[1]) if weights is None else weights[first : first + columns.shape[1]]
            sums += columns @ own
            total += own.sum()
        return np.asarray(sums / total)
