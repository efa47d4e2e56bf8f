"""`load` makes table t of points, `train` clusters it into table m, `refuses` is a call that has to fail."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.kmeans.call import call
from tests.session import Failure, Session


@pytest.fixture
def load(sql: Session) -> Callable[..., np.ndarray]:
    """load(points): table t (pid bigint, x float8[], a, b, ... j float8); the points, every bit of them."""

    def make(points: Any, table: str = "t") -> np.ndarray:
        points = np.asarray(points, float)
        names = [chr(ord("a") + j) for j in range(min(points.shape[1], 10))]
        columns = "".join(f", {name} float8" for name in names)
        sql(f"CREATE TABLE {table} (pid bigint, x float8[]{columns})")
        rows = [
            (i, "{" + ",".join(map(repr, row)) + "}", *row[: len(names)])
            for i, row in enumerate(points.tolist())
        ]
        sql.connection.inserttable(table, rows)
        return points

    return make


@pytest.fixture
def train(sql: Session) -> Callable[..., dict[str, Any]]:
    """train(k, "a, b"): the record that the call returned; the clusters are in table m."""

    def fit(k: int | None, features: str = "x", **options: Any) -> dict[str, Any]:
        (row,) = sql.rows(call("kmeans_train", features=features, k=k, **options))
        return row

    return fit


@pytest.fixture
def refuses(sql: Session) -> Callable[..., Failure]:
    """The error of a training, after which the database has the relations it had before."""

    def fit(**options: Any) -> Failure:
        return sql.refuses(call("kmeans_train", **options))

    return fit


@pytest.fixture
def centroids(sql: Session) -> Callable[..., np.ndarray]:
    """The centroids of a model without groups, (k, d)."""
    return lambda table="m": np.array(
        [row[0] for row in sql(f"SELECT centroid FROM {table} ORDER BY cluster_id")], float
    )
