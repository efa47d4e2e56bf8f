"""Any name works, in every place that takes one; and what a caller has in his search_path changes nothing."""

import pytest

from tests.call import literal
from tests.kmeans.call import call

NAMES = [
    "Capital",
    "with space",
    'quo"ted',
    "apo'strophe",
    "back\\slash",
    "per%cent {x:i} $1",
    "select",
    "größe",
]
POINTS = """
    SELECT i AS n, (i % 3) * 10 + sin(i) AS a, i % 2 AS g, 'level ' || i % 2 AS word
    FROM generate_series(1, 60) AS i
"""


def written(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_names(sql, schema, name, memory):
    """Any name works for a schema, table, features, grouping column, output and table of centroids."""
    quoted, another = written(name), written(name + " 2")
    sql(f"SET madpy.store_memory = '{memory}'; CREATE TABLE t AS {POINTS}")
    sql(call(features="a, word", k=3, grouping_cols="g"))
    sql(f"CREATE SCHEMA {quoted}")
    try:
        sql(f"CREATE TABLE {quoted}.{quoted} AS SELECT n, a, g AS {quoted}, word AS {another} FROM t")
        options = {"source_table": f"{quoted}.{quoted}", "features": f"a, {another}", "k": 3}
        output = f"{quoted}.{written(name[:40] + ' m')}"
        (row,) = sql.rows(call(output_table=output, grouping_cols=quoted, **options))
        assert row["output_table"] == sql.value(
            f"SELECT format('%I.%I', {literal(name)}, {literal(name[:40] + ' m')})"
        )
        assert sql(f"SELECT * FROM {output} ORDER BY 1, 2") == sql("SELECT * FROM m ORDER BY 1, 2")
        sql(f"SELECT madlib.kmeans_predict({literal(output)}, {literal(options['source_table'])}, 'p')")
        assert sql.value("SELECT count(cluster_id) FROM p") == 60
        sql(call(output_table="again", init=output, grouping_cols=quoted, **options))
        assert sql("SELECT * FROM again ORDER BY 1, 2") == sql("SELECT * FROM m ORDER BY 1, 2")
        sql("CREATE VIEW v AS SELECT n AS pid, ARRAY[a] AS coords FROM t")
        made = f"madlib.kmeans_run('v', 2, 1, {literal(name)}, {literal(quoted)})"
        (run,) = sql.rows(f"SELECT * FROM {made}")
        assert (run["output_schema"], sql.value(f"SELECT count(cid) FROM {run['point_table']}")) == (name, 60)
    finally:
        sql(f"DROP SCHEMA {quoted} CASCADE")


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_a_hostile_search_path(sql, schema, memory):
    sql(f"SET madpy.store_memory = '{memory}'; CREATE TABLE t AS {POINTS}")
    sql(call(features="a", k=3, grouping_cols="g"))
    sql(
        """
        CREATE FUNCTION count(double precision) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
        CREATE FUNCTION closest_column(float8[], float8[], text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION unnest(float8[]) RETURNS SETOF float8 LANGUAGE sql AS 'SELECT 0.0::float8';
        CREATE TYPE float8 AS (a int); CREATE TABLE pg_class (relname text)
        """
    )
    sql(f"SET search_path = {schema}, pg_catalog")
    sql(call(features="a", k=3, grouping_cols="g", output_table="n"))
    assert sql("SELECT * FROM n ORDER BY 1, 2") == sql("SELECT * FROM m ORDER BY 1, 2")
    assert sql("SELECT * FROM madlib.kmeans_predict('n', 't', 'p')")[0][1:] == (60, 0)


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_operators_of_somebody_else(sql, loot, memory):
    """None of them is run, in either feed, with groups, levels, given centroids and predictions."""
    sql(f"SET madpy.store_memory = '{memory}'; CREATE TABLE t AS {POINTS}")
    sql(
        """
        CREATE TABLE c AS SELECT cluster_id, ARRAY[cluster_id * 10.0 + 1, 5]::float8[] AS centroid
        FROM generate_series(0, 2) AS cluster_id;
        CREATE VIEW v AS SELECT n AS pid, ARRAY[a] AS coords FROM t
        """
    )
    sql(call(features="a, word", k=3, grouping_cols="g, word", init="kmeans||"))
    sql(call(features="a, n", k=None, init="c", distance="cosine", output_table="n"))
    sql(call(features="ARRAY[a]", k=3, grouping_cols="g", distance="manhattan", output_table="o"))
    sql(call(features="ARRAY[a]", k=3, grouping_cols="g", init="o", output_table="p"))
    for model, features in (("m", "NULL"), ("n", "NULL"), ("o", "'a'")):
        sql(f"SELECT madlib.kmeans_predict('{model}', 't', 'p_{model}', {features})")
    sql("SELECT madlib.kmeans_run('v', 3)")
    assert loot() == []
