"""`train` trains on it, `refuses` is a training that has to fail."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.regr.call import call
from tests.session import Failure, Session


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
        return sql.refuses(call(features, target, **options))

    return fit
