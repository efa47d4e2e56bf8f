"""`nb` is a call of nb_train, `refuses` one that has to fail."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.call import supervised
from tests.session import Failure, Session

call = partial(supervised, "nb_train")


@pytest.fixture
def nb(sql: Session) -> Callable[..., dict[str, Any]]:
    """nb("a, b"): the record of a training on table t, which makes table m."""

    def fit(features: str, target: str = "y", **options: Any) -> dict[str, Any]:
        (row,) = sql.rows(call(features, target, **options))
        return row

    return fit


@pytest.fixture
def refuses(sql: Session) -> Callable[..., Failure]:
    """The error of a training, after which the database has the relations it had before."""

    def fit(features: str | None, target: str | None = "y", **options: Any) -> Failure:
        return sql.refuses(call(features, target, **options))

    return fit
