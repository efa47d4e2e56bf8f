"""Targets as SQL whose values are 0 and 1, those of the rows that are used."""

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
    target = check_target(Source(schema, "t", db), "y", "ARRAY[1]")
    sql(f"INSERT INTO t VALUES ({third}), (NULL)")
    codes = sql(f"SELECT {target.item} FROM t AS s ORDER BY y NULLS LAST")
    assert target.labels == labels
    assert sorted(codes, key=str) == [(0.0,), (1.0,), (None,), (None,)]


@pytest.mark.parametrize("memory", [0, 1000])
@pytest.mark.parametrize("groups", [None, "g"])
@pytest.mark.parametrize("features", ["x", "c", "x, c", "x + 1", "ARRAY[1, x]", "v"])
@pytest.mark.parametrize("labels", [("yes", "no", "z"), (0, 1, 2), (0.5, 1.5, "NaN"), (3, 4, 3.5)])
def test_a_class_of_rows_that_lack_a_feature_is_none(sql, train, labels, features, groups, memory):
    """The model is that of the other rows; late rows come after those that the target is guessed from."""
    sql(f"SET madpy.store_memory = {memory}")
    low, high, third = (f"'{label}'" for label in labels)
    sql_type = "text" if isinstance(labels[0], str) else "float8"
    sql(
        "CREATE TABLE t AS SELECT i, sin(i) AS x, 'c' || i % 3 AS c, ARRAY[1, sin(i)] AS v, i % 2 AS g,"
        f" (CASE WHEN sin(i * i) > 0 THEN {low} ELSE {high} END)::{sql_type} AS y"
        " FROM generate_series(1, 1200) AS i"
    )
    models = train(features, grouping_cols=groups, order=groups or "1")
    for vector in ("NULL", "ARRAY[1, NULL]"):
        sql(f"INSERT INTO t VALUES (0, NULL, NULL, {vector}, 1, {third})")
    more = train(features, grouping_cols=groups, order=groups or "1", output="n")
    for one, other in zip(models, more, strict=True):
        assert one["coef"] == pytest.approx(other["coef"], rel=1e-10)
        assert one["num_rows_processed"] == other["num_rows_processed"]
    assert sum(model["num_missing_rows_skipped"] for model in more) == 2
    assert sql("SELECT classes FROM m_summary") == sql("SELECT classes FROM n_summary")


def test_no_row_that_is_used_has_a_class(sql, refuses):
    """The error has the reason, which is not the target."""
    sql("CREATE TABLE t AS SELECT NULL::int AS x, 'c' || i % 2 AS y FROM generate_series(1, 9) AS i")
    error = refuses("x")
    assert error.message == 'logregr_train: none of the 9 rows of table "t" can be used'
    assert error.detail == '"x" is NULL in all of them.'
    sql("INSERT INTO t VALUES (1, 'c0'), (2, 'c0'), (3, 'c0')")
    assert refuses("x").message == "logregr_train: the target has one class only: c0"
    sql("INSERT INTO t VALUES (1, 'c1'), (2, 'c2')")
    assert refuses("x").message == "logregr_train: the target has more than 2 distinct values"
