"""Rows out of the files of a store: made here in their layout, and read back."""

import errno
import mmap
import os
import resource

import numpy as np
import pytest

from madpy.worker.columns import Columns, Matrix

ROWS = np.arange(8000.0).reshape(2000, 4)  # 64 kB: rows begin and end within pages


@pytest.fixture
def stored():
    """Return a function that writes rows (n, k) to a file."""
    files = []

    def write(rows):
        file = os.memfd_create("test")
        files.append(file)
        os.write(file, rows.tobytes())
        return Matrix(file, rows.shape[1], has_nan=bool(np.isnan(rows).any()))

    yield write
    for file in files:
        os.close(file)


@pytest.mark.parametrize(
    ("first", "last"), [(0, 2000), (0, 64), (63, 65), (70, 70), (128, 256), (1301, 2000)]
)
@pytest.mark.parametrize("width", [4, 3, 1, 0])
def test_rows(stored, width, first, last):
    rows = np.ascontiguousarray(ROWS[:, :width])
    found = stored(rows).rows(first, last)
    np.testing.assert_array_equal(found, rows[first:last])
    assert found.flags.c_contiguous
    assert found.flags.aligned


def test_no_rows(stored):
    assert stored(np.zeros((0, 3))).rows(0, 0).shape == (0, 3)


def test_changes_are_seen_by_nobody_else(stored):
    """A library may change the array that it is given; the file, and rows read again, stay as they are."""
    matrix = stored(ROWS)
    found = matrix.rows(10, 20)
    found += 1
    np.testing.assert_array_equal(found, ROWS[10:20] + 1)
    np.testing.assert_array_equal(matrix.rows(0, 2000), ROWS)
    assert os.pread(matrix.file, ROWS.nbytes, 0) == ROWS.tobytes()


def test_a_file_that_can_only_be_read(stored):
    """The server opens its files again so that a worker cannot write into them."""
    file = os.open(f"/proc/self/fd/{stored(ROWS).file}", os.O_RDONLY)
    try:
        found = Matrix(file, 4, has_nan=False).rows(5, 15)
        found[0] = -1
        np.testing.assert_array_equal(found[1:], ROWS[6:15])
    finally:
        os.close(file)


def test_arrays_outlive_the_file(stored):
    matrix = stored(ROWS)
    copy = os.dup(matrix.file)
    found = Matrix(copy, 4, has_nan=False).rows(3, 9)
    os.close(copy)
    np.testing.assert_array_equal(found, ROWS[3:9])


def test_no_memory(stored):
    """Rows count as memory of the process, as it may change each of them."""
    file = stored(np.zeros((1, 1))).file
    os.ftruncate(file, 2**33)
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (2**32, limits[1]))
    try:
        with pytest.raises(MemoryError):
            Matrix(file, 1, has_nan=False).rows(0, 2**30)
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)


def test_another_error_is_not_one_of_memory():
    with pytest.raises(OSError, match="descriptor") as error:
        Matrix(-2, 1, has_nan=False).rows(0, 8 * mmap.PAGESIZE)
    assert error.value.errno == errno.EBADF


def test_what_the_server_says_of_both_files(stored):
    features, others = stored(ROWS[:, :3].copy()), stored(np.array([[1.0], [np.nan]]))
    columns = Columns.of([features.file, others.file], {"num": [3, 1], "nan": [False, True]})
    assert columns == Columns(features, others)
