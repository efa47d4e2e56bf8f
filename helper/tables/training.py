"""The common parts of all trainings: checks of tables, the summary table, the record that they return."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import UnionType
from typing import Any, NewType, TypeVar

from madpy import __version__
from madpy.helper import helper
from madpy.helper.helper import NewTable, Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, identifier, literal
from madpy.records import Record, as_dict, replace

SUMMARY = "_summary"
MODEL = "model"
Timestamp = NewType("Timestamp", str)  # the text of a timestamptz
Integer = NewType("Integer", int)  # an int of the type integer, not bigint
SQL_TYPES: dict[Any, str] = {
    str: "text",
    bool: "boolean",
    int: "bigint",
    Integer: "integer",
    float: "double precision",
    dict[str, Any]: "jsonb",
    timedelta: "interval",
    Timestamp: "timestamptz",
    list[str]: "text[]",
    list[int]: "bigint[]",
    list[float]: "double precision[]",
    list[list[float]]: "double precision[]",
}


class Training(Record, kw_only=True):
    """Columns of `<output_table>_summary`, in order; a module adds its headline figures in a subclass.

    Tables are full names, with quotes where SQL needs them.  The last four are filled in by `create_summary`.
    """

    method: str
    source_table: str
    output_table: str
    summary_table: str
    target: str | None
    features: str | None
    feature_names: list[str] | None
    grouping_cols: str | None
    options: dict[str, Any]
    num_groups: int
    num_rows_processed: int
    num_missing_rows_skipped: int
    duration: timedelta
    madpy_version: str = __version__
    server_version: str = ""
    trained_by: str = ""
    trained_at: Timestamp = Timestamp("")


class Tables(Record):
    """The source of a training, and the two tables that it creates."""

    source: Source
    output: NewTable
    summary: NewTable
    names: dict[str, str]  # fields of Training
    _started: float

    def fields(self) -> dict[str, Any]:
        """Return the fields of Training for the tables' names and the time taken so far."""
        return {**self.names, "duration": timedelta(seconds=time.monotonic() - self._started)}


def check_tables(db: Database, source_table: str | None, output_table: str | None) -> Tables:
    """Begin a training: check that the source can be read and that output and summary can be created."""
    started = time.monotonic()
    source, (output, summary) = helper.check_source_and_new_tables(db, source_table, output_table, [SUMMARY])
    names = {
        "source_table": source.full_name,
        "output_table": output.full_name,
        "summary_table": summary.full_name,
    }
    return Tables(source, output, summary, names, started)


Trained = TypeVar("Trained", bound=Training)


def create_summary(db: Database, summary: Relation, record: Trained) -> Trained:
    """Create the summary table from `record`, whose fields have built-in types; return it completed."""
    return create_summary_from(db, summary, record, "(SELECT) AS one", {})


def create_summary_from(
    db: Database,
    summary: Relation,
    record: Trained,
    relation: str,
    computed: dict[str, str],
    groups: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
) -> Trained:
    """Create a summary from `relation`, SQL, row by row: its columns `groups`, then the fields of `record`.

    A field that is a key of `computed` has the value of the SQL given there, an expression over the relation;
    `more` columns follow, given in the same way.  A column `model` among these is not compressed, which for
    large models would take as long as the training.
    """
    whole = completed(db, record)
    columns = ", ".join(
        f"({computed.get(name) or literal(value)})::{sql_type_of(whole, name)} AS {identifier(name)}"
        for name, value in as_dict(whole).items()
    )
    columns += "".join(f", {item} AS {identifier(name)}" for name, item in (more or {}).items())
    query = fill("SELECT {g:i,} {c:q} FROM {r:q}", {"g": groups, "c": columns, "r": relation})
    has_model = MODEL in (more or {})
    db.execute(
        "CREATE TABLE {summary:i} USING heap AS {query:q} {data:q}",
        summary=summary,
        query=query,
        data="WITH NO DATA" if has_model else "",
    )
    if has_model:
        db.execute(
            "ALTER TABLE {summary:i} ALTER COLUMN {m:i} SET STORAGE EXTERNAL", summary=summary, m=MODEL
        )
        db.execute("INSERT INTO {summary:i} {query:q}", summary=summary, query=query)
    return whole


def completed(db: Database, record: Trained) -> Trained:
    """Return the record with the fields that are only known at the end of a training."""
    session = db.session
    return replace(
        record,
        server_version=session.server_version,
        trained_by=session.role,
        trained_at=Timestamp(db.now()),
    )


def sql_type_of(record: Training, field: str) -> str:
    """Return the SQL type of the column for a field."""
    kind = record.__fields__[field]
    return SQL_TYPES[kind.__args__[0] if isinstance(kind, UnionType) else kind]


def stars(p_value: float | None) -> str:
    """Return R's significance code for a p-value."""
    if p_value is None:
        return ""
    return next(
        (mark for bound, mark in ((0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, ".")) if p_value < bound),
        "",
    )
