"""Importance by permutation: the decrease of a score where values of a column are exchanged among rows."""

import statistics
from collections.abc import Callable, Sequence

from madpy.errors import MadpyError
from madpy.modules.projects.evaluation import measures
from madpy.modules.projects.evaluation.own_figures import Row
from madpy.modules.projects.evaluation.predicted import Predicted
from madpy.modules.projects.hashes import row_hash
from madpy.modules.projects.models.prepared import ELEMENT, no_column
from madpy.modules.projects.schema import own
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill, free_name
from madpy.records import Record

MOST_ROWS = 5000
REPETITIONS = 5


class Permuted(Record):
    """A column, or an element of an array column, whose values are exchanged for a feature."""

    feature: str
    column: str
    element: int | None = None


class Sample(Record):
    """Rows in a temporary table, and the name of the column that numbers them."""

    rows: Source
    number: str


def permuted_columns(source: Source, features: Sequence[str]) -> list[Permuted]:
    """Return what is exchanged for each feature; `features` are columns, or elements of one: v[1]."""
    result = []
    for feature in dict.fromkeys(features):
        element = None if feature in source.columns else ELEMENT.fullmatch(feature)
        if element and element[1] in source.columns:
            result.append(Permuted(feature, element[1], int(element[2])))
        elif feature not in source.columns:
            raise no_column(source, feature)
        else:
            result.append(Permuted(feature, feature))
    return result


def sample_rows(
    db: Database, source: Source, hashed: Sequence[str], where: str | None, items: dict[str, str]
) -> Sample:
    """Write at most MOST_ROWS rows into a temporary table, the same in any order of the source.

    They are chosen by a hash of the columns `hashed`.  `items` are further columns, SQL by their names.
    """
    number, hash_name = free_name("madpy_row", source.columns), free_name("madpy_hash", source.columns)
    table = db.temporary_table(
        "madpy_sample",
        fill(
            """
            SELECT pg_catalog.row_number() OVER (ORDER BY {hash:i}) AS {number:i}, rows.*
            FROM (SELECT {row_hash:q} AS {hash:i}, {items:q} *
                  FROM {source:i} WHERE {where:q} ORDER BY {hash:i} LIMIT {most:l}) AS rows
            """,
            {
                "number": number,
                "hash": hash_name,
                "row_hash": row_hash(db, 1, [*dict.fromkeys(hashed)]),
                "items": "".join(
                    fill("{item:q} AS {name:i}, ", {"item": item, "name": name})
                    for name, item in items.items()
                ),
                "source": source,
                "where": where or "true",
                "most": MOST_ROWS,
            },
        ),
    )
    return Sample(Source(table.schema, table.name, db), number)


def decreases(
    db: Database, sample: Sample, columns: Sequence[Permuted], seed: int, score: Callable[[str | None], float]
) -> list[Row]:
    """Return mean and deviation of the decrease of a score for each column.

    `score` takes SQL of rows with exchanged values, None for the rows as they are.
    """
    whole = score(None)
    result = []
    for one in columns:
        values = [whole - score(_exchanged(db, sample, one, seed + n)) for n in range(1, REPETITIONS + 1)]
        result.append(
            {
                "feature": one.feature,
                "importance": statistics.fmean(values),
                "deviation": statistics.pstdev(values),
            }
        )
    return result


def score_of(task: str, read: Predicted) -> float:
    """Return r2, a mean over targets, or the accuracy."""
    if not len(read.predicted):
        raise MadpyError("no row has both a target and a prediction", hint="give other rows")
    if task == "regression":
        targets = range(read.truth.shape[1])
        return statistics.fmean(
            measures.regression(read.truth[:, j], read.predicted[:, j])["r2"] for j in targets
        )
    return float((read.truth == read.predicted).mean())


def _exchanged(db: Database, sample: Sample, permuted: Permuted, seed: int) -> str:
    """Return SQL of the rows with the values of one column in another order, which the seed decides."""
    column = permuted.column
    others = [name for name in sample.rows.columns if name != column]
    return fill(
        """
        SELECT {others:q}, {changed:q} AS {column:i} FROM {rows:i} AS a JOIN (
            SELECT {column:i},
                   pg_catalog.row_number() OVER (ORDER BY {own:i}.__hash({seed:l}, {number:i})) AS place
            FROM {rows:i}
        ) AS b ON b.place = a.{number:i}
        """,
        {
            "others": ", ".join(fill("a.{name:i}", {"name": name}) for name in others),
            "changed": _changed(permuted), "column": column,
            "rows": sample.rows, "own": own(db), "seed": seed, "number": sample.number,
        },
    )  # fmt: skip


def _changed(permuted: Permuted) -> str:
    """Return SQL of the values of row b in row a: the whole column, or one element of an array."""
    column = fill("{column:i}", {"column": permuted.column})
    n = permuted.element
    if n is None:
        return f"b.{column}"
    return f"(a.{column})[:{n - 1}] || (b.{column})[{n}] || (a.{column})[{n + 1}:]"
