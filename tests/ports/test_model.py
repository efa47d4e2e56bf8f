"""The model format, written and read by Python.  The C reader is tested by the methods that score with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madpy.errors import MadpyError
from madpy.ports.postgres.checksum import TABLE, crc32c
from madpy.ports.postgres.layouts.model import ARRAY_DOUBLES, ARRAY_INTEGERS
from madpy.ports.postgres.model import pack, pack_all, unpack
from madpy.ports.postgres.packing import pack_bytes

METHOD, ANOTHER = 1, 2  # numbers of their models
MODEL = pack(
    METHOD, {"name": "é"}, [np.array([1.5, np.nan]), np.array([1, -2, 3], dtype=np.int32), np.zeros(0)]
)


def test_what_goes_in_comes_out():
    header, arrays = unpack(MODEL, METHOD)
    assert header == {"name": "é"}
    np.testing.assert_equal([a.tolist() for a in arrays], [[1.5, np.nan], [1, -2, 3], []])


@given(st.lists(st.binary(max_size=40)), st.dictionaries(st.text(), st.text() | st.integers()))
def test_models_packed_without_numpy(data, header):
    """Those of `pack`: numbers of four bytes, and of eight where there are so many bytes."""
    kinds = [ARRAY_INTEGERS if len(one) % 8 else ARRAY_DOUBLES for one in data]
    whole = [one[: len(one) - len(one) % 4] for one in data]
    arrays = [
        np.frombuffer(one, "<i4" if kind == ARRAY_INTEGERS else "<f8")
        for kind, one in zip(kinds, whole, strict=True)
    ]
    packed = pack_bytes(METHOD, header, [*zip(kinds, map(memoryview, whole), strict=True)])
    assert packed == pack(METHOD, header, arrays)


@pytest.mark.parametrize("size", [100_000, 100_001, 102_400, 409_599, 1_000_003])
def test_the_checksum_of_many_bytes_is_that_of_one_after_the_other(size):
    data = np.random.default_rng(size).bytes(size)
    expected = 0xFFFFFFFF
    for byte in data:
        expected = TABLE[(expected ^ byte) & 0xFF] ^ (expected >> 8)
    assert crc32c(data) == expected ^ 0xFFFFFFFF


def test_the_checksum_is_crc32c():
    """The check value of RFC 3720, B.4: 32 bytes of zeros."""
    assert crc32c(bytes(32)) == 0x8A9136AA


@given(st.integers(0, len(MODEL) - 1), st.integers(1, 255))
def test_one_byte_changed(at, by):
    damaged = bytearray(MODEL)
    damaged[at] ^= by
    with pytest.raises(MadpyError):
        unpack(bytes(damaged), METHOD)


@given(st.binary(max_size=200))
def test_anything_else(data):
    with pytest.raises(MadpyError):
        unpack(data, METHOD)


@pytest.mark.parametrize("length", [0, 3, 27, len(MODEL) - 1])
def test_cut_off(length):
    with pytest.raises(MadpyError):
        unpack(MODEL[:length], METHOD)


def test_of_another_method():
    with pytest.raises(MadpyError, match="another method"):
        unpack(MODEL, ANOTHER)


def test_many_models_are_the_models_of_each():
    rows = np.arange(300.0).reshape(100, 3)
    shared = np.array([1, 2, 3], dtype=np.int32)
    many = pack_all(ANOTHER, {"a": 1}, [shared, rows], 100)
    assert many == [pack(ANOTHER, {"a": 1}, [shared, row]) for row in rows]
