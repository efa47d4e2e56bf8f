"""`train` trains on it, `refuses` is a training that has to fail."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.call import supervised
from tests.session import Failure, Session

call = partial(supervised, "logregr_train")


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
        return sql.refuses(call(features, **options))

    return fit
