"""`load` makes a table of Python values, `train` trains on it, `refuses` is a training that has to fail."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.regr.call import literal
from tests.regr.conftest import load as load
from tests.session import Failure, Session


def call(
    features: str | None, target: str | None = "y", source: str = "t", output: str = "m", **options: Any
) -> str:
    """SQL of a call of logregr_train."""
    given = {"source_table": source, "output_table": output, "target": target, "features": features} | options
    arguments = ", ".join(f"{name} => {literal(value)}" for name, value in given.items())
    return f"SELECT * FROM madlib.logregr_train({arguments})"


@pytest.fixture
def train(sql: Session) -> Callable[..., list[dict[str, Any]]]:
    """train("a, b"): the rows of a model of y on them in table t, created as table m."""

    def fit(features: str, order: str = "1", output: str = "m", **options: Any) -> list[dict[str, Any]]:
        sql(call(features, output=output, **options))
        warnings = list(sql.notices)
        rows = sql.rows(f"SELECT * FROM {output} ORDER BY {order}")
        sql.notices[:] = warnings
        return rows

    return fit


@pytest.fixture
def refuses(sql: Session) -> Callable[..., Failure]:
    """The error of a training, after which the database has the relations it had before."""

    def fit(features: str | None, **options: Any) -> Failure:
        before = sql("SELECT oid FROM pg_class ORDER BY oid")
        error = sql.fails(call(features, **options))
        assert sql("SELECT oid FROM pg_class ORDER BY oid") == before
        return error

    return fit
