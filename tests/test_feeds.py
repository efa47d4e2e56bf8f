"""The store and streaming give the same model, for every method that the benchmarks know."""

import json
import math
from typing import Any

import pytest

from benchmarks.growth import METHODS, ROBUST, call_of, create_shape
from tests.methods import Growth
from tests.session import Session

FEATURES = 4
INEXACT = {"logregr_train", "glm_train"}  # sums depend on the order of the rows


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("method", [*METHODS, ROBUST], ids=lambda method: method.name)
def test_models_are_the_same(sql: Session, method: Growth, grouped: bool) -> None:
    """One pass is taken from the store where there are 3,000 groups."""
    create_shape(sql.connection, 7000, FEATURES, 20 if method.passes else 3500)
    call = call_of(method, FEATURES, grouped)
    sql(f"SET madpy.store_memory = '64MB'; {call}")
    stored = model(sql)
    sql(f"SET madpy.store_memory = 0; {call}")
    streamed = model(sql)
    assert len(stored) > 1
    assert close(stored, streamed) if method.name in INEXACT else stored == streamed


def model(sql: Session) -> list[Any]:
    """The tables of a model, without when it was made; it is dropped."""
    rows = sql(
        """
        SELECT to_jsonb(m)::text AS line FROM model AS m
        UNION ALL SELECT (to_jsonb(s) - ARRAY['duration', 'trained_at'])::text FROM model_summary AS s
        ORDER BY line
        """
    )
    sql("DROP TABLE model, model_summary")
    return [json.loads(row) for (row,) in rows]


def close(one: Any, other: Any) -> bool:
    """Equal, numbers to 11 digits."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    return math.isclose(one, other, rel_tol=1e-11) if isinstance(one, float) else one == other
