"""A real database for tests: `sql` in a fresh `schema` of a fresh `database` of the private cluster."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pg
import pytest

from madpy.dev.server import Address, start
from madpy.dev.state import here
from tests.session import Session

# Set before scikit-learn is imported, which asks /sys for the cores otherwise, and warns where there is none.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# As the worker has it: scikit-learn takes arrays of other modules than numpy only then.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

NUMBERS = count(1)
TYPES = {bool: "boolean", int: "integer", float: "double precision", str: "text", list: "double precision[]"}
OPERANDS = ["float8", "int", "bigint", "varchar", "text", "name", "oid", "bytea"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the cluster, so that `make check` can leave it out."""
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def server() -> Address:
    """The private cluster of this checkout, with the library as it is now; it goes on running."""
    return start(here())


@pytest.fixture(scope="session")
def database(server: Address) -> Iterator[Address]:
    """A database of this run with the extension in it."""
    address = Address(server.host, server.port, server.user, f"madpy_test_{os.getpid()}")
    with closing(server.connect("postgres")) as maintenance:
        drop_leftovers(maintenance)
        maintenance.query(f"CREATE DATABASE {address.database}")
        try:
            with closing(address.connect()) as connection:
                connection.set_notice_receiver(lambda notice: None)
                connection.query("CREATE EXTENSION madpy CASCADE")
            yield address
        finally:
            maintenance.query(f"DROP DATABASE {address.database} WITH (FORCE)")


def drop_leftovers(maintenance: pg.Connection) -> None:
    """Drop the databases of runs that were killed: named for a process that is gone."""
    for (name,) in maintenance.query("SELECT datname FROM pg_database").getresult():
        run = re.match(r"madpy_[a-z]+_(\d+)", name)
        if run and not Path("/proc", run[1]).exists():
            maintenance.query(f"DROP DATABASE {name} WITH (FORCE)")


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


@pytest.fixture
def loot(sql: Session) -> Iterator[Callable[[], list[tuple[str]]]]:
    """Operators in public that beat PostgreSQL's own, and keep who ran them: the rows of loot()."""
    sql("CREATE TABLE public.loot (who text)")
    pairs = [(left, right) for left in OPERANDS for right in OPERANDS]
    pairs += [("tid", "tid"), ("numeric", "int"), ("date", "date")]
    for left, right in pairs:
        sql(
            f"CREATE FUNCTION public.evil({left}, {right}) RETURNS boolean LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO public.loot VALUES (current_query()); RETURN true; END $$"
        )
        for operator in ("=", "<>", ">", "<"):
            operands = f"leftarg = {left}, rightarg = {right}"
            sql(f"CREATE OPERATOR public.{operator} ({operands}, function = public.evil)")
    yield lambda: sql("SELECT DISTINCT who FROM public.loot")
    sql("DROP TABLE public.loot")
    for left, right in pairs:
        sql(f"DROP FUNCTION public.evil({left}, {right}) CASCADE")


@pytest.fixture
def load(sql: Session) -> Callable[..., None]:
    """load(y=[...], x=[...], table="t"): the columns keep every bit of their values; None is NULL."""

    def make(table: str = "t", **columns: list[Any]) -> None:
        defined = ", ".join(f'"{name}" {type_of(values)}' for name, values in columns.items())
        sql(f'CREATE TABLE "{table}" ({defined})')
        sql.connection.inserttable(table, list(zip(*map(copied, columns.values()), strict=True)))

    return make


def type_of(values: list[Any]) -> str:
    return TYPES[next(type(value) for value in values if value is not None)]


def copied(values: list[Any]) -> list[Any]:
    """As COPY reads them: arrays as text."""
    return ["{" + ",".join(map(repr, v)) + "}" if isinstance(v, list) else v for v in values]
