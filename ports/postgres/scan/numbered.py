"""Levels that an aggregate numbered, and its state, as src/engine/numbered_merge.c writes them."""

import struct
from collections.abc import Sequence

WORD = struct.Struct(">i")
FACTS = struct.Struct(">4i")  # type, collation and limit of a category, and the number of its levels


def read_numbered(data: bytes) -> tuple[list[list[str] | None], bytes]:
    """Return the levels of each column of a row in the order of their numbers, and the kernel's state.

    Columns that are no categories have None.
    """
    columns, at = WORD.unpack_from(data)[0], WORD.size
    levels: list[list[str] | None] = []
    for _ in range(columns):
        is_category = WORD.unpack_from(data, at)[0]
        at += WORD.size
        if not is_category:
            levels.append(None)
            continue
        values = []
        count = FACTS.unpack_from(data, at)[3]
        at += FACTS.size
        for _ in range(count):
            end = at + WORD.size + WORD.unpack_from(data, at)[0]
            values.append(data[at + WORD.size : end].decode())
            at = end
        levels.append(values)
    return levels, data[at:]


def columns_in_order(numbered: Sequence[list[str] | None], ordered: Sequence[list[str] | None]) -> list[int]:
    """Return the columns of a state that are terms: of a category, those of all levels but the first.

    `ordered` has the levels of each column of a row in the order of terms, `numbered` the same levels in the
    order of the state's columns; both have None for numbers.
    """
    columns: list[int] = []
    first = 0
    for values, levels in zip(numbered, ordered, strict=True):
        if values is None:
            columns.append(first)
            first += 1
            continue
        places = {value: first + n for n, value in enumerate(values)}
        columns += [places[level] for level in (levels or [])[1:]]
        first += len(values)
    return columns
