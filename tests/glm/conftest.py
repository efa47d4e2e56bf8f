"""`train` trains on table t, `refuses` is a training that has to fail."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.call import supervised
from tests.session import Failure, Session

call = partial(supervised, "glm_train")


@pytest.fixture
def train(sql: Session) -> Callable[..., list[dict[str, Any]]]:
    """train("a, b", "poisson"): the rows of a model of y on them in table t, created as table m."""

    def fit(
        features: str, family: str, order: str = "1", output: str = "m", **options: Any
    ) -> list[dict[str, Any]]:
        sql(call(features, family=family, output=output, **options).replace("offset =>", '"offset" =>'))
        warnings = list(sql.notices)
        rows = sql.rows(f"SELECT * FROM {output} ORDER BY {order}")
        sql.notices[:] = warnings
        return rows

    return fit


@pytest.fixture
def refuses(sql: Session) -> Callable[..., Failure]:
    """The error of a training, after which the database has the relations it had before."""

    def fit(features: str | None, family: str | None, **options: Any) -> Failure:
        return sql.refuses(call(features, family=family, **options).replace("offset =>", '"offset" =>'))

    return fit


@pytest.fixture
def load_arrays(load: Callable[..., None]) -> Callable[..., str]:
    """load_arrays(y, X): table t with y and x1, x2, ...; returns the list of the features."""

    def fill(y: Any, X: Any, **more: Any) -> str:
        columns = {f"x{n}": column for n, column in enumerate(np.asarray(X, float).T, 1)}
        load(
            **{name: np.asarray(value, float).tolist() for name, value in ({"y": y} | columns | more).items()}
        )
        return ", ".join(columns)

    return fill
