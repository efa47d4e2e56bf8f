"""Operators of drivers are PostgreSQL's own: not what others have put into a schema of the search_path."""

import pytest

from tests.logregr.conftest import call

TARGETS = {
    "boolean": "y",
    "0 and 1": "y::int",
    "numbers": "1.5::float8 * y::int",
    "text": "CASE WHEN y THEN 'yes' ELSE 'no' END::varchar",
    "dates": "date '2020-01-01' + y::int",
}


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_nothing_of_others_is_run(sql, loot, target, memory):
    sql(
        "CREATE TABLE t AS SELECT i::float8 AS a, sin(i * i) > 0::float8 AS y, ('g' || i % 2)::varchar AS g,"
        " i % 2 AS n, ('k' || i % 3)::varchar AS k FROM generate_series(1, 60) AS i"
    )
    sql(f"CREATE TABLE s AS SELECT a, g, n, k, {target} AS y FROM t; SET madpy.store_memory = {memory}")
    assert sql.value("SELECT 1.5::float8 > 1") is True and loot() != []  # they would be
    sql("TRUNCATE public.loot")
    sql(call("a, k", source="s"))
    sql(call("a, k", source="s", output="by_g", grouping_cols="g, n"))
    for model in ("m", "by_g"):
        sql(f"SELECT * FROM madlib.logregr_summary('{model}')")
        sql(f"SELECT madlib.logregr_predict('{model}', 's', 'p_{model}')")
    assert loot() == []
