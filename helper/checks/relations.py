"""Checks of the relations that a call reads, and of the names that a user wrote for relations."""

import re

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import check_not_null, parse_name, quoted, shown
from madpy.ports.postgres.scan.relations import Found
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database

READABLE_KINDS = "rvmpf"
KINDS = {"i": "an index", "I": "an index", "S": "a sequence", "c": "a composite type", "t": "a TOAST table"}


def readable(db: Database, parts: list[str], entry: Found | None) -> Source:
    """Return the relation of an entry of the catalogue; raise an error without one, or without rights."""
    if entry is None:
        raise MadpyError(
            f"table {quoted('.'.join(parts))} does not exist", sqlstate="42P01", hint=_near(db, parts)
        )
    source = Source(entry.relation.schema, entry.relation.name, db)
    if entry.kind not in READABLE_KINDS:
        raise MadpyError(
            f"{quoted(source.name)} is {KINDS.get(entry.kind, 'not a table')}",
            sqlstate="42809",
            hint="give a table, view, materialized view, partitioned table or foreign table",
        )
    if not entry.is_usable:
        raise MadpyError(
            f"permission denied for schema {quoted(source.schema)}",
            sqlstate="42501",
            hint=f"ask its owner for GRANT USAGE ON SCHEMA {shown(source.schema)}",
        )
    if not entry.is_readable:
        raise MadpyError(
            f"permission denied for table {quoted(source.name)}",
            sqlstate="42501",
            hint=f"ask its owner for GRANT SELECT ON {entry.full_name}",
        )
    return source


def check_holds_data(table: Source) -> bool:
    """Tell whether a relation exists; raise an error if reading it runs functions of its owner as the caller.

    A view does that.  A lock keeps others from replacing the relation until the end of the transaction.
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


def name_parts(db: Database, relation: str | None, what: str) -> list[str]:
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


def schema_of(parts: list[str]) -> str | None:
    return parts[0] if len(parts) == 2 else None


def _near(db: Database, parts: list[str]) -> str:
    """Return a hint for a missing table: the name in another schema, similar names, or the search path."""
    from difflib import get_close_matches  # imported only here: no call that succeeds needs it

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
        return f"write schema.table: the search path is {db.search_path}"
    known = db.value(
        "SELECT pg_catalog.to_regnamespace(pg_catalog.quote_ident({s:l})) IS NOT NULL", s=parts[0]
    )
    schema = quoted(parts[0])
    return (
        f"check the name: {f'schema {schema} has no such table' if known else f'there is no schema {schema}'}"
    )
