"""Rows out of the memory file of a store: made here in its layout, and read back."""

import mmap
import os

import numpy as np
import pytest

from madpy.ports.postgres.layouts.store import store_bits_offset, store_block_bytes
from madpy.worker.columns import Columns

BLOCK = 64


@pytest.fixture
def stored():
    """Return a function that writes rows (n, k) to a file; NaN is a NULL, whose place has a number."""
    files = []

    def write(rows):
        count, width = rows.shape
        size, bits = store_block_bytes(width, BLOCK), store_bits_offset(width, BLOCK)
        blocks = -(-count // BLOCK)
        file = os.memfd_create("test")
        files.append(file)
        os.ftruncate(file, blocks * size)
        with mmap.mmap(file, blocks * size) as data:
            for block in range(blocks):
                part = np.zeros((BLOCK, width))
                own = rows[block * BLOCK : (block + 1) * BLOCK]
                part[: len(own)] = own
                null = np.isnan(part)
                part[null] = 7.0
                at = block * size
                data[at : at + bits] = np.ascontiguousarray(part.T).tobytes()
                data[at + bits : at + size] = np.packbits(null.T, axis=1, bitorder="little").tobytes()
        layout = {"num_columns": width, "block_rows": BLOCK, "block_bytes": size, "bits_offset": bits}
        return Columns.map(file, {"bytes": blocks * size, **layout})

    yield write
    for file in files:
        os.close(file)


@pytest.mark.parametrize(("first", "last"), [(0, 200), (0, 64), (63, 65), (70, 70), (130, 199)])
@pytest.mark.parametrize("columns", [[0, 1, 2], [1, 2], [3, 0], [2], []])
def test_rows_and_columns(stored, columns, first, last):
    rows = np.arange(800.0).reshape(200, 4)
    matrix, has_nan = stored(rows).matrix(columns, first, last)
    np.testing.assert_array_equal(matrix, rows[first:last, columns])
    assert matrix.flags.c_contiguous
    assert not has_nan


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 63, 64, 199])
def test_value_that_is_not_finite(stored, value, row):
    """A NULL or an infinite value becomes NaN, and no other value does."""
    rows = np.arange(600.0).reshape(200, 3)
    rows[row, 1] = value
    expected = np.where(np.isfinite(rows), rows, np.nan)
    for columns, found in (([0, 1, 2], True), ([2, 1], True), ([0, 2], False)):
        matrix, has_nan = stored(rows).matrix(columns, 0, 200)
        np.testing.assert_array_equal(matrix, expected[:, columns])
        assert has_nan == found


def test_null_of_other_rows(stored):
    """NULL before the first row, or behind the last one, may be reported, and changes nothing."""
    rows = np.arange(300.0).reshape(100, 3)
    rows[[0, 99], 1] = np.nan
    np.testing.assert_array_equal(stored(rows).matrix([0, 1, 2], 1, 99)[0], rows[1:99])
