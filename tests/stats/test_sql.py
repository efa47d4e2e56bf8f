"""The drivers as SQL: positional arguments of MADlib, strange names, other search paths, and no JIT."""

import pytest


def test_madlibs_positions(sql):
    sql("SELECT madlib.load_dataset('iris')")
    sql("SELECT madlib.correlation('iris', 'c', 'sepal_length, petal_length', true, 'target_name')")
    assert any("sepal_length, petal_length" in notice.message for notice in sql.notices)
    sql("SELECT madlib.covariance('iris', 'v', NULL, false)")
    sql("SELECT * FROM madlib.summary('iris', 's', 'sepal_length', 'target_name', true, true,"
        " ARRAY[0.1, 0.9], 3, false)")  # fmt: skip
    assert sql("SELECT group_by_value, quantile_array, mfv_frequencies FROM s ORDER BY 1")[0] == (
        "setosa",
        [4.59, 5.41],
        [8, 8, 5],
    )


def test_null_is_the_default(sql):
    sql("CREATE TABLE t AS SELECT i % 20 AS x FROM generate_series(1, 60) AS i")
    sql("SELECT madlib.summary('t', 'o'),"
        " madlib.summary('t', 'p', NULL, NULL, NULL, NULL, NULL, NULL, NULL)")  # fmt: skip
    assert sql("TABLE o") == sql("TABLE p")
    assert sql.value("SELECT cardinality(most_frequent_values) FROM p") == 10
    sql("SELECT madlib.correlation('t', 'c', NULL, NULL, NULL)")


@pytest.mark.parametrize("driver", ["correlation", "covariance", "summary"])
def test_names_of_every_kind(sql, driver):
    sql('CREATE TABLE "T ""t""" AS SELECT i AS "summary column 1", i * i AS "a"") --", i % 2 AS "state",'
        " 'x' AS \"it's\" FROM generate_series(1, 9) AS i")  # fmt: skip
    table, output = '\'"T ""t"""\'', "'\"O o\"'"
    sql(f"SELECT madlib.{driver}({table}, {output}, grouping_cols => 'state')")
    assert sql.value('SELECT count(*) FROM "O o"') == (4 if driver != "summary" else 6)


@pytest.mark.parametrize("driver", ["correlation", "covariance", "summary"])
@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_views_and_a_hostile_search_path(sql, schema, driver, kind):
    sql(f"CREATE {kind} v AS SELECT i AS x, sin(i) AS y FROM generate_series(1, 9) AS i")
    sql("CREATE FUNCTION count(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT 0 / 0'")
    sql("CREATE FUNCTION unnest(text[]) RETURNS SETOF text LANGUAGE sql AS 'SELECT 1 / 0'")
    sql(f"SET search_path = {schema}, pg_catalog")
    sql(f"SELECT madlib.{driver}('v', 'o')")
    assert sql.value("SELECT pg_catalog.count(*) FROM o") == 2


def test_the_tables_need_nothing_of_the_library(sql):
    sql("CREATE TABLE t AS SELECT i AS x, i % 3 AS g FROM generate_series(1, 9) AS i")
    sql("SELECT madlib.correlation('t', 'c'), madlib.summary('t', 's')")
    assert (
        sql(
            "SELECT attname FROM pg_attribute JOIN pg_type AS t ON t.oid = atttypid"
            " WHERE attrelid IN ('c'::regclass, 's'::regclass, 'c_summary'::regclass, 's_summary'::regclass)"
            " AND typnamespace <> 'pg_catalog'::regnamespace"
        )
        == []
    )


def test_no_jit(sql):
    sql("SET jit = on; SET jit_above_cost = 0")
    sql("CREATE VIEW seen AS SELECT i AS x, current_setting('jit') AS jit FROM generate_series(1, 9) AS i")
    sql("SELECT madlib.summary('seen', 'o')")
    assert sql.value("SELECT most_frequent_values FROM o WHERE target_column = 'jit'") == ["off"]


def test_rollback_leaves_nothing(sql):
    sql("CREATE TABLE t AS SELECT 1 AS x, 2 AS y")
    sql("BEGIN")
    sql("SELECT madlib.summary('t', 'o')")
    sql("ROLLBACK")
    assert sql("SELECT FROM pg_class WHERE relname IN ('o', 'o_summary')") == []
