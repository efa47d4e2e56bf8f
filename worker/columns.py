"""The columns of a training: the memory file of a store (ports/postgres/src/store/store.h), mapped."""

import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Rows of a mapped file, column by column in blocks; NULL is NaN."""

    data: Any
    num_columns: int
    block_rows: int
    block_bytes: int
    bits_offset: int

    @classmethod
    def map(cls, descriptor: int | None, layout: dict[str, int]) -> "Columns":
        """Map the file behind a descriptor; the layout comes from the server, which wrote the file."""
        size = int(layout["bytes"])
        data = (
            mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) if size and descriptor is not None else b""
        )
        sizes = (int(layout[name]) for name in ("num_columns", "block_rows", "block_bytes", "bits_offset"))
        return cls(data, *sizes)

    def matrix(self, columns: list[int], first: int, last: int) -> tuple[Floats, bool]:
        """Return a copy of columns of rows first to last - 1, shape (n, k), and whether NaN may be in it.

        A value that is not finite is NaN, as NULL is.  The copy is row by row, made while a block is in the
        processor's cache.
        """
        result = np.empty((last - first, len(columns)))
        has_nan = False
        # a slice is a view of a block, a list would be a copy
        is_range = columns == list(range(columns[0], columns[0] + len(columns))) if columns else False
        picked = slice(columns[0], columns[0] + len(columns)) if is_range else columns
        for start in range(first - first % self.block_rows, last, self.block_rows):
            low, high = max(first, start), min(last, start + self.block_rows)
            rows = slice(low - start, high - start)
            values, bits = self._block(start // self.block_rows)
            part, nulls = values[picked, rows], bits[picked]
            target = result[low - first : high - first]
            target[:] = part.T
            if nulls.any():
                null = np.unpackbits(nulls, axis=1, bitorder="little")[:, rows]
                target[null.T.astype(bool)] = np.nan
                has_nan = True
            if not np.isfinite(part).all():
                target[~np.isfinite(target)] = np.nan
                has_nan = True
        return result, has_nan

    def _block(self, number: int) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the values of a block, shape (columns, rows), and its bitmaps of NULLs."""
        at = number * self.block_bytes
        values = np.ndarray((self.num_columns, self.block_rows), np.float64, self.data, at)
        shape = (self.num_columns, self.block_rows // 8)
        return values, np.ndarray(shape, np.uint8, self.data, at + self.bits_offset)
