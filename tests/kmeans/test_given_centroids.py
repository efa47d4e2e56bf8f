"""First centroids from a table, and clusters that are left without a row."""

import pytest

from tests.kmeans.call import call

CORNERS = [[0, 0], [0, 2], [10, 0], [10, 2], [0, 20], [0, 22]]


def test_centroids_from_a_table(sql, load, train, centroids):
    """After one iteration: (10, 0) is nearer to (8, 8) than to (0, 1)."""
    load(CORNERS)
    sql("CREATE TABLE c (cluster_id int, centroid float8[])")
    sql("INSERT INTO c VALUES (1, '{0, 1}'), (0, '{8, 8}')")
    row = train(None, init="c", max_iter=1, tolerance=0.0)
    assert centroids().tolist() == [[5, 11], [0, 1]]
    assert (row["k"], row["num_iterations"], row["options"]["init"]) == (2, 1, "c")
    train(2, init="m", output_table="n")
    assert centroids("n").tolist() == [[0, 21], [5, 1]]


def test_centroids_of_groups_from_a_table(sql, train):
    sql(
        """
        CREATE TABLE t AS SELECT nullif(i % 2, 1) AS g, ARRAY[i % 2 * 100 + i] AS x
        FROM generate_series(1, 40) AS i
        """
    )
    train(3, grouping_cols="g")
    row = train(3, grouping_cols="g", init="m", output_table="n")
    assert sql("SELECT * FROM n ORDER BY 1, 2") == sql("SELECT * FROM m ORDER BY 1, 2")
    assert row["num_iterations"] == 1
    sql("DELETE FROM m WHERE g IS NULL")
    error = sql.fails(call(k=3, grouping_cols="g", init="m", output_table="o"))
    assert error.message == 'kmeans_train: table "m" has no centroids for some group'


def test_empty_clusters_begin_again(sql, load, train, centroids):
    """A first centroid far from every point gets none, and moves to the point farthest from the others."""
    load(CORNERS)
    sql("CREATE TABLE c AS SELECT '{0, 1}'::float8[] AS centroid UNION ALL SELECT '{999, 999}'")
    row = train(2, init="c", verbose=True)
    told = [notice.message for notice in sql.notices]
    assert any("1 cluster(s) without a row begin again" in line for line in told)
    assert sorted(centroids().tolist()) == [[0, 21], [5, 1]]
    assert row["inertia"] == 4 * 26 + 2


@pytest.mark.parametrize("memory", ["64MB", "0"])
@pytest.mark.parametrize("other", ["g", "g::numeric(9, 3) AS g", "g::float8 AS g"])
def test_groups_are_found_by_their_values(sql, train, memory, other):
    """Not by how these are written: 1.0 is 1.00, whichever of them a group was first seen with."""
    sql(f"SET madpy.store_memory = '{memory}'")
    sql(
        """
        CREATE TABLE t AS SELECT i, sin(i) AS a, CASE i % 4 WHEN 0 THEN 1.0 WHEN 1 THEN 1.00 ELSE 2.5 END AS g
        FROM generate_series(1, 60) AS i;
        CREATE VIEW backwards AS SELECT * FROM t ORDER BY i DESC
        """
    )
    train(2, "a", grouping_cols="g")
    sql(f"CREATE TABLE c AS SELECT {other}, cluster_id, centroid FROM m")
    train(2, "a", grouping_cols="g", source_table="backwards", init="c", output_table="n")
    assert sql("SELECT * FROM n ORDER BY 1, 2") == sql("SELECT * FROM m ORDER BY 1, 2")


def test_groups_of_another_type(sql):
    sql("CREATE TABLE t AS SELECT 1 AS g, 1.0 AS a")
    sql("CREATE TABLE c AS SELECT now() AS g, '{1}'::float8[] AS centroid")
    error = sql.fails(call(features="a", grouping_cols="g", init="c", k=1))
    assert (error.sqlstate, error.message) == (
        "42804",
        'kmeans_train: grouping column "g" is of type integer in table "t",'
        " and of type timestamp with time zone in the model",
    )


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_centroids_from_a_table_that_a_group_has_no_points_for(sql, train, memory):
    """One that is left over goes: a group of one distinct point has one cluster, whatever it begins with."""
    sql("CREATE TABLE t AS SELECT i % 2 AS g, (i % 2 * i)::float8 AS a FROM generate_series(1, 9) AS i")
    sql("CREATE TABLE c (centroid float8[]); INSERT INTO c VALUES ('{0}'), ('{0}'), ('{9}')")
    sql(f"SET madpy.store_memory = '{memory}'")
    train(None, "a", grouping_cols="g", init="c")
    assert sql("SELECT k, num_iterations, exit_reason FROM m_summary WHERE g = 0") == [(1, 2, "converged")]
    assert sql("SELECT centroid, size FROM m WHERE g = 0") == [([0.0], 4)]


def test_directions_from_a_table_are_of_any_length(sql, load, train):
    """The first assignment is that of directions: (1, 2) is nearer to (1, 1) than to (1, 0)."""
    load([[1, 0.1], [2, 0], [1, 2], [2, 3]])
    for table, second in (("c", "{0.7, 0.7}"), ("d", "{700, 700}")):
        sql(f"CREATE TABLE {table} AS SELECT '{{1, 0}}'::float8[] AS centroid UNION ALL SELECT '{second}'")
        train(2, init=table, output_table=f"of_{table}", distance="cosine", max_iter=1)
    assert sql("SELECT size FROM of_d ORDER BY cluster_id") == [(2,), (2,)]
    first, second = (sql(f"SELECT centroid FROM of_{table} ORDER BY 1") for table in "cd")
    assert first == second
