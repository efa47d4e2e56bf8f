"""Checks of the tables that a call is going to create, before it creates anything."""

from collections.abc import Sequence

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted, shown
from madpy.helper.checks.relations import name_parts, schema_of
from madpy.ports.postgres.scan.relations import Place, find
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation


class NewTable(Relation):
    """A table that can be created: its name is free, in a schema that the caller may create tables in."""

    full_name: str  # with quotes where SQL needs them: for people to read and to copy


def check_new_table(
    db: Database, relation: str | None, source: Source | None = None, what: str = "output_table"
) -> NewTable:
    """Return a table that can be created: a free name in a writable schema."""
    return check_new_tables(db, relation, source=source, what=what)[0]


def check_new_tables(
    db: Database,
    relation: str | None,
    sides: Sequence[str] = (),
    source: Source | None = None,
    what: str = "output_table",
) -> list[NewTable]:
    """Return a table that can be created, and one for each ending in `sides`."""
    parts = name_parts(db, relation, what)
    made = [parts[-1] + side for side in ("", *sides)]
    _, destination = find(db, [], schema_of(parts), made)
    return new_tables(db, parts, destination, made, source, what, max(("", *sides), key=len))


def new_tables(
    db: Database,
    parts: list[str],
    destination: Place,
    made: list[str],
    source: Source | None,
    what: str,
    longest: str = "",
) -> list[NewTable]:
    """Return the tables to be `made` in a schema; the longest of their names has the ending `longest`."""
    _check_writable(db, parts[-1])
    _check_length(db, parts[-1], what, longest)
    schema = _writable_schema(db, parts, destination)
    tables = [NewTable(schema, *names) for names in zip(made, destination.full_names, strict=True)]
    for role, table in zip(("output table", "summary table"), tables, strict=False):
        _check_free(table, destination, role, source)
    return tables


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


def _writable_schema(db: Database, parts: list[str], destination: Place) -> str:
    """Return the schema for a new table: as given, or the first of the search path that exists."""
    schema = destination.schema
    if schema == "pg_temp" and len(parts) == 2:
        return schema
    if schema is None:
        raise MadpyError(
            f"no schema to create {quoted(parts[-1])} in",
            sqlstate="3F000",
            hint=f"write schema.table: the search path is {db.search_path}",
        )
    if destination.real_schema is None:
        raise MadpyError(
            f"schema {quoted(schema)} does not exist",
            sqlstate="3F000",
            hint=f"create it first: CREATE SCHEMA {shown(schema)}",
        )
    if destination.is_system:
        raise MadpyError(
            f"schema {quoted(schema)} belongs to the server", sqlstate="42501", hint="choose another schema"
        )
    if not destination.is_writable:
        raise MadpyError(
            f"permission denied for schema {quoted(schema)}",
            sqlstate="42501",
            hint=f"choose another schema, or ask its owner for GRANT USAGE, CREATE ON SCHEMA {shown(schema)}",
        )
    return schema


def _check_free(table: NewTable, destination: Place, role: str, source: Source | None) -> None:
    """Raise an error if a relation or a type has this name: a table needs both names."""
    if destination.real_schema is not None and source == Relation(destination.real_schema, table.name):
        raise MadpyError(
            f"{role} {quoted(table.name)} is the source table itself",
            sqlstate="42P07",
            hint="choose another name: a source is only read",
        )
    if table.name in destination.taken:
        raise MadpyError(
            f"{role} {quoted(table.name)} already exists",
            sqlstate="42P07",
            hint="drop it or choose another name",
        )
