"""`tree` is a call of dtree_train, `refuses` one that has to fail."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.call import supervised
from tests.session import Failure, Session

call = partial(supervised, "dtree_train")


@pytest.fixture
def tree(sql: Session) -> Callable[..., dict[int, dict[str, Any]]]:
    """tree("a, b"): the nodes, by number, of a tree for y in table t, which makes table m."""

    def fit(features: str, target: str = "y", **options: Any) -> dict[int, dict[str, Any]]:
        sql(call(features, target, **options))
        return {row["node"]: row for row in sql.rows(f"TABLE {options.get('output', 'm')}")}

    return fit


@pytest.fixture
def refuses(sql: Session) -> Callable[..., Failure]:
    """The error of a training, after which the database has the relations it had before."""

    def fit(features: str | None, target: str | None = "y", **options: Any) -> Failure:
        return sql.refuses(call(features, target, **options))

    return fit
