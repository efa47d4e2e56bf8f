"""`load` makes a table of Python values that keeps every bit of them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.regr.conftest import copied, type_of
from tests.session import Failure, Session


@pytest.fixture
def load(sql: Session) -> Callable[..., None]:
    """load(x=[...], g=[...], table="t"): None is NULL."""

    def make(table: str = "t", **columns: list[Any]) -> None:
        defined = ", ".join(f'"{name}" {type_of(values)}' for name, values in columns.items())
        sql(f'CREATE TABLE "{table}" ({defined})')
        sql.connection.inserttable(table, list(zip(*map(copied, columns.values()), strict=True)))

    return make


@pytest.fixture
def refuses(sql: Session) -> Callable[[str], Failure]:
    """The error of a call, after which the database has the relations it had before."""

    def fail(call: str) -> Failure:
        before = sql("SELECT oid FROM pg_class ORDER BY oid")
        error = sql.fails(f"SELECT madlib.{call}")
        assert sql("SELECT oid FROM pg_class ORDER BY oid") == before
        return error

    return fail
