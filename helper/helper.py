"""The validation layer: checks of what a user passed in, before anything is created.

Errors are a fact and a hint, with an SQLSTATE.  The sources and models of a call are looked up here, together
with its new tables; single checks are in checks/: of relations, new tables, expressions and plain arguments.
Drivers call all of them as helper.check_*.
"""

from collections.abc import Callable, Sequence

from madpy.helper.checks.arguments import check_choice, check_not_null, check_range, parse_name
from madpy.helper.checks.expressions import (
    Expressions,
    check_apart,
    check_columns,
    check_expression,
    check_expressions,
    check_groups,
)
from madpy.helper.checks.new_tables import NewTable, check_new_table, new_tables
from madpy.helper.checks.relations import check_holds_data, name_parts, readable, schema_of
from madpy.ports.postgres.scan.relations import find
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, Relation, session

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
    "check_model_table",
    "check_new_table",
    "check_not_null",
    "check_range",
    "check_source",
    "check_source_and_new_tables",
    "check_tables_of_prediction",
]


def __check_rel_exist(relation: str, db: Database | None = None) -> tuple[str, str] | None:
    """Return (schema, table) of a relation, by the search path without a schema; None if there is none."""
    found = _find(db or session(), relation)
    return (found.schema, found.name) if found else None


def __check_rel_column(
    relation: str, column: str, data_type: str | None = None, db: Database | None = None
) -> tuple[str, ...] | None:
    """Return (schema, table, column), and the type if one is asked for; None if there is no such column."""
    db = db or session()
    found = _find(db, relation)
    parts = parse_name(column)
    if not found or not parts or len(parts) > 1:
        return None
    types = Source(found.schema, found.name, db).types
    if parts[0] not in types:
        return None
    where = (found.schema, found.name, parts[0])
    if data_type is None:
        return where
    wanted = db.value("SELECT pg_catalog.to_regtype({type:l})::text", type=data_type)
    return (*where, types[parts[0]]) if types[parts[0]] == wanted else None


def _find(db: Database, relation: str) -> Relation | None:
    parts = parse_name(relation)
    if not parts or len(parts) > 2:
        return None
    (found,), _ = find(db, [parts])
    return found.relation if found else None


def check_source(db: Database, relation: str | None, what: str = "source_table") -> Source:
    """The table, view, materialized view, partitioned or foreign table that the caller may read.

    All statements after this see the rows that are there now.
    """
    parts = name_parts(db, relation, what)
    (found,), _ = find(db, [parts])
    return readable(db, parts, found).hold()


def check_model_table(db: Database, relation: str | None, what: str = "model_table") -> Source:
    """The table of a model that the caller may read: a plain or partitioned one (decision 6).

    All statements after this see the rows that are there now.
    """
    parts = name_parts(db, relation, what)
    (found,), _ = find(db, [parts])
    table = readable(db, parts, found)
    check_holds_data(table)
    return table.hold(is_locked=True)


def check_source_and_new_tables(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    sides: Sequence[str] = (),
    what: str = "output_table",
) -> tuple[Source, list[NewTable]]:
    """The source and the table to create, with one beside it for each ending in `sides`: asked for together.

    The names are checked as `check_source` and `check_new_table` do it.
    """
    source_parts = name_parts(db, source_table, "source_table")
    parts = name_parts(db, output_table, what)
    made = [parts[-1] + side for side in ("", *sides)]
    (found,), place = find(db, [source_parts], schema_of(parts), made)
    source = readable(db, source_parts, found)
    tables = new_tables(db, parts, place, made, source, what, max(("", *sides), key=len))
    return source.hold(), tables


def check_tables_of_prediction(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    what: str,
    check_model: Callable[[Source], object],
) -> tuple[Source, Source, NewTable]:
    """The table of a model, which `check_model` looks at first, the source, and what is to be made of it.

    They are asked for together.  All that is read of the model after this is of one moment with the source.
    """
    names = [name_parts(db, model_table, "model_table"), name_parts(db, source_table, "source_table")]
    parts = name_parts(db, output_table, what)
    made = parts[-1:]
    (found_model, found_source), place = find(db, names, schema_of(parts), made)
    model = readable(db, names[0], found_model)
    check_holds_data(model)
    check_model(model.hold(is_locked=True))
    source = readable(db, names[1], found_source)
    (output,) = new_tables(db, parts, place, made, source, what)
    return model, source.hold(), output
