"""CRC-32C of models: of many short ones at once, and of a long one in parts that are joined then."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # numpy takes a tenth of a second, and the checksum of a small model does without it
    import numpy as np
    from numpy.typing import NDArray

MANY_ROWS = 50
MANY_BYTES = 100_000  # from here on a checksum is computed in PARALLEL parts, which are then joined
PARALLEL = 1024
COLUMNS = 256


def _remainder(byte: int) -> int:
    """Return the remainder of a byte by the polynomial 0x82F63B78 (RFC 3720, B.4)."""
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


TABLE = [_remainder(byte) for byte in range(256)]


def checksums(data: "NDArray[np.uint8]", lengths: "NDArray[np.int64] | None" = None) -> list[int]:
    """Compute CRC-32C of rows, all rows at once, byte by byte; `lengths` has the longest first."""
    import numpy as np

    if len(data) < MANY_ROWS:
        return [crc32c(row.tobytes()) for row in data]
    table = np.array(TABLE, np.uint32)
    crc = np.full(len(data), 0xFFFFFFFF, np.uint32)
    there = np.full(data.shape[1], len(data))
    if lengths is not None:  # count the rows that have a byte at each position
        there = np.searchsorted(-lengths, -np.arange(data.shape[1]))
    for n, column in zip(there.tolist(), np.ascontiguousarray(data.T), strict=True):
        crc[:n] = table[(crc[:n] ^ column[:n]) & 0xFF] ^ (crc[:n] >> 8)
    return [int(value) for value in crc ^ np.uint32(0xFFFFFFFF)]


def crc32c(data: bytes) -> int:
    """Compute CRC-32C of `data`, as PostgreSQL does."""
    length = len(data) // PARALLEL // 2 * 2 if len(data) >= MANY_BYTES else 0
    crc = 0xFFFFFFFF
    if length:
        for part in _remainders(data, length):
            crc = _advanced(crc, length) ^ part
    for byte in data[length * PARALLEL :]:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _remainders(data: bytes, length: int) -> list[int]:
    """Return the remainders of PARALLEL parts of an even length, each begun with zero: all parts at once."""
    import numpy as np

    one_byte = np.array(TABLE, np.uint32)
    words = np.arange(2**16, dtype=np.uint32)
    table = one_byte[one_byte[words & 0xFF] & 0xFF ^ words >> 8] ^ one_byte[words & 0xFF] >> 8
    parts = np.frombuffer(data, "<u2", length // 2 * PARALLEL).reshape(PARALLEL, length // 2)
    crc = np.zeros(PARALLEL, np.uint32)
    for first in range(0, length // 2, COLUMNS):  # a few columns are made rows at once
        for column in np.ascontiguousarray(parts[:, first : first + COLUMNS].T):
            crc = table[(crc ^ column) & 0xFFFF] ^ crc >> 16
    return [int(one) for one in crc]


def _advanced(crc: int, length: int) -> int:
    """Return a remainder after as many zero bytes: a linear map, so the sum of what its bits become."""
    result = 0
    for bit, image in enumerate(_images(length)):
        if crc >> bit & 1:
            result ^= image
    return result


@lru_cache(maxsize=4)
def _images(length: int) -> list[int]:
    """Return what each bit of a remainder becomes after `length` zero bytes, by squaring the map of one."""
    result = [1 << bit for bit in range(32)]
    power = [TABLE[(1 << bit) & 0xFF] ^ ((1 << bit) >> 8) for bit in range(32)]
    while length:
        if length & 1:
            result = [_mapped(power, one) for one in result]
        power = [_mapped(power, one) for one in power]
        length >>= 1
    return result


def _mapped(images: list[int], crc: int) -> int:
    result = 0
    for bit in range(32):
        if crc >> bit & 1:
            result ^= images[bit]
    return result
