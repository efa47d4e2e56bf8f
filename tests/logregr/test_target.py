"""Targets as SQL whose values are 0 and 1."""

import pytest

from madpy.modules.logregr.target import check_target
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from tests.ports.conftest import db as db


@pytest.mark.parametrize(
    ("values", "third", "labels"),
    [
        ("1, 2", "3", ["1", "2"]),
        ("0.5, 1.5", "2", ["0.5", "1.5"]),
        ("0.1::real, 0.3::real", "0.2::real", ["0.1", "0.3"]),
        ("'no', 'yes'", "'perhaps'", ["no", "yes"]),
    ],
)
def test_a_value_that_comes_in_between_is_no_class(db: Database, sql, schema, values, third, labels):
    """Between the statement that finds the two values and the pass over the rows."""
    sql(f"CREATE TABLE t AS SELECT unnest(ARRAY[{values}]) AS y")
    target = check_target(Source(schema, "t", db), "y")
    sql(f"INSERT INTO t VALUES ({third}), (NULL)")
    codes = sql(f"SELECT {target.item} FROM t AS s ORDER BY y NULLS LAST")
    assert target.labels == labels
    assert sorted(codes, key=str) == [(0.0,), (1.0,), (None,), (None,)]
