"""`refuses` is a call of boost_train that has to fail."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.call import supervised
from tests.session import Failure, Session

call = partial(supervised, "boost_train")


@pytest.fixture
def refuses(sql: Session) -> Callable[..., Failure]:
    """The error of a training, after which the database has the relations it had before."""

    def fit(features: str | None, target: str | None = "y", **options: Any) -> Failure:
        return sql.refuses(call(features, target, **options))

    return fit


@pytest.fixture
def load_matrix(load: Callable[..., None]) -> Callable[..., str]:
    """load_matrix(X, y): table t of id, y and x0, x1, ...; returns the list of features."""

    def fill(X: Any, y: Any, table: str = "t", **more: Any) -> str:
        columns = {f"x{i}": column.tolist() for i, column in enumerate(np.asarray(X, float).T)}
        load(table, id=list(range(len(y))), y=np.asarray(y).tolist(), **columns, **more)
        return ", ".join(columns)

    return fill


def probabilities(sql: Session, features: str, table: str = "t", model: str = "m") -> Any:
    """The probabilities of all classes for each row, in the order of id."""
    rows = sql(
        f"""
        SELECT (SELECT array_agg(p.probability)
                FROM madlib.boost_predict_prob(s.model, ARRAY[{features}]) AS p)
        FROM {table}, {model}_summary AS s ORDER BY id
        """
    )
    return np.array([row[0] for row in rows], float)


def numbers(sql: Session, features: str, table: str = "t", model: str = "m") -> Any:
    """The predictions of a regression for each row, in the order of id."""
    rows = sql(
        f"SELECT madlib.boost_predict_number(s.model, ARRAY[{features}])"
        f" FROM {table}, {model}_summary AS s ORDER BY id"
    )
    return np.array([row[0] for row in rows], float)
