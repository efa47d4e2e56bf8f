"""A model for each group: the one that the group would have alone."""

import pytest

from tests.kmeans.call import call


def test_groups(sql, train):
    """Each group, NULL among them, has the model it would have alone; from both feeds."""
    sql(
        """
        CREATE TABLE t AS SELECT i, nullif(i % 3, 2) AS "Group", ARRAY[sin(i) + i % 2 * 5, cos(i * i)] AS x
        FROM generate_series(1, 600) AS i
        """
    )
    row = train(4, grouping_cols='"Group"')
    assert (row["num_groups"], row["num_rows_processed"], row["centroids"]) == (3, 600, None)
    for number, which in enumerate(("= 0", "= 1", "IS NULL")):
        sql(f'CREATE VIEW v{number} AS SELECT * FROM t WHERE "Group" {which}')
        alone = train(4, source_table=f"v{number}", output_table=f"m{number}")
        figures = 'SELECT cluster_id, centroid, size, within_sum, silhouette FROM m WHERE "Group"'
        assert sql(f"{figures} {which} ORDER BY 1") == sql(f"TABLE m{number} ORDER BY 1")
        (summary,) = sql.rows(f'SELECT * FROM m_summary WHERE "Group" {which}')
        for name in ("inertia", "silhouette", "num_iterations", "exit_reason", "centroids", "k"):
            assert summary[name] == alone[name], name
    total = sql.value("SELECT sum(inertia) FROM m_summary")
    assert row["inertia"] == pytest.approx(total, rel=1e-14)
    assert sql("SELECT * FROM madlib.kmeans_predict('m', 't', 'p')")[0][1:] == (600, 0)
    counted = 'SELECT "Group", cluster_id, count(*) FROM p GROUP BY 1, 2 ORDER BY 1, 2'
    assert sql(counted) == sql('SELECT "Group", cluster_id, size FROM m ORDER BY 1, 2')


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_each_group_has_its_own_iterations(sql, memory):
    """Group 0 is two heaps; group 1 is none."""
    sql("CREATE TABLE t AS SELECT 0 AS g, i % 2 * 100.0 AS a FROM generate_series(1, 10) AS i")
    sql("INSERT INTO t SELECT 1, sqrt(i) FROM generate_series(1, 200) AS i")
    sql(f"SET madpy.store_memory = '{memory}'")
    sql(call(features="a", grouping_cols="g", k=2, tolerance=0.0, verbose=True))
    told = [notice.message for notice in sql.notices if "groups go on" in notice.message]
    iterations = sql("SELECT g, num_iterations FROM m_summary ORDER BY g")
    assert iterations[0] == (0, 1)
    assert told[0].endswith("1 of 2 groups go on")
    assert told[-1].endswith("0 of 2 groups go on")
    assert len(told) == iterations[1][1] > 2


def test_groups_with_few_rows(sql, train):
    sql("CREATE TABLE t AS SELECT i, i % 2 AS g, i::float8 AS a FROM generate_series(1, 20) AS i")
    sql("INSERT INTO t VALUES (21, 3, 5), (22, 3, 5), (23, 4, NULL)")
    row = train(2, "a", grouping_cols="g")
    assert [notice.message for notice in sql.notices] == [
        "fewer than 2 distinct points in 1 of 3 groups: these have a cluster for each"
    ]
    assert sql("SELECT centroid, size, within_sum, silhouette FROM m WHERE g = 3") == [([5.0], 2, 0.0, None)]
    assert sql("SELECT k, exit_reason, centroids FROM m_summary WHERE g = 4") == [(0, "no rows to use", None)]
    assert (row["num_groups"], row["num_rows_processed"], row["num_missing_rows_skipped"]) == (4, 22, 1)
    assert sql("SELECT * FROM madlib.kmeans_predict('m', 't', 'p')")[0][1:] == (23, 1)
