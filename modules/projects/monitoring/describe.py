"""describe_data: the figures of madlib.summary of each column, and its correlation with a target."""

from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.ports.postgres.session.sql import Relation, fill, identifier
from madpy.ports.postgres.session.types import NUMBERS

INEXACT = ("double precision", "real", "numeric")  # types that have NaN and infinities
TABLES = [Relation("pg_temp", name) for name in ("madpy_described", "madpy_described_summary")]


@in_server("describe_data", is_set=True, module="projects")
def describe_data(db: Database, relation: str | None, y_column_name: str | None) -> list[dict[str, Any]]:
    """Return figures of every column of a relation, in its order."""
    source = helper.check_source(db, relation, "relation")
    target = None if y_column_name is None else _target(source, y_column_name)
    db.progress("describe_data: reading")
    db.execute("SELECT {schema:i}.summary({source:l}, {output:l})", source=str(source), output=str(TABLES[0]))
    rows = db.execute(
        """
        SELECT target_column AS name, data_type AS type, row_count AS num_rows, missing_values AS nulls,
               distinct_values, mean, stddev, min, first_quartile, median, third_quartile, max,
               most_frequent_values AS most_frequent, mfv_frequencies AS frequencies
        FROM {table:i} ORDER BY column_number
        """,
        table=TABLES[0],
    )
    _drop(db)
    known = {} if target is None else _correlations(source, target, rows)
    return [{**row, "correlation": known.get(row["name"])} for row in rows]


def _target(source: Source, name: str) -> str:
    (target, *others) = helper.check_columns(source, name, "y_column_name") or [""]
    if others or not target:
        raise MadpyError("y_column_name must be one column", hint="name one column")
    if source.columns[target].base not in NUMBERS:
        raise MadpyError(
            f"y_column_name: {quoted(target)} is of type {source.columns[target].type}, a number is needed",
            sqlstate="42804",
            hint="leave y_column_name out, or name a number",
        )
    return target


def _correlations(source: Source, target: str, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the correlation of each number with the target, over the rows that have both."""
    others = [
        row["name"] for row in rows if source.columns[row["name"]].base in NUMBERS and row["name"] != target
    ]
    numbers = _correlated(source, others, target)
    with_nulls = {row["name"] for row in rows if row["nulls"]}
    whole = [name for name in numbers if name not in with_nulls]
    result: dict[str, float] = {}
    for names in [whole, *([name] for name in numbers if name in with_nulls)]:
        if names:
            result |= _of_columns(source, names, target)
    return result


def _correlated(source: Source, numbers: list[str], target: str) -> list[str]:
    """Return the columns that have a value in some row with a target, if they and the target are finite."""
    items = [
        fill(
            """
            pg_catalog.bool_or({name:i} IS NOT NULL AND {target:i} IS NOT NULL)
            AND pg_catalog.bool_and({is_finite:q} AND {is_target_finite:q}) IS NOT FALSE
            """,
            {
                "name": name,
                "target": target,
                "is_finite": _finite(source, name),
                "is_target_finite": _finite(source, target),
            },
        )
        for name in numbers
    ]
    if not items:
        return []
    flags = source.db.value(
        "SELECT ARRAY[{items:q}]::boolean[] FROM {source:i}", items=", ".join(items), source=source
    )
    return [name for name, flag in zip(numbers, flags, strict=True) if flag]


def _finite(source: Source, name: str) -> str:
    """Return SQL that is not true for NaN and infinities."""
    is_exact = source.columns[name].base not in INEXACT
    return "true" if is_exact else fill("pg_catalog.abs({name:i}) < 'Infinity'", {"name": name})


def _of_columns(source: Source, names: list[str], target: str) -> dict[str, float]:
    """Return the correlations of columns with the target, from one read of the source."""
    matrix = source.db.value(
        "SELECT (c).matrix FROM {schema:i}.correlation({source:l}, {output:l}, {columns:l}) AS c",
        source=str(source),
        output=str(TABLES[0]),
        columns=", ".join(map(identifier, [*names, target])),
    )
    _drop(source.db)
    return dict(zip(names, matrix[-1], strict=False))


def _drop(db: Database) -> None:
    db.execute("DROP TABLE {table:i}, {summary:i}", table=TABLES[0], summary=TABLES[1])
