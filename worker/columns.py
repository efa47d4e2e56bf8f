"""The rows of a training: two memory files of a store (ports/postgres/src/store/store_matrix.c), mapped."""

import contextlib
import errno
import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CHUNK = 4096  # rows that are looked at together
MADV_POPULATE_READ = 22  # mmap has no name for it


def empty_columns(X: Floats) -> list[int]:
    """Return the columns that are NaN in every row; none where all are, and without rows."""
    left = np.flatnonzero(np.isnan(X[0])) if len(X) else np.zeros(0, int)
    for start in range(0, len(X), CHUNK):
        if not len(left):
            break
        left = left[np.isnan(X[start : start + CHUNK, left]).all(axis=0)]
    return [int(column) for column in left] if len(left) < X.shape[1] else []


@dataclass(frozen=True)
class Matrix:
    """A file with rows of numbers, one after the other; NaN is NULL, or a value that is not finite."""

    file: int
    width: int
    has_nan: bool

    def rows(self, first: int, last: int) -> Floats:
        """Return rows first to last - 1, shape (n, width), of which this process alone sees changes.

        Nothing is copied before it is changed.  Raises MemoryError where this process may not change so much.
        """
        shape = last - first, self.width
        begin, size = 8 * first * self.width, 8 * shape[0] * self.width
        if not size:
            return np.empty(shape)
        skipped = begin % mmap.ALLOCATIONGRANULARITY
        try:
            data = mmap.mmap(self.file, skipped + size, access=mmap.ACCESS_COPY, offset=begin - skipped)
        except OSError as error:
            raise MemoryError if error.errno == errno.ENOMEM else error from error
        with contextlib.suppress(OSError):  # advice that Linux takes since 5.14: all pages at once cost less
            data.madvise(MADV_POPULATE_READ)
        return np.ndarray(shape, np.float64, data, skipped)


@dataclass(frozen=True)
class Columns:
    """The features of all rows, and the other columns: targets, weights, and what rows are split by."""

    features: Matrix
    others: Matrix

    @classmethod
    def of(cls, files: list[int], layout: dict[str, Any]) -> "Columns":
        """Build them from descriptors and what the server, which wrote the files, says of them."""
        parts = zip(files, layout["num"], layout["nan"], strict=True)
        features, others = (Matrix(file, int(width), bool(has_nan)) for file, width, has_nan in parts)
        return cls(features, others)
