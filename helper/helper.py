"""The validation layer: checks of what a user passed in, before anything is created.

Errors are a fact and a hint, with an SQLSTATE.  Checks of relations are here; those of expressions are in
checks/expressions.py, those of plain arguments in checks/arguments.py: helper.check_* calls them too.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import check_choice, check_not_null, check_range, parse_name, quoted, shown
from madpy.helper.checks.expressions import (
    Expressions,
    check_apart,
    check_columns,
    check_expression,
    check_expressions,
    check_groups,
)
from madpy.ports.postgres.scan.relations import Found, Place, find
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
    "check_model_table",
    "check_new_table",
    "check_not_null",
    "check_range",
    "check_source",
    "check_source_and_new_tables",
    "check_tables_of_prediction",
]

READABLE_KINDS = "rvmpf"
KINDS = {"i": "an index", "I": "an index", "S": "a sequence", "c": "a composite type", "t": "a TOAST table"}


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


@dataclass(frozen=True, eq=False)
class NewTable(Relation):
    """A table that can be created: its name is free, in a schema that the caller may create tables in."""

    full_name: str  # with quotes where SQL needs them: for people to read and to copy


def check_source(db: Database, relation: str | None, what: str = "source_table") -> Source:
    """The table, view, materialized view, partitioned or foreign table that the caller may read.

    All statements after this see the rows that are there now.
    """
    parts = _parts(db, relation, what)
    (found,), _ = find(db, [parts])
    return _readable(db, parts, found, what).hold()


def check_model_table(db: Database, relation: str | None, what: str = "model_table") -> Source:
    """The table of a model that the caller may read: a plain or partitioned one (decision 6).

    All statements after this see the rows that are there now.
    """
    parts = _parts(db, relation, what)
    (found,), _ = find(db, [parts])
    table = _readable(db, parts, found, what)
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
    source_parts = _parts(db, source_table, "source_table")
    parts = _parts(db, output_table, what)
    made = [parts[-1] + side for side in ("", *sides)]
    (found,), place = find(db, [source_parts], _schema(parts), made)
    source = _readable(db, source_parts, found, "source_table")
    tables = _new_tables(db, parts, place, made, source, what, max(("", *sides), key=len))
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
    names = [_parts(db, model_table, "model_table"), _parts(db, source_table, "source_table")]
    parts = _parts(db, output_table, what)
    made = parts[-1:]
    (found_model, found_source), place = find(db, names, _schema(parts), made)
    model = _readable(db, names[0], found_model, "model_table")
    check_holds_data(model)
    check_model(model.hold(is_locked=True))
    source = _readable(db, names[1], found_source, "source_table")
    (output,) = _new_tables(db, parts, place, made, source, what)
    return model, source.hold(), output


def check_holds_data(table: Source) -> bool:
    """Whether a relation exists; an error if reading it runs its owner's functions with the caller's rights.

    A view does that.  The relation cannot be replaced by such a one until the end of the transaction.
    """
    holds_data: bool | None = table.db.value(
        "SELECT {schema:i}.__hold_table(pg_catalog.to_regclass({t:l}))", t=str(table)
    )
    if holds_data is False:
        raise MadpyError(
            f"{quoted(table.name)} cannot be read as a model: it is not a plain table",
            sqlstate="42809",
            hint="ask for a table without policies, checks and expressions in indexes:"
            " they can run its owner's functions with your rights, as views do",
        )
    return holds_data is not None


def _readable(db: Database, parts: list[str], found: Found | None, what: str) -> Source:
    if found is None:
        raise MadpyError(
            f"table {quoted('.'.join(parts))} does not exist", sqlstate="42P01", hint=_near(db, parts)
        )
    source = Source(found.relation.schema, found.relation.name, db)
    if found.kind not in READABLE_KINDS:
        raise MadpyError(
            f"{quoted(source.name)} is {KINDS.get(found.kind, 'not a table')}",
            sqlstate="42809",
            hint="give a table, view, materialized view, partitioned table or foreign table",
        )
    if not found.is_usable:
        raise MadpyError(
            f"permission denied for schema {quoted(source.schema)}",
            sqlstate="42501",
            hint=f"ask its owner for GRANT USAGE ON SCHEMA {shown(source.schema)}",
        )
    if not found.is_readable:
        raise MadpyError(
            f"permission denied for table {quoted(source.name)}",
            sqlstate="42501",
            hint=f"ask its owner for GRANT SELECT ON {found.full_name}",
        )
    return source


def check_new_table(
    db: Database, relation: str | None, source: Source | None = None, what: str = "output_table"
) -> NewTable:
    """Return a table that can be created: a free name in a writable schema."""
    parts = _parts(db, relation, what)
    _, place = find(db, [], _schema(parts), parts[-1:])
    return _new_tables(db, parts, place, parts[-1:], source, what)[0]


def _new_tables(
    db: Database,
    parts: list[str],
    place: Place,
    made: list[str],
    source: Source | None,
    what: str,
    longest: str = "",
) -> list[NewTable]:
    """Return the tables `made` in a place; the longest of their names has the ending `longest`."""
    _check_writable(db, parts[-1])
    _check_length(db, parts[-1], what, longest)
    schema = _writable_schema(db, parts, place)
    tables = [NewTable(schema, *names) for names in zip(made, place.full_names, strict=True)]
    for role, table in zip(("output table", "summary table"), tables, strict=False):
        _check_free(table, place, role, source)
    return tables


def _parts(db: Database, relation: str | None, what: str) -> list[str]:
    """Return [table] or [schema, table]."""
    text: str = check_not_null(what, relation)
    parts = parse_name(text)
    if parts and len(parts) == 3 and parts[0] == db.session.database:
        parts = parts[1:]
    if parts and len(parts) < 3:
        return parts
    if not text.strip():
        raise MadpyError(f"{what} must not be empty", sqlstate="42602", hint="name a table")
    hint = f"write a name with spaces, capitals or other signs in double quotes: {quoted(text.strip())}"
    if parts:
        hint = "write it as schema.table"
    if re.match(r"\(|select\s", text.strip(), re.IGNORECASE):
        hint = "make a view of the query, and name the view"
    raise MadpyError(f"{what}: {quoted(text)} is not a table name", sqlstate="42602", hint=hint)


def _schema(parts: list[str]) -> str | None:
    return parts[0] if len(parts) == 2 else None


def _near(db: Database, parts: list[str]) -> str:
    """Return a hint for a missing table: the name in another schema, similar names, or the search path."""
    from difflib import get_close_matches  # here alone: no call that succeeds needs it

    rows = db.execute(
        """
        SELECT n.nspname AS schema, c.relname AS name, c.oid::regclass::text AS written
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema')
          AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
          AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
        ORDER BY 3 LIMIT 10000
        """
    )
    close = get_close_matches(parts[-1], {row["name"] for row in rows}, n=3, cutoff=0.7)
    written = [row["written"] for row in rows if row["name"] in close[:1]]
    if written:
        return f"did you mean {' or '.join(written[:3])}?"
    if len(parts) == 1:
        return f"write schema.table: the search path is {db.value('SHOW search_path')}"
    known = db.value(
        "SELECT pg_catalog.to_regnamespace(pg_catalog.quote_ident({s:l})) IS NOT NULL", s=parts[0]
    )
    schema = quoted(parts[0])
    return (
        f"check the name: {f'schema {schema} has no such table' if known else f'there is no schema {schema}'}"
    )


def _check_writable(db: Database, name: str) -> None:
    """Raise an error in a read-only transaction, before the source is read."""
    if db.session.is_read_only:
        raise MadpyError(
            f"{quoted(name)} cannot be created in a read-only transaction",
            sqlstate="25006",
            hint="create it on the primary server, and use it here" if db.session.is_standby else None,
        )


def _check_length(db: Database, name: str, what: str, ending: str) -> None:
    """Raise an error for a name that the server would cut off with a mere notice."""
    limit = db.session.longest_name - len(ending.encode())
    if len(name.encode()) > limit:
        raise MadpyError(
            f"{what}: the name {quoted(name)} is too long",
            sqlstate="42622",
            hint=f"choose a name of at most {limit} bytes",
        )


def _writable_schema(db: Database, parts: list[str], place: Place) -> str:
    """Return the schema for a new table: as given, or the first of the search path that exists."""
    schema = place.schema
    if schema == "pg_temp" and len(parts) == 2:
        return schema
    if schema is None:
        raise MadpyError(
            f"no schema to create {quoted(parts[-1])} in",
            sqlstate="3F000",
            hint=f"write schema.table: the search path is {db.value('SHOW search_path')}",
        )
    if place.real_schema is None:
        raise MadpyError(
            f"schema {quoted(schema)} does not exist",
            sqlstate="3F000",
            hint=f"create it first: CREATE SCHEMA {shown(schema)}",
        )
    if place.is_system:
        raise MadpyError(
            f"schema {quoted(schema)} belongs to the server", sqlstate="42501", hint="choose another schema"
        )
    if not place.is_writable:
        raise MadpyError(
            f"permission denied for schema {quoted(schema)}",
            sqlstate="42501",
            hint=f"choose another schema, or ask its owner for GRANT USAGE, CREATE ON SCHEMA {shown(schema)}",
        )
    return schema


def _check_free(table: NewTable, place: Place, role: str, source: Source | None) -> None:
    """Raise an error if a relation or a type has this name: a table needs both names."""
    if place.real_schema is not None and source == Relation(place.real_schema, table.name):
        raise MadpyError(
            f"{role} {quoted(table.name)} is the source table itself",
            sqlstate="42P07",
            hint="choose another name: a source is only read",
        )
    if table.name in place.taken:
        raise MadpyError(
            f"{role} {quoted(table.name)} already exists",
            sqlstate="42P07",
            hint="drop it or choose another name",
        )
