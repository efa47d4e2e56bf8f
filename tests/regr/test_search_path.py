"""Operators of drivers are PostgreSQL's own: not what others have put into a schema of the search_path."""

import pytest

from tests.regr.call import call


def test_nothing_of_others_is_run(sql, loot):
    sql(
        "CREATE TABLE t AS SELECT i::float8 AS a, cos(i) AS y, ('g' || i % 2)::varchar AS g, i % 2 AS n,"
        " ('k' || i % 3)::varchar AS k FROM generate_series(1, 40) AS i"
    )
    assert sql.value("SELECT 1.5::float8 > 1") is True and loot() != []  # they would be
    sql("TRUNCATE public.loot")
    sql(call("a, k", heteroskedasticity_option=True, robust=True))
    sql(call("a, k", output="by_g", grouping_cols="g, n", heteroskedasticity_option=True, robust=True))
    for model in ("m", "by_g"):
        sql(f"SELECT * FROM madlib.regr_summary('{model}')")
        sql(f"SELECT madlib.regr_predict('{model}', 't', 'p_{model}')")
    sql("SELECT madlib.load_dataset('houses'), madlib.version()")
    sql("SET madpy.store_memory = 0")
    sql(call("a, k", output="streamed", grouping_cols="g", robust=True))
    assert loot() == []


def test_groups_are_joined_by_a_hash(sql):
    """10,000 groups of a type without an operator of its own, in the time of a scan."""
    sql("CREATE TABLE t AS SELECT i::float8 AS a, cos(i) AS y, (i % 10000)::text::varchar AS g"
        " FROM generate_series(1, 30000) AS i")  # fmt: skip
    sql(call("ARRAY[a]", grouping_cols="g"))
    sql("SET statement_timeout = '20s'")
    predicted = sql("SELECT num_rows, num_null_predictions FROM madlib.regr_predict('m', 't', 'p')")
    assert predicted == [(30000, 0)]


@pytest.mark.parametrize(
    ("first", "second"),
    [("int", "bigint"), ("int", "numeric"), ("smallint", "float8"), ("varchar", "text"), ("char(3)", "name")],
)
def test_groups_of_other_types(sql, first, second):
    """A model of one type is applied to a table of another that can be compared with it."""
    sql(f"CREATE TABLE t AS SELECT i::float8 AS a, cos(i) AS y, (i % 2)::text::{first} AS g"
        " FROM generate_series(1, 20) AS i")  # fmt: skip
    sql(call("a", grouping_cols="g"))
    sql(f"CREATE TABLE other AS SELECT a, g::text::{second} AS g FROM t")
    predicted = sql("SELECT num_null_predictions FROM madlib.regr_predict('m', 'other', 'p')")
    assert predicted == [(0,)]
    sql("CREATE TABLE wrong AS SELECT a, now() AS g FROM t")
    error = sql.fails("SELECT madlib.regr_predict('m', 'wrong', 'q')")
    assert error.sqlstate == "42804"
    assert error.message.startswith('regr_predict: grouping column "g" is of type timestamp with time zone')
