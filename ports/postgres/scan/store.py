"""A store of this transaction as numpy arrays: its memory file is mapped into the server's Python."""

import mmap

import numpy as np
import numpy.typing as npt

from madpy.ports.postgres.layouts.store import store_bits_offset, store_block_bytes
from madpy.ports.postgres.session.db import Database

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Store:
    """The columns of n rows, counted from 0, as src/store/store.h lays them out.

    A float8[] of the query is a column per element; text and enums are codes into `levels`; dates and
    timestamps are seconds since 1970.  Rows lie group by group where there are groups, else in the query's
    order.  Arrays are read-only.  Their memory stays until the last array is freed, even if the store is
    freed before.
    """

    def __init__(self, db: Database, number: int) -> None:
        """Map the store with the `number` that __store_fill returned; raise SqlError if there is none."""
        self._db = db
        self._number = number
        mapped = db.execute("SELECT * FROM {schema:i}.__store_map({store:l})", store=number)[0]
        self.num_rows: int = mapped["num_rows"]
        self.num_columns: int = mapped["num_columns"]
        self._block_rows: int = mapped["block_rows"]
        # mmap duplicates the descriptor, so the store may close its own; an empty file cannot be mapped.
        self._file = (
            mmap.mmap(mapped["fd"], mapped["bytes"], access=mmap.ACCESS_READ) if self.num_rows else b""
        )

    def column(self, j: int) -> Numbers:
        """Return column j, shape (n,), NaN for NULL: a view of one block without a NULL, else a copy."""
        values = self._values[:, j].reshape(-1)[: self.num_rows]
        null = self.nulls(j)
        return np.where(null, np.nan, values) if null.any() else values

    def nulls(self, j: int) -> Flags:
        """Return whether column j is NULL in each row, shape (n,), as `column` has NaN for NaN as well."""
        bits = np.unpackbits(self._null_bits[:, j], axis=-1, bitorder="little")
        return bits.reshape(-1)[: self.num_rows].astype(np.bool_)

    def matrix(self) -> Numbers:
        """Return a copy of all columns, shape (n, num_columns), NaN for NULL."""
        result = np.empty((self.num_rows, self.num_columns))
        for block, values in enumerate(self._values):
            part = result[block * self._block_rows :][: self._block_rows]
            part[:] = values.T[: len(part)]
        for j in range(self.num_columns):
            result[self.nulls(j), j] = np.nan
        return result

    def levels(self, j: int) -> list[str] | None:
        """Return the levels for the codes 0, 1, ... of column j; None if it holds numbers."""
        levels: list[str] | None = self._db.value(
            "SELECT {schema:i}.__store_levels({store:l}, {column:l})", store=self._number, column=j + 1
        )
        return levels

    def free(self) -> None:
        """Free the store before the transaction ends."""
        self._db.execute("SELECT {schema:i}.__store_free({store:l})", store=self._number)

    # A block has its columns, then a bitmap for each column: little-endian words of 64 rows.

    @property
    def _values(self) -> Numbers:
        """Return the values as the blocks have them, shape (blocks, num_columns, block_rows)."""
        row_bytes = 8 * self._block_rows
        shape = (self._blocks, self.num_columns, self._block_rows)
        return np.ndarray(shape, np.float64, self._file, strides=(self._block_bytes, row_bytes, 8))

    @property
    def _null_bits(self) -> npt.NDArray[np.uint8]:
        """Return the bitmaps of NULLs, shape (blocks, num_columns, block_rows / 8)."""
        shape = (self._blocks, self.num_columns, self._block_rows // 8)
        offset = store_bits_offset(self.num_columns, self._block_rows) if self._blocks else 0
        return np.ndarray(
            shape, np.uint8, self._file, offset, strides=(self._block_bytes, self._block_rows // 8, 1)
        )

    @property
    def _blocks(self) -> int:
        return -(-self.num_rows // self._block_rows)

    @property
    def _block_bytes(self) -> int:
        return store_block_bytes(self.num_columns, self._block_rows)
