"""The two tables of a model as bytes: names and types of columns, and values as texts."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy import __version__
from madpy.errors import MadpyError
from madpy.modules.projects.layout import MODEL_TABLE
from madpy.ports.postgres.model import pack, unpack
from madpy.ports.postgres.session.types import PLAIN
from madpy.records import Record

MOST_TEXT = 500_000_000  # bytes of all values: a value of the server has at most 1 GB
MOST_COLUMNS = 1600  # a table of the server has no more
ALLOWED = {*PLAIN, "jsonb"}


class Content(Record):
    """The columns of a table, by name and SQL type, and its rows; a value is a text, or None for NULL."""

    names: list[str]
    types: list[str]
    rows: list[list[str | None]]


def is_allowed(sql_type: str) -> bool:
    """Tell whether values of a type are carried: the server's own types and arrays of them."""
    return sql_type.removesuffix("[]") in ALLOWED


def pack_tables(method: str, tables: Sequence[Content]) -> bytes:
    """Pack the tables of a model."""
    cells = [cell for table in tables for row in table.rows for cell in row]
    data = [(cell or "").encode() for cell in cells]
    if sum(map(len, data)) > MOST_TEXT:
        raise MadpyError(
            f"the tables of the model have more than {MOST_TEXT:,} bytes",
            sqlstate="54000",
            hint="use pg_dump",
        )
    joined = b"".join(data)
    header = {
        "format": "tables",
        "method": method,
        "madpy_version": __version__,
        "tables": [{"names": table.names, "types": table.types, "rows": len(table.rows)} for table in tables],
    }
    arrays = [
        np.cumsum([len(one) for one in data], dtype=np.int32),
        np.frombuffer(joined + bytes(-len(joined) % 4), "<i4"),
        np.array([cell is None for cell in cells], np.int32),
    ]
    return pack(MODEL_TABLE, header, arrays)


def unpack_tables(data: bytes) -> tuple[str, list[Content]]:
    """Return the method and the two tables of a model; raise an error for bytes that are not such tables."""
    header, arrays = unpack(data, MODEL_TABLE)
    try:
        method, shapes = header["method"], header["tables"]
        tables = [Content(shape["names"], shape["types"], []) for shape in shapes]
        counts = [shape["rows"] for shape in shapes]
        is_whole = isinstance(method, str) and len(tables) == 2 and len(arrays) == 3
        is_whole = is_whole and all(map(_is_whole, tables, counts))
        cells = _cells(arrays, tables, counts) if is_whole else iter(())
    except (KeyError, TypeError, ValueError):
        is_whole = False
    if not is_whole:
        raise MadpyError("this model is damaged: its tables cannot be read", sqlstate="22P03")
    for table, count in zip(tables, counts, strict=True):
        width = len(table.names)
        table.rows[:] = [[*itertools.islice(cells, width)] for _ in range(count)]
    return method, tables


def _is_whole(table: Content, count: Any) -> bool:
    names, types = table.names, table.types
    return (
        type(count) is int
        and count >= 0
        and isinstance(names, list)
        and isinstance(types, list)
        and 0 < len(names) == len(types) <= MOST_COLUMNS
        and all(isinstance(name, str) and name and "\0" not in name for name in names)
        and len({*names}) == len(names)
        and all(isinstance(sql_type, str) and is_allowed(sql_type) for sql_type in types)
    )


def _cells(arrays: Sequence[NDArray[Any]], tables: Sequence[Content], counts: Sequence[int]) -> Any:
    """Return an iterator over all values; raise ValueError where the arrays do not fit the tables."""
    ends, texts, nulls = arrays
    total = sum(count * len(table.names) for table, count in zip(tables, counts, strict=True))
    data = np.ascontiguousarray(texts).tobytes()
    if not len(ends) == len(nulls) == total or any(array.dtype.kind != "i" for array in arrays):
        raise ValueError(total)
    if total and (ends[0] < 0 or (np.diff(ends.astype(np.int64)) < 0).any() or ends[-1] > len(data)):
        raise ValueError(total)
    places = [0, *ends.tolist()]
    return iter(
        [
            None if is_null else data[start:end].decode()
            for (start, end), is_null in zip(itertools.pairwise(places), nulls.tolist(), strict=True)
        ]
    )
