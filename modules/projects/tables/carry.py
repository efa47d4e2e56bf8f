"""Tables of trainings, carried from one database into another one."""

import itertools
from collections.abc import Iterator, Sequence

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.helper import NewTable
from madpy.helper.tables.training import SUMMARY
from madpy.modules.projects.tables.found import METHODS, ModelTable, find_table
from madpy.modules.projects.tables.packed import NUMBERS, models_of
from madpy.modules.projects.tables.packed_tables import Content, is_allowed, pack_tables, unpack_tables
from madpy.ports.postgres.model import unpack
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill
from madpy.ports.postgres.session.types import array_text

BYTES_PER_STATEMENT = 32 * 2**20
# Settings that decide how values are written.
STYLES = {"IntervalStyle": "postgres", "bytea_output": "hex"}
OWN_NAMES = ("output_table", "summary_table")  # columns of a summary that name the tables themselves


def export_table(model: ModelTable) -> bytes:
    """Return the bytes of the two tables of a model."""
    for name, value in STYLES.items():
        model.table.db.set(name, value)
    return pack_tables(model.method, [_content(model.table), _content(model.summary)])


def import_table(db: Database, name: str, data: bytes) -> None:
    """Create the two tables of a model; raise an error if they are not those of a training."""
    method, contents = unpack_tables(data)
    if method not in METHODS:
        raise MadpyError("this model is of a method that is not known", sqlstate="42809")
    tables = helper.check_new_tables(db, name, [SUMMARY], what="name")
    for name_of_setting, value in STYLES.items():
        db.set(name_of_setting, value)
    for table, content in zip(tables, contents, strict=True):
        _create(db, table, content)
    _rename(db, tables, contents[1])
    model = find_table(db, str(tables[0]))
    if model.method in NUMBERS:
        for _, packed in models_of(model):
            unpack(packed, NUMBERS[model.method])


def _content(table: Source) -> Content:
    """Return the columns and rows of a table."""
    types = {name: _type_of(table, name) for name in table.columns}
    rows = table.db.execute(
        "SELECT ARRAY[{cells:q}]::text[] AS cells FROM {table:i} AS m",
        cells=", ".join(fill("(m.{name:i})::text", {"name": name}) for name in types),
        table=table,
    )
    return Content([*types], [*types.values()], [row["cells"] for row in rows])


def _type_of(table: Source, name: str) -> str:
    """Return the type of a column; raise an error for one that users have made."""
    base = table.base_types[name]
    if not is_allowed(base):
        raise MadpyError(
            f"column {quoted(name)} of table {quoted(table.name)} is of type {base}, which is not exported",
            sqlstate="0A000",
            hint="cast it to text before training",
        )
    return base


def _create(db: Database, table: NewTable, content: Content) -> None:
    """Create a table and write its rows."""
    types = [
        sql_type.replace("character", "bpchar") if sql_type.removesuffix("[]") == "character" else sql_type
        for sql_type in content.types
    ]
    db.execute(
        "CREATE TABLE {table:i} ({columns:q})",
        table=table,
        columns=", ".join(
            fill("{name:i} {type:q}", {"name": name, "type": sql_type})
            for name, sql_type in zip(content.names, types, strict=True)
        ),
    )
    for rows in _batches(content.rows):
        names = [f"c{n}" for n in range(1, len(types) + 1)]
        db.execute(
            "INSERT INTO {table:i} SELECT {items:q} FROM ROWS FROM ({columns:q}) AS r ({names:q})",
            table=table,
            items=", ".join(f"r.{name}::{sql_type}" for name, sql_type in zip(names, types, strict=True)),
            columns=", ".join(
                fill("pg_catalog.unnest({texts:l}::text[])", {"texts": array_text(column)})
                for column in zip(*rows, strict=True)
            ),
            names=", ".join(names),
        )


def _batches(rows: Sequence[list[str | None]]) -> Iterator[list[list[str | None]]]:
    """Yield rows that are sent together."""
    sizes = itertools.accumulate(sum(len(cell or "") for cell in row) for row in rows)
    parts = itertools.groupby(zip(rows, sizes, strict=True), key=lambda pair: pair[1] // BYTES_PER_STATEMENT)
    for _, part in parts:
        yield [row for row, _ in part]


def _rename(db: Database, tables: Sequence[NewTable], summary: Content) -> None:
    """Write the names of the new tables into the summary."""
    known = dict(zip(summary.names, summary.types, strict=True))
    changes = ", ".join(
        fill("{column:i} = {name:l}", {"column": column, "name": table.full_name})
        for column, table in zip(OWN_NAMES, tables, strict=True)
        if known.get(column) == "text"
    )
    if changes:
        db.execute("UPDATE {summary:i} SET {changes:q}", summary=tables[1], changes=changes)
