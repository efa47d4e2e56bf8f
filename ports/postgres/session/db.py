"""The session's connection: the server's own `plpy`, or `madpy.ports.postgres.plpy`, which is like it."""

import contextlib
import importlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.ports.postgres.session.facts import HOLES, QUERY, SETTINGS, Session
from madpy.ports.postgres.session.sql import (
    HOLE,
    Parameter,
    Relation,
    fill,
    free_name,
    identifier,
    parameters,
)

CANCELED = "57014"
NO_LOCK = (CANCELED, "55P03", "40P01")  # a wait for a lock that did not get it
CREATED_AT_ONCE = ("pg_class_relname_nsp_index", "pg_type_typname_nsp_index")

_plans: dict[str, Any] = {}  # plans of this session, by their SQL


class Database:
    """The connection of a session, and the schema in which the library is installed."""

    def __init__(self, connection: Any, schema: str = "madlib"):
        self.connection = connection
        self.schema = schema
        self.facts: dict[str, Any] = {}  # facts that are looked up once in a run
        self.is_executing = False  # a statement runs, which may be a call of another function in Python
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
                rows = self._run(self._under_snapshot, [self._snapshot, text, values])
                return [row["kept"] for row in rows]
            if not beside:
                return list(self._run(text))
            return list(self._run(self.connection.prepare(text, ["bytea"] * len(beside)), values))
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
            places[name] = parameters(holes[name], values)
        text = fill(sql, {"schema": self.schema, **holes, **places})
        try:
            plan = self._plan(text, ["pg_catalog.text"] * len(values))
            return list(self._run(plan, values))
        except self.connection.SPIError as error:
            raise _sql_error(error) from None

    def _run(self, statement: Any, *values: Any) -> Any:
        """Run a statement or a plan; `is_executing` is set meanwhile."""
        self.is_executing = True
        try:
            return self.connection.execute(statement, *values)
        finally:
            self.is_executing = False

    def _plan(self, text: str, types: list[str]) -> Any:
        """Return the plan that the session keeps of a statement; planning takes longer than a look-up."""
        if text not in _plans:
            _plans[text] = self.connection.prepare(text, types)
        return _plans[text]

    def column_types(self, sql: str, **holes: Any) -> list[int]:
        """Return the OIDs of the types of a query's columns; raise SqlError."""
        try:
            return list(self._run(fill(sql, {"schema": self.schema, **holes})).coltypes())
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

    def warning(self, message: str, hint: str | None = None) -> None:
        self.connection.warning(message, **({} if hint is None else {"hint": hint}))

    @property
    def search_path(self) -> str:
        """Return the search_path that statements of this run have."""
        return str(self.value("SELECT pg_catalog.current_setting('search_path')"))

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
        return self.drop_at_end(Relation("pg_temp", free))

    def drop_at_end(self, table: Relation) -> Relation:
        """Have a table, which this run has made, dropped as the run ends; return it."""
        self._temporary.append(table)
        return table

    def drop_temporary(self, table: Relation) -> None:
        """Drop such a table before the run ends."""
        self._temporary.remove(table)
        self.execute("DROP TABLE {table:i}", table=table)

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
