"""Checks of expressions and column lists over a source: parsed by the server, typed without a scan."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.helper.checks.arguments import check_not_null, quoted, shown
from madpy.ports.postgres.session.db import Database, Relation, identifier
from madpy.ports.postgres.session.types import NUMBERS, TEXTS, base_types_of, domain_within
from madpy.ports.postgres.shards.queries import one_part
from madpy.ports.postgres.shards.servers import LACKING

NOT_HERE = {
    "42803": "an aggregate function cannot be used here",
    "42P20": "a window function cannot be used here",
}
SET_RETURNING = "set-returning functions are not allowed"  # as the server says it, with the SQLSTATE 0A000
SYSTEM_COLUMNS = ("tableoid", "ctid", "xmin", "xmax", "cmin", "cmax")
SHOWN = 40  # column names in a hint
AT_ONCE = 1000  # expressions in one statement, which has space for 1,664


@dataclass(frozen=True)
class Expressions:
    """Checked expressions over a source, one entry each in `items`, `names`, `types` and `kinds`."""

    items: list[str]  # SQL that can stand anywhere an expression can
    names: list[str]  # the column's name, or the text as written
    types: list[str]  # of a domain: the type under it; of an array: the element's
    kinds: list[str]  # number, boolean, text or other
    is_array: bool  # written as ARRAY[...]
    is_vector: bool  # one expression whose value is an array


def check_expressions(
    db: Database, source: Relation, text: str | None, what: str, allowed: str = "number"
) -> Expressions:
    """The expressions in `text`, of types that `allowed` names: words of number, boolean and text, or any."""
    columns = columns_of(db, source)
    parsed = _parse(db, columns, text, what)
    texts: list[str] = parsed["items"]
    bare: list[str | None] = parsed["columns"]
    for name in bare:
        if name is not None and name not in columns and name not in (source.name, *SYSTEM_COLUMNS):
            raise _no_column(source, columns, name)
    items = [
        _safe(_resolved(db, source, columns, written, what)) if name is None else identifier(name)
        for name, written in zip(bare, texts, strict=True)
    ]
    probed = _probe(db, source, columns, items, what)
    is_vector = len(items) == 1 and not parsed["is_array"] and probed[0]["element"] is not None
    types = [row["element"] if is_vector else row["base"] for row in probed]
    kinds = [_kind(row["element"] if is_vector else row["base"], row["is_enum"]) for row in probed]
    names = [written if name is None else name for name, written in zip(bare, texts, strict=True)]
    for name, row, kind in zip(names, probed, kinds, strict=True):
        if kind not in re.findall(r"\w+", allowed) and allowed != "any":
            message = f"{what}: {quoted(name)} is of type {row['type']}, a {allowed} is needed"
            raise MadpyError(message, sqlstate="42804", hint="cast it or choose another expression")
    return Expressions(items, names, types, kinds, parsed["is_array"], is_vector)


def check_expression(
    db: Database,
    source: Relation,
    text: str | None,
    what: str,
    allowed: str = "number",
    *,
    may_be_vector: bool = False,
) -> Expressions:
    """As check_expressions, for exactly one expression; its value is no array unless it `may_be_vector`."""
    found = check_expressions(db, source, text, what, allowed)
    if found.is_array or (found.is_vector and not may_be_vector):
        raise MadpyError(f"{what} must be one expression, not an array", sqlstate="42804")
    if len(found.items) > 1:
        raise MadpyError(f"{what} must be one expression, not {len(found.items)}", hint="remove the commas")
    return found


def check_columns(db: Database, source: Relation, text: str | None, what: str) -> list[str]:
    """Names of the columns in the list `text`, which GROUP BY can take; none for NULL or blank text."""
    if text is None or not text.strip():
        return []
    columns = columns_of(db, source)
    bases = base_types_of(db, source)
    parsed = _parse(db, columns, text, what)
    names: list[str] = []
    for name, written in zip(parsed["columns"], parsed["items"], strict=True):
        if name is None or parsed["is_array"]:
            raise MadpyError(
                f"{what}: {quoted(written)} is not a column",
                hint=f"list columns of {quoted(source.name)}, separated by commas",
            )
        if name not in columns:
            raise _no_column(source, columns, name)
        if name in names:
            raise MadpyError(f"{what}: column {quoted(name)} is named twice", sqlstate="42701")
        _check_groupable(db, name, columns[name], bases[name], what)
        names.append(name)
    return names


def check_groups(
    db: Database, source: Relation, text: str | None, output: Iterable[str], summary: Iterable[str] = ()
) -> list[str]:
    """The grouping columns, which the tables that are made have beside the names given here."""
    groups = check_columns(db, source, text, "grouping_cols")
    check_apart(groups, output, summary)
    return groups


def check_apart(groups: list[str], output: Iterable[str], summary: Iterable[str] = ()) -> None:
    """That no grouping column has a name that these tables have already."""
    for names, table in ((set(output), "output"), (set(summary), "summary")):
        for group in groups:
            if group in names:
                raise MadpyError(
                    f"grouping column {quoted(group)} has the name of a column of the {table} table",
                    sqlstate="42701",
                    hint="rename it in a view, and use the view",
                )


def check_once(names: list[str], what: str) -> None:
    """That no expression is given twice, for a method that would count it twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            message = f"{what}: {quoted(name)} is named twice"
            raise MadpyError(message, sqlstate="42701", hint="leave one of them out")
        seen.add(name)


def columns_of(db: Database, relation: Relation) -> dict[str, str]:
    """Name and type of each column, in the table's order."""
    rows = db.execute(
        """
        SELECT attname AS name, atttypid::regtype::text AS type FROM pg_catalog.pg_attribute
        WHERE attrelid = {relation:l}::regclass::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
        """,
        relation=str(relation),
    )
    return {row["name"]: row["type"] for row in rows}


def _parse(db: Database, columns: dict[str, str], text: str | None, what: str) -> dict[str, Any]:
    if not check_not_null(what, text).strip():
        raise MadpyError(f"{what} must not be empty", hint=_it_has(columns))
    try:
        return db.execute("SELECT * FROM {schema:i}.__parse_list({text:l})", text=text)[0]
    except SqlError as error:
        if error.sqlstate[:2] != "42":
            raise
        hint = error.hint or "give expressions over the columns, separated by commas"
        if text == "*":
            hint = _it_has(columns)
        for piece in str(text).split(","):
            if (
                error.sqlstate == "42601"
                and piece.strip() in columns
                and shown(piece.strip()) != piece.strip()
            ):
                hint = f"write {identifier(piece.strip())}, with the double quotes"
        message = f"{what}: {error.message}"
        raise SqlError(message, sqlstate=error.sqlstate, hint=hint, detail=error.detail) from None


def _resolved(db: Database, source: Relation, columns: dict[str, str], written: str, what: str) -> str:
    """An expression as its writer's search_path reads it, where the run has another one."""
    if db.callers_path is None:
        return written
    try:
        return str(
            db.value(
                "SELECT {schema:i}.__resolve({item:l}, {source:l}::regclass, {path:l})",
                item=_safe(written),
                source=str(source),
                path=db.callers_path,
            )
        )
    except SqlError as error:
        raise _explained(source, columns, error, what) from None


def _probe(
    db: Database, source: Relation, columns: dict[str, str], items: list[str], what: str
) -> list[dict[str, Any]]:
    """Type of each item, and the type under it where that is a domain, in one statement that reads no row.

    The expressions stand in WHERE too, which takes no aggregate, window or set-returning function.
    """
    part = one_part(db, source)
    found: list[dict[str, Any]] = []
    for start in range(0, len(items), AT_ONCE):
        found += _probe_some(db, source, part, columns, items[start : start + AT_ONCE], what)
    return found


def _probe_some(
    db: Database, source: Relation, part: str, columns: dict[str, str], items: list[str], what: str
) -> list[dict[str, Any]]:
    try:
        types = db.column_types(
            "SELECT {items:q} FROM {part:q} WHERE {nulls:q} LIMIT 0",
            items=", ".join(f'{item} AS "item {n}"' for n, item in enumerate(items)),
            part=part,
            nulls=" AND ".join(f"{item} IS NULL" for item in items),
        )
    except SqlError as error:
        raise _explained(source, columns, error, what) from None
    return _types(db, types)


def _types(db: Database, oids: list[int]) -> list[dict[str, Any]]:
    """Each type, the one under it where it is a domain, and of an array the type of its elements.

    A statement of its own: Citus does not plan WITH RECURSIVE over a distributed table, and where it sends a
    statement whole, pg_typeof would tell another server's numbers.
    """
    return db.execute(
        """
        WITH RECURSIVE base AS (
            SELECT n, type::oid AS type, type::oid AS base
            FROM pg_catalog.unnest({types:l}::bigint[]) WITH ORDINALITY AS p(type, n)
            UNION ALL
            SELECT n, type, typbasetype FROM base JOIN pg_catalog.pg_type ON oid = base AND typtype = 'd'
        )
        SELECT type::regtype::text AS type, base::regtype::text AS base, typtype = 'e' AS is_enum,
               CASE WHEN typcategory = 'A' THEN typelem::regtype::text END AS element
        FROM base JOIN pg_catalog.pg_type ON oid = base AND typtype <> 'd' ORDER BY n
        """,
        types=oids,
    )


def _explained(source: Relation, columns: dict[str, str], error: SqlError, what: str) -> MadpyError:
    """The server's error about an expression, for the one who wrote it.

    Asks the server nothing: outside it, the transaction has failed by now.
    """
    missing = re.fullmatch(r'column (?:"(.*)"|\S+?\.(.*)) does not exist', error.message)
    if error.sqlstate == "42703" and missing:
        return _no_column(source, columns, missing[1] or missing[2])
    if error.sqlstate == "42501" and "row-level security" in error.message:
        hint = "set row_security to on to read only the rows that you may see"
        return SqlError(error.message, sqlstate=error.sqlstate, hint=hint)
    if error.sqlstate == "42501":
        hint = f"ask its owner for GRANT SELECT ON {shown(source.schema)}.{shown(source.name)}"
        return SqlError(error.message, sqlstate=error.sqlstate, hint=hint)
    if error.sqlstate[:2] not in ("42", "0A", "22", "3F"):
        return error
    message = NOT_HERE.get(error.sqlstate, error.message)
    if message.startswith(SET_RETURNING):
        message = "a function that returns a set cannot be used here"
    return SqlError(f"{what}: {message}", sqlstate=error.sqlstate, hint=error.hint, detail=error.detail)


def _no_column(source: Relation, columns: dict[str, str], name: str) -> MadpyError:
    if name in columns:
        return SqlError(
            f"column {quoted(name)} of a part of table {quoted(source.name)} does not exist",
            sqlstate="42703",
            hint=LACKING,
        )
    same = [shown(column) for column in columns if column.lower() == name.lower() and column != name]
    how = "with" if same and same[0].startswith('"') else "without"
    return MadpyError(
        f"column {quoted(name)} of table {quoted(source.name)} does not exist",
        sqlstate="42703",
        hint=f"write {same[0]}, {how} the double quotes" if same else _it_has(columns),
    )


def check_no_domain(db: Database, what: str, sql_type: str) -> None:
    """That values of a type can be read from text without the constraints of a domain, which are not ours."""
    if domain := domain_within(db, sql_type):
        raise MadpyError(
            f"{what} is of type {sql_type}, which is made of the domain {domain}",
            sqlstate="42804",
            hint="take its parts, or make a view with the type under the domain",
        )


def _check_groupable(db: Database, name: str, column_type: str, base: str, what: str) -> None:
    """That a type has a hash: groups are found by it, in a store and in joins."""
    check_no_domain(db, f"{what}: {quoted(name)}", base)
    try:
        db.execute("SELECT pg_catalog.hash_record_extended(ROW(NULL::{type:q}), 0)", type=base)
    except SqlError as error:
        if error.sqlstate != "42883":
            raise
        message = f"{what}: {quoted(name)} is of type {column_type}, which cannot be grouped by"
        raise MadpyError(message, sqlstate="42804", hint="choose another column") from None


def _safe(item: str) -> str:
    """An expression as an operand; the line end keeps a comment in it from swallowing the rest."""
    return f"({item}\n)"


def _kind(base: str, is_enum: bool) -> str:
    if base in NUMBERS:
        return "number"
    if base == "boolean":
        return "boolean"
    return "text" if is_enum or base in TEXTS else "other"


def _it_has(columns: dict[str, str]) -> str:
    names = [shown(name) for name in columns]
    if not names:
        return "give a table with columns"
    return f"it has: {', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}"
