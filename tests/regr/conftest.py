"""`load` makes a table of Python values, `train` trains on it, `refuses` is a training that has to fail."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.regr.call import call
from tests.session import Failure, Session

TYPES = {bool: "boolean", int: "integer", float: "double precision", str: "text", list: "double precision[]"}


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


@pytest.fixture
def train(sql: Session) -> Callable[..., dict[str, Any]]:
    """train("a, b"): the one row of a model of y on them in table t, created as table m.

    `sql.notices` are those of the training.
    """

    def fit(
        features: str, target: str = "y", source: str = "t", output: str = "m", **options: Any
    ) -> dict[str, Any]:
        sql(call(features, target, source, output, **options))
        (row,) = sql.connection.query(f"TABLE {output}").dictresult()
        return row

    return fit


@pytest.fixture
def refuses(sql: Session) -> Callable[..., Failure]:
    """The error of a training, after which the database has the relations it had before."""

    def fit(features: str | None, target: str | None = "y", **options: Any) -> Failure:
        before = sql("SELECT oid FROM pg_class ORDER BY oid")
        error = sql.fails(call(features, target, **options))
        assert sql("SELECT oid FROM pg_class ORDER BY oid") == before
        return error

    return fit
