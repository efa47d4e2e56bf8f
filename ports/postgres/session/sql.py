"""SQL with typed holes: statements are written whole, and values enter them through holes only.

{x:i}   an identifier: a str, or a Relation ("schema"."name")
{x:i,}  identifiers, each followed by a comma and a space
{x:l}   a literal: None, bool, int, float, str, bytes, timedelta, a list of one of these, a dict (jsonb)
{x:b}   bytes of any length, in a statement given to `execute`; sent as a parameter if possible
{x:q}   SQL that is the caller's own by design
"""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any

from madpy.errors import MadpyError
from madpy.records import Record

HOLE = re.compile(r"\{(\w+):(i,|i|l|b|q)\}")


class Parameter(str):
    """SQL of a value that is given beside a statement: its number and type."""


class Relation(Record):
    """A table or view by its parsed names; `str()` is the SQL for it.

    Relations with the same names are equal, whatever other attributes they have.
    """

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{identifier(self.schema)}.{identifier(self.name)}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Relation) and (self.schema, self.name) == (other.schema, other.name)

    def __hash__(self) -> int:
        return hash((self.schema, self.name))


def fill(sql: str, holes: dict[str, Any]) -> str:
    """Return `sql` with its holes filled, in one pass: the text of a value is never read as a hole."""

    def one(hole: re.Match[str]) -> str:
        value = holes[hole[1]]
        match hole[2]:
            case "i":
                return str(value) if isinstance(value, Relation) else identifier(value)
            case "i,":
                return "".join(f"{identifier(name)}, " for name in value)
            case "l" | "b":
                return value if isinstance(value, Parameter) else literal(value)
            case _:
                return _without_nul(str(value))

    return HOLE.sub(one, sql)


def identifier(name: str) -> str:
    """Return a name in double quotes, also where SQL does not need them."""
    if not name:
        raise MadpyError("a name must not be empty", sqlstate="42602")
    return '"' + _without_nul(name).replace('"', '""') + '"'


def parameters(value: str | list[str | None] | None, values: list[str | None]) -> Parameter:
    """Append a text, or the texts of a list, to `values`; return SQL that has parameters in their place."""
    if isinstance(value, list):
        return Parameter(f"ARRAY[{', '.join(parameters(one, values) for one in value)}]")
    values.append(value if value is None else _without_nul(value))
    return Parameter(f"${len(values)}::pg_catalog.text")


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, or `name` with a suffix if it is among those `taken`."""
    while name in taken:
        name += "_"
    return name


def literal(value: Any) -> str:
    """Return an SQL literal that keeps value and type, whatever standard_conforming_strings is."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if value >= 0 else f"({value})"
        case float():
            return f"'{float.__repr__(value)}'::double precision"
        case str():
            return _string(value)
        case bytes():
            return f"pg_catalog.decode('{value.hex()}', 'hex')"
        case timedelta():
            return f"'{value.total_seconds():f} seconds'::interval"
        case dict():
            return f"{_string(json.dumps(value, allow_nan=False))}::jsonb"
        case list() | tuple():
            return _array(value)
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def _string(text: str) -> str:
    quoted = _without_nul(text).replace("'", "''")
    if "\\" not in quoted:
        return f"'{quoted}'"
    # The space keeps the E from becoming part of a word before it.
    return " E'" + quoted.replace("\\", "\\\\") + "'"


def _array(values: Sequence[Any]) -> str:
    """Return an array literal; nested lists become dimensions.  The statement decides an empty one's type."""
    kinds = {type(value) for value in _leaves(values)} - {type(None)}
    if not kinds:
        return f"'{_braces(values)}'"
    if kinds == {str}:
        return f"ARRAY[{', '.join(literal(value) for value in values)}]::text[]"
    if kinds == {bool}:
        return f"'{_braces(values)}'::boolean[]"
    if kinds == {int}:
        return f"'{_braces(values)}'::bigint[]"
    if all(issubclass(kind, int | float) for kind in kinds) and bool not in kinds:
        return f"'{_braces(values)}'::double precision[]"
    raise TypeError(f"no SQL array for a list of {', '.join(sorted(kind.__name__ for kind in kinds))}")


def _leaves(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _leaves(value)
        else:
            yield value


def _braces(values: Sequence[Any]) -> str:
    """Return the array text of numbers and booleans, which need no quotes."""

    def one(value: Any) -> str:
        if isinstance(value, list | tuple):
            return _braces(value)
        if value is None:
            return "NULL"
        return float.__repr__(value) if isinstance(value, float) else str(value).lower()

    return "{" + ",".join(map(one, values)) + "}"


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise MadpyError("text must not contain a zero byte", sqlstate="22021")
    return text
