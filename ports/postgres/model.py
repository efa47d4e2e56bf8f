"""The madpy model format (src/engine/model.h): numbers and names in one bytea, never code."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.ports.postgres.checksum import MANY_ROWS, checksums, crc32c
from madpy.ports.postgres.layouts.model import (
    ARRAY_DOUBLES,
    ARRAY_INTEGERS,
    MAX_ARRAYS,
    MODEL_ALIGNMENT,
    MODEL_MAGIC,
    MODEL_VERSION,
)
from madpy.ports.postgres.packing import ARRAY, CHECKSUM, DTYPES, HEADER, head, joined, padding

MODELS_PER_CALL = 1000  # models whose checksums are computed together
MOST_BYTES = 64_000_000


def pack(method: int, header: dict[str, Any], arrays: Sequence[NDArray[Any]]) -> bytes:
    """Pack a model: `header` is for Python and for people, C reads `arrays` of float64 or int32."""
    return pack_all(method, header, arrays, 1)[0]


def pack_all(method: int, header: dict[str, Any], arrays: Sequence[NDArray[Any]], models: int) -> list[bytes]:
    """Pack models that share a header; an array of two dimensions has a row for each."""
    text = json.dumps(header, allow_nan=False).encode()
    first = head(method, text, _sizes(arrays)) + text + padding(len(text))
    parts = [_rows(np.frombuffer(first, np.uint8), models)]
    for array in arrays:
        data = np.ascontiguousarray(array, DTYPES[_kind(array)]).view(np.uint8)
        parts.append(_rows(data, models))
        parts.append(np.zeros((models, -data.shape[-1] % MODEL_ALIGNMENT), np.uint8))
    data = np.concatenate(parts, axis=1)
    return [row.tobytes() + CHECKSUM.pack(crc) for row, crc in zip(data, checksums(data), strict=True)]


def pack_each(method: int, header: dict[str, Any], models: Iterable[Sequence[NDArray[Any]]]) -> list[bytes]:
    """Pack models that share a header and nothing else."""
    text = json.dumps(header, allow_nan=False).encode()
    data = []
    for arrays in models:
        numbers = [array.astype(DTYPES[_kind(array)]).tobytes() for array in arrays]
        data.append(joined(method, text, _sizes(arrays), numbers))
    return [part + CHECKSUM.pack(crc) for part, crc in zip(data, _checksums_of(data), strict=True)]


def _sizes(arrays: Sequence[NDArray[Any]]) -> list[tuple[int, int]]:
    """Return the kind of each array, and how many numbers a model has of it."""
    return [(_kind(array), array.shape[-1]) for array in arrays]


def _kind(array: NDArray[Any]) -> int:
    return ARRAY_DOUBLES if array.dtype.kind == "f" else ARRAY_INTEGERS


def _rows(data: NDArray[np.uint8], models: int) -> NDArray[np.uint8]:
    return np.broadcast_to(data, (models, data.shape[-1]))


def method_of(data: bytes) -> int | None:
    """Return the number of the method in the header of a model; None for other bytes."""
    return HEADER.unpack_from(data)[2] if len(data) >= HEADER.size and data[:4] == MODEL_MAGIC else None


def unpack(data: bytes, method: int) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Return header and arrays of a model; raise MadpyError if it is damaged or of another method."""
    if len(data) < HEADER.size + CHECKSUM.size or data[:4] != MODEL_MAGIC:
        raise MadpyError("this is not a model", sqlstate="22P03")
    _, version, model_method, count, length = HEADER.unpack_from(data)
    if version != MODEL_VERSION:
        raise MadpyError(f"this model is of format version {version}, not {MODEL_VERSION}", sqlstate="22P03")
    if crc32c(data[:-4]) != CHECKSUM.unpack(data[-4:])[0]:
        raise MadpyError("this model is damaged: its checksum is wrong", sqlstate="22P03")
    if model_method != method:
        raise MadpyError("this model is of another method", sqlstate="42809")
    try:
        header, arrays = _parts(data[:-4], count, length)
    except (ValueError, LookupError, OverflowError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise MadpyError("this model is damaged: its contents cannot be read", sqlstate="22P03")
    return header, arrays


def _parts(data: bytes, count: int, length: int) -> tuple[Any, list[NDArray[Any]]]:
    """Return the JSON and the arrays; raise what numpy and json raise if lengths are wrong."""
    if count > MAX_ARRAYS:
        raise ValueError(count)
    at = HEADER.size + count * ARRAY.size
    if at > len(data):
        raise ValueError(count)
    headers = ARRAY.iter_unpack(data[HEADER.size : at])
    text = data[at : at + length]
    at += length + -length % MODEL_ALIGNMENT
    arrays: list[NDArray[Any]] = []
    for kind, _, size in headers:
        array = np.frombuffer(data, DTYPES[kind], size, at)
        arrays.append(array)
        at += array.nbytes + -array.nbytes % MODEL_ALIGNMENT
    return json.loads(text), arrays


def _checksums_of(data: Sequence[bytes]) -> list[int]:
    """Compute CRC-32C of each model, those of about the same length together."""
    result = [0] * len(data)
    order = sorted(range(len(data)), key=lambda i: -len(data[i]))
    for first in range(0, len(data), MODELS_PER_CALL):
        indexes = order[first : first + MODELS_PER_CALL]
        lengths = np.array([len(data[i]) for i in indexes])
        if len(indexes) < MANY_ROWS or lengths[0] * len(indexes) > MOST_BYTES:
            crcs = [crc32c(data[i]) for i in indexes]
        else:
            padded = b"".join(data[i].ljust(lengths[0], b"\0") for i in indexes)
            crcs = checksums(np.frombuffer(padded, np.uint8).reshape(len(indexes), -1), lengths)
        for index, crc in zip(indexes, crcs, strict=True):
            result[index] = crc
    return result
