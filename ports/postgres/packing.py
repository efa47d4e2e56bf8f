"""Models packed from bytes: the madpy model format (src/engine/model.h) without numpy."""

import json
import struct
from collections.abc import Sequence
from typing import Any

from madpy.ports.postgres.checksum import crc32c
from madpy.ports.postgres.layouts.model import (
    ARRAY_DOUBLES,
    ARRAY_HEADER,
    ARRAY_INTEGERS,
    MODEL_ALIGNMENT,
    MODEL_HEADER,
    MODEL_MAGIC,
    MODEL_VERSION,
)

DTYPES = {ARRAY_DOUBLES: "<f8", ARRAY_INTEGERS: "<i4"}  # names of numpy
SIZES = {ARRAY_DOUBLES: 8, ARRAY_INTEGERS: 4}
HEADER = struct.Struct("<" + "".join(MODEL_HEADER.values()))
ARRAY = struct.Struct("<" + "".join(ARRAY_HEADER.values()))
CHECKSUM = struct.Struct("<I")


def pack_bytes(
    method: int, header: dict[str, Any], arrays: Sequence[tuple[int, bytes | memoryview]]
) -> bytes:
    """Pack a model: `header` is for Python and for people, C reads `arrays`, a kind and numbers each."""
    text = json.dumps(header, allow_nan=False).encode()
    sizes = [(kind, len(data) // SIZES[kind]) for kind, data in arrays]
    data = joined(method, text, sizes, [data for _, data in arrays])
    return data + CHECKSUM.pack(crc32c(data))


def joined(
    method: int,
    text: bytes,
    sizes: Sequence[tuple[int, int]],
    arrays: Sequence[bytes | memoryview],
) -> bytes:
    """Return a model without its checksum; `text` is JSON, `sizes` has kind and length of each array."""
    parts: list[bytes | memoryview] = [head(method, text, sizes)]
    for data in (text, *arrays):
        parts += [data, padding(len(data))]
    return b"".join(parts)


def head(method: int, text: bytes, sizes: Sequence[tuple[int, int]]) -> bytes:
    """Return the bytes before the JSON `text`: the header of a model and those of its arrays."""
    first = HEADER.pack(MODEL_MAGIC, MODEL_VERSION, method, len(sizes), len(text))
    return first + b"".join(ARRAY.pack(kind, 0, count) for kind, count in sizes)


def padding(size: int) -> bytes:
    """Return the zeros that follow `size` bytes."""
    return bytes(-size % MODEL_ALIGNMENT)
