"""Checks of expressions and column lists over a source, which the server parses and types."""

import re
from collections.abc import Iterable

from madpy.errors import MadpyError, SqlError
from madpy.helper.checks.arguments import check_not_null, quoted, shown
from madpy.ports.postgres.scan.parser import Parsed
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import identifier
from madpy.ports.postgres.session.types import DURATIONS, NUMBERS, PLAIN, TEXTS, TIMES, domain_within
from madpy.records import Record

NOT_HERE = {
    "42803": "an aggregate function cannot be used here",
    "42P20": "a window function cannot be used here",
}
SET_RETURNING = "set-returning functions are not allowed"  # the server's own words, with the SQLSTATE 0A000
SYSTEM_COLUMNS = ("tableoid", "ctid", "xmin", "xmax", "cmin", "cmax")
SHOWN = 40  # column names in a hint


class Expressions(Record):
    """Checked expressions over a source, one entry each in `items`, `names`, `types` and `kinds`."""

    items: list[str]  # SQL that can stand anywhere an expression can
    names: list[str]  # the column's name, or the text as written
    types: list[str]  # base types of domains, element types of arrays
    kinds: list[str]  # number, boolean, text, time or other
    is_array: bool  # written as ARRAY[...]
    is_vector: bool  # one expression whose value is an array


def check_expressions(source: Source, text: str | None, what: str, allowed: str = "number") -> Expressions:
    """Check the expressions in `text`, of the `allowed` types: number, boolean, text, time, or any."""
    parsed = _parse(source, text, what)
    for name in parsed.columns:
        if name is not None and name not in source.columns and name not in (source.name, *SYSTEM_COLUMNS):
            raise _no_column(source, name)
    try:
        items = source.parser.items(parsed)
        sql_types = source.parser.types(items)
    except SqlError as error:
        raise _expression_error(source, error, what) from None
    is_vector = len(items) == 1 and not parsed.is_array and sql_types[0].element is not None
    types = [str(one.element) if is_vector else one.base for one in sql_types]
    kinds = [_kind(name, one.is_enum) for name, one in zip(types, sql_types, strict=True)]
    names = [
        written if name is None else name for name, written in zip(parsed.columns, parsed.items, strict=True)
    ]
    for name, one, kind in zip(names, sql_types, kinds, strict=True):
        if kind not in re.findall(r"\w+", allowed) and allowed != "any":
            message = f"{what}: {quoted(name)} is of type {one.type}, a {allowed} is needed"
            raise MadpyError(message, sqlstate="42804", hint="cast it or choose another expression")
    return Expressions(items, names, types, kinds, parsed.is_array, is_vector)


def check_expression(
    source: Source,
    text: str | None,
    what: str,
    allowed: str = "number",
    *,
    may_be_vector: bool = False,
) -> Expressions:
    """Check that `text` is one expression; its value is no array unless it `may_be_vector`."""
    expressions = check_expressions(source, text, what, allowed)
    if expressions.is_array or (expressions.is_vector and not may_be_vector):
        raise MadpyError(f"{what} must be one expression, not an array", sqlstate="42804")
    if len(expressions.items) > 1:
        raise MadpyError(
            f"{what} must be one expression, not {len(expressions.items)}", hint="give one of them"
        )
    return expressions


def check_columns(source: Source, text: str | None, what: str) -> list[str]:
    """Return the names of columns in the list `text`, all of groupable types; none for NULL or blank text."""
    if text is None or not text.strip():
        return []
    parsed = _parse(source, text, what)
    names: list[str] = []
    for name, written in zip(parsed.columns, parsed.items, strict=True):
        if name is None or parsed.is_array:
            raise MadpyError(
                f"{what}: {quoted(written)} is not a column",
                hint=f"list columns of {quoted(source.name)}, separated by commas",
            )
        if name not in source.columns:
            raise _no_column(source, name)
        if name in names:
            raise MadpyError(f"{what}: column {quoted(name)} is named twice", sqlstate="42701")
        _check_groupable(source, name, what)
        names.append(name)
    return names


def check_groups(
    source: Source, text: str | None, output: Iterable[str], summary: Iterable[str] = ()
) -> list[str]:
    """Return the grouping columns, whose names the tables to be created must not have already."""
    groups = check_columns(source, text, "grouping_cols")
    check_apart(groups, output, summary)
    return groups


def check_apart(groups: list[str], output: Iterable[str], summary: Iterable[str] = ()) -> None:
    """Raise an error for a grouping column with a name that these tables have already."""
    for names, table in ((set(output), "output"), (set(summary), "summary")):
        for group in groups:
            if group in names:
                raise MadpyError(
                    f"grouping column {quoted(group)} has the name of a column of the {table} table",
                    sqlstate="42701",
                    hint="rename it in a view, and use the view",
                )


def check_once(names: list[str], what: str) -> None:
    """Raise an error for an expression that is given twice, for methods that would count it twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            message = f"{what}: {quoted(name)} is named twice"
            raise MadpyError(message, sqlstate="42701", hint="leave one of them out")
        seen.add(name)


def _parse(source: Source, text: str | None, what: str) -> Parsed:
    if not check_not_null(what, text).strip():
        raise MadpyError(f"{what} must not be empty", hint=_columns_of(source))
    try:
        return source.parser.parse(str(text))
    except SqlError as error:
        if error.sqlstate[:2] != "42":
            raise
        hint = error.hint or "give expressions over the columns, separated by commas"
        if text == "*":
            hint = _columns_of(source)
        for piece in map(str.strip, str(text).split(",")):
            if error.sqlstate == "42601" and piece in source.columns and shown(piece) != piece:
                hint = f"write {identifier(piece)}, with the double quotes"
        message = f"{what}: {error.message}"
        raise SqlError(message, sqlstate=error.sqlstate, hint=hint, detail=error.detail) from None


def _expression_error(source: Source, error: SqlError, what: str) -> MadpyError:
    """Return the server's error about an expression in terms of the argument that has it.

    Asks the server nothing: outside it, the transaction has failed by now.
    """
    missing = re.fullmatch(r'column (?:"(.*)"|\S+?\.(.*)) does not exist', error.message)
    if error.sqlstate == "42703" and missing:
        return _no_column(source, missing[1] or missing[2])
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


def _no_column(source: Source, name: str) -> MadpyError:
    if name in source.columns:
        return source.lacks(name)
    same = [shown(column) for column in source.columns if column.lower() == name.lower() and column != name]
    how = "with" if same and same[0].startswith('"') else "without"
    return MadpyError(
        f"column {quoted(name)} of table {quoted(source.name)} does not exist",
        sqlstate="42703",
        hint=f"write {same[0]}, {how} the double quotes" if same else _columns_of(source),
    )


def check_no_domain(db: Database, what: str, sql_type: str) -> None:
    """Raise an error for a type that contains a domain: reading its values would run the constraints."""
    if domain := domain_within(db, sql_type):
        raise MadpyError(
            f"{what} is of type {sql_type}, which is made of the domain {domain}",
            sqlstate="42804",
            hint="take its parts, or make a view with the type under the domain",
        )


def _check_groupable(source: Source, name: str, what: str) -> None:
    """Raise an error for a type without a hash: groups are found by it, in a store and in joins."""
    column = source.columns[name]
    if column.base in PLAIN:
        return
    check_no_domain(source.db, f"{what}: {quoted(name)}", column.base)
    try:
        source.db.execute("SELECT pg_catalog.hash_record_extended(ROW(NULL::{type:q}), 0)", type=column.base)
    except SqlError as error:
        if error.sqlstate != "42883":
            raise
        message = f"{what}: {quoted(name)} is of type {column.type}, which cannot be grouped by"
        raise MadpyError(message, sqlstate="42804", hint="choose another column") from None


def _kind(base: str, is_enum: bool) -> str:
    if base in NUMBERS:
        return "number"
    if base == "boolean":
        return "boolean"
    if base in TIMES | DURATIONS:
        return "time"
    return "text" if is_enum or base in TEXTS else "other"


def _columns_of(source: Source) -> str:
    """Return the hint that names the columns there are."""
    names = [shown(name) for name in source.columns]
    if not names:
        return "give a table with columns"
    more = ", ..." if len(names) > SHOWN else ""
    return f"use columns of table {quoted(source.name)}: {', '.join(names[:SHOWN])}{more}"
