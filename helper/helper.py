"""The validation layer: what a driver checks of what a user passed in, before anything is created.

Errors are a fact and a hint, with an SQLSTATE.  Relations are here; expressions and columns of a source are
in `expressions`, plain arguments in `arguments`; drivers import all of them from here.
"""

import re
from difflib import get_close_matches
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import check_choice, check_not_null, check_range, parse_name, quoted, shown
from madpy.helper.checks.expressions import (
    Expressions,
    check_apart,
    check_columns,
    check_expression,
    check_expressions,
    check_groups,
    columns_of,
)
from madpy.ports.postgres.session.db import Database, Relation, session

__all__ = [
    "Expressions",
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
    "full_name",
    "summary_name",
]

SUMMARY = "_summary"
READABLE_KINDS = "rvmpf"
KINDS = {"i": "an index", "I": "an index", "S": "a sequence", "c": "a composite type", "t": "a TOAST table"}


def __check_rel_exist(relation: str, db: Database | None = None) -> tuple[str, str] | None:
    """(schema, table) of a relation, by the search path where no schema is given; None if there is none."""
    found = _find(db or session(), parse_name(relation))
    return (found["schema"], found["name"]) if found else None


def __check_rel_column(
    relation: str, column: str, data_type: str | None = None, db: Database | None = None
) -> tuple[str, ...] | None:
    """(schema, table, column), and the type where one is asked for; None if there is none such."""
    db = db or session()
    found = _find(db, parse_name(relation))
    parts = parse_name(column)
    if not found or not parts or len(parts) > 1:
        return None
    types = columns_of(db, Relation(found["schema"], found["name"]))
    if parts[0] not in types:
        return None
    where = (found["schema"], found["name"], parts[0])
    if data_type is None:
        return where
    wanted = db.value("SELECT pg_catalog.to_regtype({type:l})::text", type=data_type)
    return (*where, types[parts[0]]) if types[parts[0]] == wanted else None


def check_source(db: Database, relation: str | None, what: str = "source_table") -> Relation:
    """The table, view, materialized view, partitioned or foreign table that the caller may read.

    All statements after this see the rows that are there now.
    """
    source = _readable(db, relation, what)
    db.keep_snapshot(source)
    return source


def check_model_table(db: Database, relation: str | None, what: str = "model_table") -> Relation:
    """The table of a model that the caller may read: a plain or partitioned one (decision 6).

    All statements after this see the rows that are there now.
    """
    table = _readable(db, relation, what)
    check_holds_data(db, table)
    db.keep_snapshot(table, is_locked=True)
    return table


def check_holds_data(db: Database, table: Relation) -> None:
    """An error if reading a relation runs its owner's functions with the caller's rights, as a view does.

    The relation cannot be replaced by such a one until the end of the transaction.
    """
    if not db.value("SELECT {schema:i}.__hold_table({t:l}::regclass)", t=str(table)):
        raise MadpyError(
            f"{quoted(table.name)} cannot be read as a model: it is not a plain table",
            sqlstate="42809",
            hint="ask for a table without policies, checks and expressions in indexes:"
            " they can run its owner's functions with your rights, as views do",
        )


def _readable(db: Database, relation: str | None, what: str) -> Relation:
    parts = _parts(db, relation, what)
    found = _find(db, parts)
    if not found:
        raise MadpyError(
            f"table {quoted('.'.join(parts))} does not exist", sqlstate="42P01", hint=_near(db, parts)
        )
    source = Relation(found["schema"], found["name"])
    if found["kind"] not in READABLE_KINDS:
        raise MadpyError(
            f"{quoted(source.name)} is {KINDS.get(found['kind'], 'not a table')}",
            sqlstate="42809",
            hint="give a table, view, materialized view, partitioned table or foreign table",
        )
    if not found["usable"]:
        raise MadpyError(
            f"permission denied for schema {quoted(source.schema)}",
            sqlstate="42501",
            hint=f"ask its owner for GRANT USAGE ON SCHEMA {shown(source.schema)}",
        )
    if not found["readable"]:
        raise MadpyError(
            f"permission denied for table {quoted(source.name)}",
            sqlstate="42501",
            hint=f"ask its owner for GRANT SELECT ON {full_name(db, source)}",
        )
    return source


def check_new_table(
    db: Database,
    relation: str | None,
    source: Relation | None = None,
    what: str = "output_table",
    room: str = SUMMARY,
) -> Relation:
    """Where a table can be created: a free name in a writable schema, with space for side tables' names."""
    *schema, name = _parts(db, relation, what)
    _check_writable(db, name)
    _check_length(db, name, what, room)
    output = Relation(_writable_schema(db, schema[0] if schema else None, name), name)
    _check_free(db, output, "output table", source)
    return output


def summary_name(db: Database, output: Relation) -> Relation:
    """The summary's name beside an output table; it must be free too."""
    summary = Relation(output.schema, output.name + SUMMARY)
    _check_length(db, summary.name, "output_table")
    _check_free(db, summary, "summary table")
    return summary


def full_name(db: Database, relation: Relation) -> str:
    """schema.name, with quotes where SQL needs them: for people to read and to copy."""
    name: str = db.value(
        "SELECT pg_catalog.format('%I.%I', {s:l}, {n:l})", s=relation.schema, n=relation.name
    )
    return name


def _parts(db: Database, relation: str | None, what: str) -> list[str]:
    """[table] or [schema, table]."""
    text: str = check_not_null(what, relation)
    parts = parse_name(text)
    if parts and len(parts) == 3 and parts[0] == db.value("SELECT pg_catalog.current_database()"):
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


def _find(db: Database, parts: list[str] | None) -> dict[str, Any] | None:
    """A relation of any kind, as to_regclass finds it, and whether the caller may read it."""
    if not parts or len(parts) > 2:
        return None
    rows = db.execute(
        """
        SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
               pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usable,
               pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS readable
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relname = {name:l}
          AND CASE WHEN {schema_name:l}::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
                   WHEN {schema_name:l}::text = 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema()
                   ELSE n.nspname = {schema_name:l} END
        """,
        name=parts[-1],
        schema_name=parts[0] if len(parts) == 2 else None,
    )
    return rows[0] if rows else None


def _near(db: Database, parts: list[str]) -> str:
    """A hint for a table that is not there: the same name elsewhere, names like it, or where was looked."""
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
    """Said before the source is read."""
    here = db.execute(
        """
        SELECT pg_catalog.current_setting('transaction_read_only') AS read_only,
               pg_catalog.pg_is_in_recovery() AS is_standby
        """
    )[0]
    if here["read_only"] == "on":
        raise MadpyError(
            f"{quoted(name)} cannot be created in a read-only transaction",
            sqlstate="25006",
            hint="create it on the primary server, and use it here" if here["is_standby"] else None,
        )


def _check_length(db: Database, name: str, what: str, room: str = "") -> None:
    """The server would cut a longer name off, with no more than a notice."""
    limit = db.value(
        "SELECT pg_catalog.current_setting('max_identifier_length')::int - pg_catalog.octet_length({r:l})",
        r=room,
    )
    if db.value("SELECT pg_catalog.octet_length({name:l})", name=name) > limit:
        raise MadpyError(
            f"{what}: the name {quoted(name)} is too long",
            sqlstate="42622",
            hint=f"choose a name of at most {limit} bytes",
        )


def _writable_schema(db: Database, schema: str | None, name: str) -> str:
    """The schema for a new table: as given, or the first of the search path that exists."""
    if schema == "pg_temp":
        return schema
    rows = db.execute(
        """
        SELECT n.nspname AS name,
               pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                   AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS writable,
               n.oid <> pg_catalog.pg_my_temp_schema()
                   AND n.nspname::text ~ '^(pg_|information_schema$)' AS system
        FROM pg_catalog.pg_namespace AS n WHERE n.nspname = coalesce({name:l}, pg_catalog.current_schema())
        """,
        name=schema,
    )
    if not rows and schema:
        raise MadpyError(
            f"schema {quoted(schema)} does not exist",
            sqlstate="3F000",
            hint=f"create it first: CREATE SCHEMA {shown(schema)}",
        )
    if not rows:
        raise MadpyError(
            f"no schema to create {quoted(name)} in",
            sqlstate="3F000",
            hint=f"write schema.table: the search path is {db.value('SHOW search_path')}",
        )
    found: str = rows[0]["name"]
    if rows[0]["system"]:
        raise MadpyError(
            f"schema {quoted(found)} belongs to the server", sqlstate="42501", hint="choose another schema"
        )
    if not rows[0]["writable"]:
        raise MadpyError(
            f"permission denied for schema {quoted(found)}",
            sqlstate="42501",
            hint=f"choose another schema, or ask its owner for GRANT USAGE, CREATE ON SCHEMA {shown(found)}",
        )
    return found


def _check_free(db: Database, relation: Relation, role: str, source: Relation | None = None) -> None:
    """No relation and no type has this name: tables share the names of both."""
    found = _find(db, [relation.schema, relation.name])
    if found and source == Relation(found["schema"], found["name"]):
        raise MadpyError(
            f"{role} {quoted(relation.name)} is the source table itself",
            sqlstate="42P07",
            hint="choose another name: a source is only read",
        )
    if found or db.value("SELECT pg_catalog.to_regtype({name:l}) IS NOT NULL", name=str(relation)):
        raise MadpyError(
            f"{role} {quoted(relation.name)} already exists",
            sqlstate="42P07",
            hint="drop it or choose another name",
        )
