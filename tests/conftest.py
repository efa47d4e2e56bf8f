"""A real database for tests: `sql` in a fresh `schema` of a fresh `database` of the private cluster."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from typing import Any

import pg
import pytest

from madpy import server as cluster
from madpy.server import Address
from madpy.state import here

NUMBERS = count(1)
FIELDS = re.compile(r"^(ERROR|FATAL|DETAIL|HINT|CONTEXT|QUERY|LINE \d+|STATEMENT): +", re.MULTILINE)


class Failure:
    """What PostgreSQL said: sqlstate, message, detail, hint and context; None for what it did not say."""

    def __init__(self, error: pg.DatabaseError) -> None:
        parts = FIELDS.split(str(error))
        fields = {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}
        self.sqlstate = error.sqlstate
        self.message = fields.get("ERROR", fields.get("FATAL", str(error)))
        self.detail = fields.get("DETAIL")
        self.hint = fields.get("HINT")
        self.context = fields.get("CONTEXT")

    def __repr__(self) -> str:
        return f"{self.sqlstate}: {self.message!r}, detail {self.detail!r}, hint {self.hint!r}"


class Session:
    """One connection, each statement its own transaction unless the test says BEGIN."""

    def __init__(self, connection: pg.Connection) -> None:
        self.connection = connection
        self.notices: list[Any] = []  # what came since the last statement: .severity, .message, .hint
        connection.set_notice_receiver(lambda notice: self.notices.append(notice))

    def __call__(self, query: str) -> list[tuple[Any, ...]]:
        """The rows; for a statement that has none, an empty list."""
        self.notices.clear()
        result = self.connection.query(query)
        return result.getresult() if isinstance(result, pg.Query) else []

    def value(self, query: str) -> Any:
        """The first column of the first row."""
        return self(query)[0][0]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows by column name."""
        self.notices.clear()
        return self.connection.query(query).dictresult()

    def fails(self, query: str) -> Failure:
        """The error of a statement that has to fail."""
        try:
            result = self(query)
        except pg.DatabaseError as error:
            return Failure(error)
        raise AssertionError(f"did not fail, returned {result!r}: {query}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the cluster, so that `make check` can leave it out."""
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def server() -> Address:
    """The private cluster of this checkout, with the library as it is now; it goes on running."""
    return cluster.start(here())


@pytest.fixture(scope="session")
def database(server: Address) -> Iterator[Address]:
    """A database of this run with the extension in it."""
    address = Address(server.host, server.port, server.user, f"madpy_test_{os.getpid()}")
    with closing(server.connect("postgres")) as maintenance:
        maintenance.query(f"CREATE DATABASE {address.database}")
        try:
            with closing(address.connect()) as connection:
                connection.set_notice_receiver(lambda notice: None)
                connection.query("CREATE EXTENSION madpy CASCADE")
            yield address
        finally:
            maintenance.query(f"DROP DATABASE {address.database} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_session(database: Address) -> Iterator[list[Session]]:
    """One session for all, because the first call in a session imports numpy; a test may lose it."""
    holder: list[Session] = []
    yield holder
    for session in holder:
        session.connection.close()


@pytest.fixture
def connect(database: Address) -> Iterator[Callable[..., Session]]:
    """Makes further sessions: connect(), connect(user="somebody")."""
    sessions: list[Session] = []

    def open_session(user: str | None = None) -> Session:
        sessions.append(Session(database.connect(user=user)))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.connection.close()


@pytest.fixture
def schema() -> str:
    """The name of the fresh schema that `sql` is in."""
    return f"test_{next(NUMBERS)}"


@pytest.fixture
def sql(database: Address, shared_session: list[Session], schema: str) -> Iterator[Session]:
    """A session whose search_path is the fresh schema and public: the library is called by its schema."""
    if not shared_session or shared_session[0].connection.status != 1:
        shared_session[:] = [Session(database.connect())]
    session = shared_session[0]
    session(f"CREATE SCHEMA {schema}")
    session(f"SET search_path = {schema}, public")
    yield session
    if session.connection.status == 1:
        session("ROLLBACK")
        session("DISCARD ALL")
        session(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@pytest.fixture
def role(sql: Session, schema: str) -> Iterator[str]:
    """A fresh role without rights that may log in; what it owns goes with it."""
    name = f"madpy_{os.getpid()}_{schema}"
    sql(f"CREATE ROLE {name} LOGIN")
    yield name
    sql("ROLLBACK")
    sql("RESET SESSION AUTHORIZATION")
    sql("RESET ROLE")
    sql(f"DROP OWNED BY {name} CASCADE")
    sql(f"DROP ROLE {name}")
