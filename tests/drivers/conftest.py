"""Tables for the tests of every driver, and calls that have to fail."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.session import Failure, Session


@pytest.fixture(autouse=True)
def data(sql: Session) -> None:
    sql(
        """
        CREATE TABLE t AS
        SELECT i AS id, sin(i) AS a, cos(i * 1.7) AS b, i % 3 AS g, substr('uvw', i % 3 + 1, 1) AS c,
               sin(i) + cos(i * 3.1) AS y, cos(i * 5) > 0 AS yes, 5 AS five,
               CASE WHEN i = 7 THEN 'NaN' ELSE i::float8 END AS nan,
               CASE WHEN i = 7 THEN 'inf' ELSE i::float8 END AS inf
        FROM generate_series(1, 60) AS i;
        CREATE TABLE taken (i integer);
        CREATE TABLE empty AS SELECT * FROM t WHERE false;
        CREATE TABLE nulls AS TABLE t;
        UPDATE nulls SET a = NULL, b = NULL, y = NULL, yes = NULL
        """
    )


@pytest.fixture
def refused(sql: Session) -> Callable[..., Failure]:
    """The error of a call that has to fail, in the words of its function, and to leave nothing behind."""

    def call(query: str, name: str) -> Failure:
        before = relations(sql)
        error = sql.fails(query)
        assert relations(sql) == before
        assert error.message.startswith(f"{name}: "), error
        error.message = error.message.removeprefix(f"{name}: ")
        return error

    return call


def relations(sql: Session) -> list[tuple[Any, ...]]:
    """All relations there are, temporary ones too."""
    return sql("SELECT oid::regclass::text FROM pg_catalog.pg_class WHERE relkind <> 't' ORDER BY 1")
