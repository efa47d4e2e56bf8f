"""Output tables with rows that were computed in Python, for each group of a scan."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import NoneType
from typing import Any

from madpy.ports.postgres.db import Database, Relation, fill, literal
from madpy.ports.postgres.scan import Scan
from madpy.ports.postgres.types import PLAIN, element

AT_ONCE = 20_000  # rows in one statement


def create_output(
    db: Database,
    scan: Scan,
    output: Relation,
    columns: Sequence[tuple[str, str]],
    rows: Iterable[tuple[int, Sequence[Any]]],
    constants: Mapping[str, Any] | None = None,
) -> None:
    """Create `output`: the grouping columns of the scan, then `columns`, pairs of a name and an SQL type.

    `rows` are pairs of a group's number and the values of the columns, plain Python, None for NULL; they keep
    their order.  Columns that have one value in all rows may be given in `constants` instead.
    """
    constants = constants or {}
    waiting = iter(rows)
    values = [name for name, _ in columns if name not in constants]
    read = [_read_as(sql_type) for name, sql_type in columns if name not in constants]
    cells = ", ".join(
        fill("{value:q}::{type:q} AS {name:i}", {"value": value, "type": sql_type, "name": name})
        for name, sql_type in columns
        for value in [literal(constants[name]) if name in constants else f'v."value {values.index(name)}"']
    )
    create = True
    while (part := list(islice(waiting, AT_ONCE))) or create:
        db.execute(
            """
            {verb:q} SELECT {groups:q} {cells:q}
            FROM ({relation:q}) AS g
                 JOIN (SELECT {numbers:q} AS "group number", {texts:q}
                              pg_catalog.generate_series(1, {rows:l}) AS "row number") AS v
                     ON v."group number" = g.{group:i}
            ORDER BY v."row number"
            """,
            verb=fill("CREATE TABLE {o:i} AS" if create else "INSERT INTO {o:i}", {"o": output}),
            groups="".join(fill("g.{c:i}, ", {"c": column}) for column in scan.rows.groups),
            cells=cells,
            relation=scan.group_relation(),
            numbers=fill("pg_catalog.unnest({n:l}::integer[])", {"n": [number for number, _ in part]}),
            texts="".join(
                f'pg_catalog.unnest({_texts([row[n] for _, row in part], read[n])}) AS "value {n}", '
                for n in range(len(values))
            ),
            rows=len(part),
            group=scan.group,
        )
        create = False


def _read_as(sql_type: str) -> str:
    """The type that the server reads texts as: for one that is not its own it would take a cast from text."""
    return "text" if sql_type.removesuffix("[]") in {*PLAIN, "jsonb"} else sql_type


def _texts(values: list[Any], sql_type: str) -> str:
    """One literal for a column of many rows, which the server reads much faster than one for each of them."""
    text = _numbers(values) or _repeated(values) or "{" + ",".join(map(_element, values)) + "}"
    return f"{literal(text)}::{sql_type}[]"


def _repeated(values: list[Any]) -> str | None:
    """The array text of texts and NULL, of which a column has the same ones again and again."""
    if not {str, NoneType}.issuperset(map(type, values)):
        return None
    elements = {value: _element(value) for value in set(values)}
    return "{" + ",".join([elements[value] for value in values]) + "}"


def _braces(values: Sequence[Any]) -> str:
    """Array text; lists in it are further dimensions."""
    if text := _numbers(values):
        return text
    cells = (_braces(value) if isinstance(value, list | tuple) else _element(value) for value in values)
    return "{" + ",".join(cells) + "}"


def _numbers(values: Sequence[Any]) -> str | None:
    """The same of plain numbers, which most values are, in a fraction of the time; None if they are not."""
    if not {float, int}.issuperset(map(type, values)):
        return None
    return "{" + repr(list(values))[1:-1] + "}"


def _element(value: Any) -> str:
    """A value as the text of its type, in an array."""
    match value:
        case None:
            return "NULL"
        case float():
            return float.__repr__(value)
        case bool() | int():
            return str(value)
        case bytes():
            text = f"\\x{value.hex()}"
        case list() | tuple():
            text = _braces(value)
        case dict():
            text = json.dumps(value, allow_nan=False)
        case _:
            text = str(value)
    return element(text)
