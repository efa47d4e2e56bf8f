"""SQL with typed holes over a plpy-like connection: the server's own `plpy`, or `madpy.ports.postgres.plpy`.

A statement is written whole; values enter it through holes only:
    {x:i}   an identifier: a str, or a Relation ("schema"."name")
    {x:i,}  identifiers, each followed by a comma and a space
    {x:l}   a literal: None, bool, int, float, str, bytes, timedelta, a list of one of these, a dict (jsonb)
    {x:b}   bytes of any length, in a statement given to `execute`; sent as a parameter if possible
    {x:q}   SQL that is the caller's own by design
"""

import contextlib
import importlib
import json
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.ports.postgres.session.facts import HOLES, QUERY, SETTINGS, Session
from madpy.records import Record

HOLE = re.compile(r"\{(\w+):(i,|i|l|b|q)\}")
CANCELED = "57014"
NO_LOCK = (CANCELED, "55P03", "40P01")  # a wait for a lock that did not get it
CREATED_AT_ONCE = ("pg_class_relname_nsp_index", "pg_type_typname_nsp_index")

_plans: dict[str, Any] = {}  # plans of this session, by their SQL


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


class Database:
    """The connection of a session, and the schema in which the library is installed."""

    def __init__(self, connection: Any, schema: str = "madlib"):
        self.connection = connection
        self.schema = schema
        self.facts: dict[str, Any] = {}  # facts that are looked up once in a run
        self.callers_path: str | None = None  # the search_path, where expressions have to be read by another
        self._before: dict[str, str] = {}  # original values of changed settings
        self._snapshot: int | None = None  # the snapshot of all statements: see keep_snapshot
        self._locked: set[Relation] = set()
        self._temporary: list[Relation] = []  # tables of this run

    @property
    def inside(self) -> bool:
        """Tell whether this Python runs in the server, where the caller begins and ends transactions."""
        return not hasattr(self.connection, "transaction")

    def execute(self, sql: str, **holes: Any) -> list[dict[str, Any]]:
        """Run a statement and return its rows, none if it has no result; raise SqlError."""
        beside = list(dict.fromkeys(hole[1] for hole in HOLE.finditer(sql) if hole[2] == "b" and self.inside))
        places = {name: Parameter(f"${number}::bytea") for number, name in enumerate(beside, 1)}
        text = fill(sql, {"schema": self.schema, **holes, **places})
        values = [holes[name] for name in beside]
        try:
            if self._snapshot is not None:
                rows = self.connection.execute(self._under_snapshot, [self._snapshot, text, values])
                return [row["kept"] for row in rows]
            if not beside:
                return list(self.connection.execute(text))
            return list(
                self.connection.execute(self.connection.prepare(text, ["bytea"] * len(beside)), values)
            )
        except self.connection.SPIError as error:
            raise _sql_error(error) from None

    def execute_kept(self, sql: str, **holes: Any) -> list[dict[str, Any]]:
        """Run a statement like `execute`; in the server, the session keeps its plan for later calls.

        Its literals, which are texts or short lists of texts, are parameters of the plan.  For statements
        over the catalogue: one with parameters gets no parallel workers.
        """
        if not self.inside or self._snapshot is not None:
            return self.execute(sql, **holes)
        values: list[str | None] = []
        places: dict[str, Parameter] = {}
        for name in dict.fromkeys(hole[1] for hole in HOLE.finditer(sql) if hole[2] == "l"):
            places[name] = _parameters(holes[name], values)
        text = fill(sql, {"schema": self.schema, **holes, **places})
        try:
            plan = self._plan(text, ["pg_catalog.text"] * len(values))
            return list(self.connection.execute(plan, values))
        except self.connection.SPIError as error:
            raise _sql_error(error) from None

    def _plan(self, text: str, types: list[str]) -> Any:
        """Return the plan that the session keeps of a statement; planning takes longer than a look-up."""
        if text not in _plans:
            _plans[text] = self.connection.prepare(text, types)
        return _plans[text]

    def column_types(self, sql: str, **holes: Any) -> list[int]:
        """Return the OIDs of the types of a query's columns; raise SqlError."""
        try:
            return list(self.connection.execute(fill(sql, {"schema": self.schema, **holes})).coltypes())
        except self.connection.SPIError as error:
            raise _sql_error(error) from None

    def value(self, sql: str, **holes: Any) -> Any:
        """Run a statement and return the first column of its first row."""
        row: dict[str, Any] = self.execute(sql, **holes)[0]
        return next(iter(row.values()))

    def info(self, message: str) -> None:
        self.connection.info(message)

    def logger(self, function: str, wanted: bool | None) -> Callable[[str], None]:
        """Return a function that logs progress at INFO, if it is `wanted`, under the name of `function`."""
        return (lambda message: self.info(f"{function}: {message}")) if wanted else (lambda message: None)

    def notice(self, message: str) -> None:
        self.connection.notice(message)

    def warning(self, message: str) -> None:
        self.connection.warning(message)

    def progress(self, message: str) -> None:
        """Show other sessions, in the view `progress`, what this call is doing now."""
        self.set("application_name", f"madpy: {message}")

    @cached_property
    def session(self) -> Session:
        """Return the facts about the session; they are read once."""
        return Session.of(self.execute_kept(QUERY, **HOLES)[0])

    def now(self) -> str:
        """Return the time by the server's clock, as text of a timestamptz."""
        seconds = self.session.clock + time.monotonic() - self.session.read_at
        text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S.%f}"
        return f"{text.rstrip('0').rstrip('.')}+00"

    def begin(self) -> None:
        """Change the session's settings to those that madpy's statements need, until `finish`."""
        for name, wanted in SETTINGS.items():
            if self.session.settings[name].split(",")[0] != wanted:
                self.set(name, wanted)
        self._set_path()

    def _set_path(self) -> None:
        """Set the search_path so that statements use the server's own operators, functions and types."""
        session = self.session
        if session.hides is not None:
            raise MadpyError(
                f'the temporary table or type "{session.hides}" hides the server\'s own type of that name',
                sqlstate="42710",
                hint="drop or rename it",
            )
        if next(name for name in session.searched if not name.startswith("pg_temp_")) == "pg_catalog":
            return
        others = [name for name in session.listed if name != "pg_catalog"]
        names = ["pg_temp" if name.startswith("pg_temp_") else name for name in others]
        self.callers_path = session.settings["search_path"]
        self.set("search_path", ", ".join(map(identifier, names)))

    def keep_snapshot(
        self, relation: Relation, facts: str, asked: dict[str, str], *, is_locked: bool = False
    ) -> dict[str, Any]:
        """Take the snapshot of all later statements of the run, which see rows that the run writes as well.

        Unless it is locked already, the relation is locked first: this waits for a session that replaces its
        rows with TRUNCATE, and no other session can do so later.  Outside the server see `atomic`.

        Returns the only row of `facts`, a query about the relation that is run under the lock.  Its items$
        begin with the hole `take`; `asked` are its other holes.
        """
        if not self.inside or relation in self._locked:
            return self.execute_kept(facts, take="", **asked)[0]
        before, self._snapshot = self._snapshot, None
        if not is_locked:
            self._lock(relation)
        self._locked.add(relation)
        take = fill(
            "{free:q} {schema:i}.__snapshot_take() AS snapshot,",
            {"free": self._freeing(before), "schema": self.schema},
        )
        execute = self.execute_kept if before is None else self.execute
        row = execute(facts, take=take, **asked)[0]
        self._snapshot = row.pop("snapshot")
        return row

    def _lock(self, relation: Relation) -> None:
        """Lock a relation and all that it reads, such as the tables below a view, by planning a query of it.

        Where it fails for other reasons than the lock, the statement that reads the relation says why.
        """
        try:
            self.execute("EXPLAIN SELECT FROM {relation:i}", relation=relation)
        except SqlError as error:
            if error.sqlstate in NO_LOCK:
                raise

    @cached_property
    def _under_snapshot(self) -> Any:
        """Return the prepared statement that runs another one under the snapshot and returns its rows."""
        call = fill("SELECT {schema:i}.__snapshot_execute($1, $2, $3) AS kept", {"schema": self.schema})
        return self._plan(call, ["pg_catalog.int4", "pg_catalog.text", "pg_catalog.bytea[]"])

    def _freeing(self, number: int | None) -> str:
        """Return an item of SELECT, with its comma, that releases the snapshot; empty if there is none."""
        holes = {"schema": self.schema, "number": number}
        return "" if number is None else fill("{schema:i}.__snapshot_free({number:l}) AS freed,", holes)

    def temporary_table(self, name: str, query: str) -> Relation:
        """Write the rows of a query into a temporary table of this run; its name begins with `name`."""
        taken = self.execute(
            """
            SELECT relname::text AS name FROM pg_catalog.pg_class
            WHERE relnamespace = pg_catalog.pg_my_temp_schema() AND pg_catalog.starts_with(relname, {name:l})
            """,
            name=name,
        )
        free = free_name(name, {row["name"] for row in taken})
        self.execute("CREATE TEMPORARY TABLE {free:i} ON COMMIT DROP AS {query:q}", free=free, query=query)
        self._temporary.append(Relation("pg_temp", free))
        return self._temporary[-1]

    def finish(self) -> None:
        """Drop the tables of this run and restore settings; after an error the transaction's end does it."""
        for table in self._temporary:
            self.execute("DROP TABLE {table:i}", table=table)
        number, self._snapshot = self._snapshot, None
        restored = "".join(
            fill("pg_catalog.set_config({name:l}, {value:l}, true), ", {"name": name, "value": value})
            for name, value in self._before.items()
        )
        if number is not None or restored or self.session.is_guarded:
            self.execute(
                "SELECT {free:q} {restored:q} {schema:i}.__savepoints_guard(false)",
                free=self._freeing(number),
                restored=restored,
            )

    def set(self, name: str, value: str) -> None:
        """Change a setting for the rest of this run."""
        if name not in self._before:
            self._before[name] = self._setting(name)
        self.execute("SELECT pg_catalog.set_config({name:l}, {value:l}, true)", name=name, value=value)

    def _setting(self, name: str) -> str:
        value: str | None = self.session.settings.get(name)
        if value is None:
            value = self.value("SELECT pg_catalog.current_setting({name:l})", name=name)
        return value

    @contextlib.contextmanager
    def atomic(self, *, one_snapshot: bool = False) -> Iterator[None]:
        """Run a block as a whole or not at all: in the caller's transaction, outside the server in a new one.

        With `one_snapshot` statements outside the server see the same rows; inside, `keep_snapshot` does it.
        """
        with contextlib.nullcontext() if self.inside else self.connection.transaction(one_snapshot):
            yield


def session(schema: str = "madlib") -> Database:
    """Return the session's own connection: the server's `plpy` where there is one, else madpy's."""
    try:
        return Database(importlib.import_module("plpy"), schema)
    except ModuleNotFoundError:
        return Database(importlib.import_module("madpy.ports.postgres.plpy"), schema)


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


def _parameters(value: str | list[str | None] | None, values: list[str | None]) -> Parameter:
    """Append a text, or the texts of a list, to `values`; return SQL that has parameters in their place."""
    if isinstance(value, list):
        return Parameter(f"ARRAY[{', '.join(_parameters(one, values) for one in value)}]")
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


def _sql_error(error: Any) -> SqlError:
    """Convert the connection's exception.  That of the server has code, detail and hint in `spidata`."""
    code, detail, hint = (getattr(error, "spidata", None) or (0, None, None))[:3]
    sqlstate = getattr(error, "sqlstate", None) or _unpacked(code)
    message = str(error)
    if sqlstate == "23505" and any(index in message for index in CREATED_AT_ONCE):
        return SqlError(
            "another session created a table of the same name at the same time",
            sqlstate="42P07",
            hint="drop it or choose another name",
            detail=detail,
        )
    return SqlError(message, sqlstate=sqlstate, hint=hint, detail=detail)


def _unpacked(code: int) -> str:
    """Return the SQLSTATE that the server packs into an integer: five characters of six bits each."""
    return "".join(chr((code >> 6 * i & 0x3F) + ord("0")) for i in range(5)) if code else "XX000"
