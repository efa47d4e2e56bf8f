"""Output tables with a row per group, of numpy arrays, which go over as they lie in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.ports.postgres.db import Database, Relation, fill, free_name
from madpy.ports.postgres.scan import Scan

AT_ONCE = 64 * 2**20  # bytes in one statement
DATA, FIRST = "numbers of all rows", "first number of a row"  # names of internal columns


def create_figures(
    db: Database,
    scan: Scan,
    output: Relation,
    columns: Sequence[tuple[str, str]],
    figures: Mapping[str, NDArray[Any]],
    words: Mapping[str, Sequence[str]],
    constants: Mapping[str, Any],
) -> None:
    """Create `output`: the grouping columns of the scan, then `columns`, pairs of a name and an SQL type.

    `figures` have a number or an array for each group, in order; NaN is NULL, and so is an array of only NaN.
    In a column with `words` a number stands for one of them.  `constants` are the same in all rows.
    """
    groups = len(next(iter(figures.values())))
    data, first = (free_name(name, scan.rows.groups) for name in (DATA, FIRST))
    cells = _cells(db, (data, first), dict(columns), figures, words)
    cells |= {name: fill("{value:l}", {"value": value}) for name, value in constants.items()}
    table = np.concatenate([figure.reshape(groups, -1) for figure in figures.values()], axis=1, dtype="<f8")
    step = max(1, AT_ONCE // (table.shape[1] * 8))
    for start in range(0, groups, step):
        part = table[start : start + step]
        db.execute(
            """
            {verb:q} SELECT {groups:q} {cells:q}
            FROM (SELECT g.*, {bytes:b} AS {data:i}, (g.{group:i} - {start:l}) * {width:l} AS {first:i}
                  FROM (SELECT * FROM ({relation:q}) AS g WHERE g.{group:i} BETWEEN {start:l} AND {last:l}
                        ORDER BY g.{group:i}) AS g
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
    row: tuple[str, str],
    types: Mapping[str, str],
    figures: Mapping[str, NDArray[Any]],
    words: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """SQL of each figure of a row; `row`: columns with the bytes of all, and where those of it begin."""
    cells: dict[str, str] = {}
    for name, first, dims in _places(figures):
        place = {"schema": db.schema, "data": row[0], "first": row[1], "more": first, "dims": dims}
        cells[name] = fill(
            "{schema:i}.__numbers(g.{data:i}, g.{first:i} + {more:l}, {dims:l}::integer[])"
            if dims
            else "{schema:i}.__number(g.{data:i}, g.{first:i} + {more:l})",
            place,
        )
        if name in words:
            cells[name] = fill(
                "({words:l})[{cell:q}::integer + 1]", {"words": list(words[name]), "cell": cells[name]}
            )
        elif types[name] == "boolean":
            cells[name] += " OPERATOR(pg_catalog.<>) 0::double precision"
    return cells


def _places(figures: Mapping[str, NDArray[Any]]) -> list[tuple[str, int, list[int]]]:
    """Of each figure the name, where it begins in a row, and its dimensions."""
    places = []
    first = 0
    for name, figure in figures.items():
        dims = list(figure.shape[1:])
        places.append((name, first, dims))
        first += int(np.prod(dims, dtype=int))
    return places
