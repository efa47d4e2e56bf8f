"""The validation layer: checks of what a user passed in, before anything is created.

Errors are a fact and a hint, with an SQLSTATE.  The sources and models of a call are looked up here, together
with its new tables; single checks are in checks/: of relations, new tables, expressions and plain arguments.
Drivers call all of them as helper.check_*.
"""

from collections.abc import Callable, Sequence

from madpy.helper.checks.arguments import (
    check_choice,
    check_iterations,
    check_not_null,
    check_range,
    parse_name,
)
from madpy.helper.checks.expressions import (
    Expressions,
    check_apart,
    check_columns,
    check_expression,
    check_expressions,
    check_groups,
)
from madpy.helper.checks.new_tables import NewTable, check_new_table, check_new_tables, new_tables
from madpy.helper.checks.relations import check_holds_data, name_parts, readable, schema_of
from madpy.ports.postgres.scan.relations import find
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, session
from madpy.ports.postgres.session.sql import Relation

__all__ = [
    "Expressions",
    "NewTable",
    "Source",
    "check_apart",
    "check_choice",
    "check_columns",
    "check_expression",
    "check_expressions",
    "check_groups",
    "check_holds_data",
    "check_iterations",
    "check_model_table",
    "check_new_table",
    "check_new_tables",
    "check_not_null",
    "check_range",
    "check_source",
    "check_source_and_new_tables",
    "check_tables_of_prediction",
]


def __check_rel_exist(relation: str, db: Database | None = None) -> tuple[str, str] | None:
    """Return (schema, table) of a relation, by the search path without a schema; None if there is none."""
    known = _find(db or session(), relation)
    return (known.schema, known.name) if known else None


def __check_rel_column(
    relation: str, column: str, data_type: str | None = None, db: Database | None = None
) -> tuple[str, ...] | None:
    """Return (schema, table, column), and the type if one is asked for; None if there is no such column."""
    db = db or session()
    known = _find(db, relation)
    parts = parse_name(column)
    if not known or not parts or len(parts) > 1:
        return None
    types = Source(known.schema, known.name, db).types
    if parts[0] not in types:
        return None
    where = (known.schema, known.name, parts[0])
    if data_type is None:
        return where
    wanted = db.value("SELECT pg_catalog.to_regtype({type:l})::text", type=data_type)
    return (*where, types[parts[0]]) if types[parts[0]] == wanted else None


def _find(db: Database, relation: str) -> Relation | None:
    parts = parse_name(relation)
    if not parts or len(parts) > 2:
        return None
    (entry,), _ = find(db, [parts])
    return entry.relation if entry else None


def check_source(db: Database, relation: str | None, what: str = "source_table") -> Source:
    """Return a table, view, materialized view, partitioned or foreign table that the caller may read.

    All statements after this see the rows that are there now.
    """
    parts = name_parts(db, relation, what)
    (entry,), _ = find(db, [parts])
    return readable(db, parts, entry).hold()


def check_model_table(db: Database, relation: str | None, what: str = "model_table") -> Source:
    """Return the table of a model that the caller may read: a plain or partitioned one (decision 6).

    All statements after this see the rows that are there now.
    """
    parts = name_parts(db, relation, what)
    (entry,), _ = find(db, [parts])
    table = readable(db, parts, entry)
    check_holds_data(table)
    return table.hold(is_locked=True)


def check_source_and_new_tables(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    sides: Sequence[str] = (),
    what: str = "output_table",
    source_what: str = "source_table",
) -> tuple[Source, list[NewTable]]:
    """Return the source and the tables to create: the output, and one for each ending in `sides`.

    One statement looks all of them up; names are checked as in `check_source` and `check_new_table`.
    """
    source_parts = name_parts(db, source_table, source_what)
    parts = name_parts(db, output_table, what)
    made = [parts[-1] + side for side in ("", *sides)]
    (entry,), destination = find(db, [source_parts], schema_of(parts), made)
    source = readable(db, source_parts, entry)
    tables = new_tables(db, parts, destination, made, source, what, max(("", *sides), key=len))
    return source.hold(), tables


def check_tables_of_prediction(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    what: str,
    check_model: Callable[[Source], object],
) -> tuple[Source, Source, NewTable]:
    """Return the table of a model, which `check_model` examines first, the source and the table to create.

    One statement looks all of them up.  Reads of the model after this are of one moment with the source.
    """
    names = [name_parts(db, model_table, "model_table"), name_parts(db, source_table, "source_table")]
    parts = name_parts(db, output_table, what)
    made = parts[-1:]
    (model_entry, source_entry), destination = find(db, names, schema_of(parts), made)
    model = readable(db, names[0], model_entry)
    check_holds_data(model)
    check_model(model.hold(is_locked=True))
    source = readable(db, names[1], source_entry)
    (output,) = new_tables(db, parts, destination, made, source, what)
    return model, source.hold(), output
