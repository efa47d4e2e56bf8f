"""Output tables with a row per group, of numpy arrays, which go over as they lie in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.ports.postgres.db import Database, Relation, fill, free_name
from madpy.ports.postgres.scan import Scan

AT_ONCE = 64 * 2**20  # bytes in one statement
DATA, FIRST, MORE = "numbers of all rows", "first number of a row", "derived numbers"  # internal columns


@dataclass(frozen=True)
class Derived:
    """Figures that a function of the library computes for each row, and their dimensions.

    Its arguments are bytes, the place where its numbers begin there, and `length`; it returns bytes as well.
    """

    function: str
    figure: str  # whose numbers it takes
    length: int
    dims: Mapping[str, list[int]]


def create_figures(
    db: Database,
    scan: Scan,
    output: Relation,
    columns: Sequence[tuple[str, str]],
    figures: Mapping[str, NDArray[Any]],
    words: Mapping[str, Sequence[str]],
    constants: Mapping[str, Any],
    derived: Derived,
) -> None:
    """Create `output`: the grouping columns of the scan, then `columns`, pairs of a name and an SQL type.

    `figures` have a number or an array for each group, in order; NaN is NULL, and so is an array of only NaN.
    In a column with `words` a number stands for one of them.  `constants` are the same in all rows.
    """
    groups = len(next(iter(figures.values())))
    data, first, more = (fill("{c:i}", {"c": free_name(c, scan.rows.groups)}) for c in (DATA, FIRST, MORE))
    given = {name: list(figure.shape[1:]) for name, figure in figures.items()}
    places = _places(f"g.{data}, g.{first} + ", given)
    cells = _cells(db, places | _places(f"g.{more}, ", derived.dims), dict(columns), words)
    cells |= {name: fill("{value:l}", {"value": value}) for name, value in constants.items()}
    table = np.concatenate([figure.reshape(groups, -1) for figure in figures.values()], axis=1, dtype="<f8")
    step = max(1, AT_ONCE // (table.shape[1] * 8))
    for start in range(0, groups, step):
        part = table[start : start + step]
        db.execute(
            """
            {verb:q} SELECT {groups:q} {cells:q}
            FROM (SELECT g.*, {schema:i}.{function:i}({place:q}, {length:l}) AS {more:q}
                  FROM (SELECT g.*, {bytes:b} AS {data:q}, (g.{group:i} - {start:l}) * {width:l} AS {first:q}
                        FROM (SELECT * FROM ({relation:q}) AS g
                              WHERE g.{group:i} BETWEEN {start:l} AND {last:l} ORDER BY g.{group:i}) AS g
                        OFFSET 0) AS g
                  OFFSET 0) AS g
            """,
            verb=fill("INSERT INTO {o:i}" if start else "CREATE TABLE {o:i} AS", {"o": output}),
            groups="".join(fill("g.{c:i}, ", {"c": column}) for column in scan.rows.groups),
            cells=", ".join(
                fill(
                    "({cell:q})::{type:q} AS {name:i}", {"cell": cells[name], "type": sql_type, "name": name}
                )
                for name, sql_type in columns
            ),
            function=derived.function,
            place=places[derived.figure][0],
            length=derived.length,
            more=more,
            bytes=part.tobytes(),
            data=data,
            first=first,
            width=table.shape[1],
            relation=scan.group_relation(),
            start=start,
            last=start + len(part) - 1,
            group=scan.group,
        )


def _cells(
    db: Database,
    places: Mapping[str, tuple[str, list[int]]],
    types: Mapping[str, str],
    words: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """SQL of each figure of a row."""
    cells: dict[str, str] = {}
    for name, (place, dims) in places.items():
        cells[name] = fill(
            "{schema:i}.__numbers({place:q}, {dims:l}::integer[])"
            if dims
            else "{schema:i}.__number({place:q})",
            {"schema": db.schema, "place": place, "dims": dims},
        )
        if name in words:
            cells[name] = fill(
                "({words:l})[{cell:q}::integer + 1]", {"words": list(words[name]), "cell": cells[name]}
            )
        elif types.get(name) == "boolean":
            cells[name] += " OPERATOR(pg_catalog.<>) 0::double precision"
    return cells


def _places(begin: str, dims: Mapping[str, list[int]]) -> dict[str, tuple[str, list[int]]]:
    """Of each figure SQL of the bytes it is in and of where it begins, and its dimensions."""
    places = {}
    at = 0
    for name, shape in dims.items():
        places[name] = (f"{begin}{at}", shape)
        at += int(np.prod(shape, dtype=int))
    return places
