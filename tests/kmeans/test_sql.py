"""kmeans_run, kmeans_train, kmeans_predict and closest_column, from SQL."""

import numpy as np
import pytest

from tests.kmeans.call import call

CORNERS = [[0, 0], [0, 2], [10, 0], [10, 2], [0, 20], [0, 22]]


def test_kmeans_run_as_the_interface_guide_has_it(sql, schema):
    sql("CREATE SCHEMA my_schema")
    try:
        sql(
            """
            CREATE TABLE my_schema.data_set_1 AS
            SELECT i::bigint AS pid, ARRAY[i % 10 * 5 + sin(i), i % 10 * 3 + cos(i)]::float8[] AS coords
            FROM generate_series(1, 5000) AS i;
            INSERT INTO my_schema.data_set_1 VALUES (5001, NULL), (5002, '{1, NULL}')
            """
        )
        rows = sql("SELECT * FROM madlib.kmeans_run('my_schema.data_set_1', 10, 1, 'run1', 'my_schema', 1)")
        told = [notice.message.removeprefix("kmeans_run: ") for notice in sql.notices]
        tables = ("my_schema.kmeans_out_centroids_run1", "my_schema.kmeans_out_points_run1")
        assert rows == [(10, pytest.approx(100 * 5000 / 5002), "my_schema", *tables)]
        for beginning in (
            "parameters:",
            " * k = 10",
            " * src_relation = my_schema.data_set_1",
            "seeding 10 centroids by kmeans++",
            "sample used for seeding: 2000 distinct points out of 5000 points",
            "iteration 1: inertia ",
            "exit: converged",
            "assigning all points to clusters",
            "goodness of fit: inertia ",
        ):
            assert any(line.startswith(beginning) for line in told), beginning
        assert sql.value(f"SELECT sum(size) FROM {tables[0]}") == 5000
        assert sql(f"SELECT cid IS NULL, count(*) FROM {tables[1]} GROUP BY 1 ORDER BY 1") == [
            (False, 5000),
            (True, 2),
        ]
        apart = sql.value(f"SELECT count(DISTINCT (pid % 10, cid)) FROM {tables[1]} WHERE cid IS NOT NULL")
        assert apart == 10
        assert {notice.severity for notice in sql.notices} <= {"INFO"}
    finally:
        sql("DROP SCHEMA my_schema CASCADE")


def test_kmeans_run_is_quiet_by_default(sql, load, schema):
    load(CORNERS)
    sql("CREATE VIEW v AS SELECT pid, x AS coords FROM t")
    assert sql("SELECT clusters, cluster_table FROM madlib.kmeans_run('v', 3, 0, 'My Run')") == [
        (3, f'{schema}."kmeans_out_centroids_My Run"')
    ]
    assert sql.notices == []
    assert sql('SELECT DISTINCT silhouette, size FROM "kmeans_out_centroids_My Run"') == [(None, 2)]
    error = sql.fails("SELECT madlib.kmeans_run('v', 3, 0, 'My Run')")
    assert (error.sqlstate, error.hint) == ("42P07", "Drop it or choose another name.")


def test_the_tables_of_a_training(sql, load, train, schema):
    """Three pairs of points, each 2 apart: every point is 1 from its centroid."""
    load(CORNERS)
    row = train(3, "a, b", verbose=True)
    assert sorted(sql("SELECT centroid, size, within_sum FROM m")) == [
        ([0.0, 1.0], 2, 2.0),
        ([0.0, 21.0], 2, 2.0),
        ([10.0, 1.0], 2, 2.0),
    ]
    assert sorted(row["centroids"]) == [[0.0, 1.0], [0.0, 21.0], [10.0, 1.0]]
    (summary,) = sql.rows("TABLE m_summary")
    assert {name: summary[name] for name in row} == row
    assert (row["method"], row["k"], row["inertia"], row["seed"]) == ("kmeans", 3, 6.0, 1)
    assert (row["num_rows_processed"], row["num_missing_rows_skipped"], row["num_groups"]) == (6, 0, 1)
    assert (row["exit_reason"], row["feature_names"]) == ("converged", ["a", "b"])
    assert row["output_table"] == f"{schema}.m"


def test_the_simplified_silhouette(sql, load, train, centroids):
    """Against its definition: (b - a) / max(a, b), a and b the distances to the two nearest centroids."""
    points = load(np.random.default_rng(3).normal(size=(200, 3)))
    row = train(4)
    distances = np.sort(np.linalg.norm(points[:, None] - centroids()[None], axis=2), axis=1)
    expected = ((distances[:, 1] - distances[:, 0]) / distances[:, 1]).mean()
    assert row["silhouette"] == pytest.approx(expected, rel=1e-12)
    per_cluster = sql.value("SELECT sum(size * silhouette) / sum(size) FROM m")
    assert per_cluster == pytest.approx(expected, rel=1e-12)


def test_one_cluster_is_the_mean(load, train, centroids):
    points = load(np.random.default_rng(1).normal(1e6, 1, size=(1000, 4)))
    row = train(1)
    assert centroids()[0] == pytest.approx(points.mean(axis=0), rel=1e-15)
    assert row["inertia"] == pytest.approx(((points - points.mean(axis=0)) ** 2).sum(), rel=1e-12)
    assert row["silhouette"] is None


def test_manhattan_has_means_and_says_so(sql, load, train, centroids):
    load([[0], [0], [9]])
    assert train(1, distance="manhattan", verbose=True)["inertia"] == 3 + 3 + 6
    told = [notice.message for notice in sql.notices]
    assert "kmeans_train: distance manhattan: centroids are the means of their rows, not the medians" in told
    assert centroids().tolist() == [[3]]


def test_one_row(load, train, centroids):
    load([[1, 2]])
    assert train(1)["inertia"] == 0
    assert centroids().tolist() == [[1, 2]]


def test_as_many_clusters_as_points(load, train, centroids):
    load([*CORNERS, *CORNERS])
    for number, init in enumerate(("kmeans++", "kmeans||", "random")):
        assert train(6, init=init, output_table=f"m{number}")["inertia"] == 0
        assert sorted(centroids(f"m{number}").tolist()) == sorted(CORNERS)


def test_rows_with_a_null_are_counted(sql, load, train):
    load(CORNERS)
    sql("INSERT INTO t (pid, x, a, b) VALUES (7, NULL, NULL, 1), (8, '{1, NULL}', 1, NULL), (9, NULL, 1, 1)")
    row = train(3)
    assert (row["num_rows_processed"], row["num_missing_rows_skipped"]) == (6, 3)
    row = train(3, "a, b", output_table="n")
    assert (row["num_rows_processed"], row["num_missing_rows_skipped"]) == (7, 2)


def test_features_of_other_types(sql, train):
    """A boolean is 0 or 1, a text column has a 0 or 1 for each of its values."""
    sql("CREATE TYPE size AS ENUM ('s', 'l')")
    sql(
        """
        CREATE TABLE t AS SELECT i, i % 2 = 0 AS even, (ARRAY['red', 'green', 'blue'])[1 + i % 3] AS "Colour",
                                 (ARRAY['s', 'l'])[1 + i % 2]::size AS size, 'one' AS same, i::numeric AS n
        FROM generate_series(1, 60) AS i
        """
    )
    row = train(6, 'even, "Colour", size, same, n * 0')
    names = ["even", "Colour=blue", "Colour=green", "Colour=red", "size=s", "size=l", "n * 0", "same=one"]
    assert sorted(row["feature_names"]) == sorted(names)
    assert row["inertia"] == 0
    sql(call("kmeans_train", features='even, "Colour", size, same', k=6, output_table="n"))
    sql("SELECT madlib.kmeans_predict('n', 't', 'p')")
    assert sql.value("SELECT count(DISTINCT (cluster_id, i % 6)) FROM p WHERE distance = 0") == 6
    sql("UPDATE t SET \"Colour\" = 'pink' WHERE i = 1; UPDATE t SET size = NULL WHERE i = 2")
    assert sql("SELECT * FROM madlib.kmeans_predict('n', 't', 'q')")[0][1:] == (60, 2)


def test_prediction_gives_the_clusters_of_the_training(sql, load, train):
    load(np.random.default_rng(5).normal(size=(500, 3)))
    for number, distance in enumerate(("squared_euclidean", "cosine", "manhattan")):
        train(5, distance=distance, output_table=f"m{number}", tolerance=0.0)
        made = sql(f"SELECT * FROM madlib.kmeans_predict('m{number}', 't', 'p{number}')")
        assert made[0][1:] == (500, 0)
        counted = f"SELECT cluster_id, count(*) FROM p{number} GROUP BY 1 ORDER BY 1"
        assert sql(counted) == sql(f"SELECT cluster_id, size FROM m{number} ORDER BY 1")
        summed = f"SELECT cluster_id, sum(distance) FROM p{number} GROUP BY 1 ORDER BY 1"
        expected = sql(f"SELECT cluster_id, within_sum FROM m{number} ORDER BY 1")
        assert sql(summed) == [(c, pytest.approx(total, rel=1e-12)) for c, total in expected]


def test_prediction_of_expressions_needs_them_again(sql, load, train):
    load(CORNERS)
    train(2, "a + b, b")
    error = sql.fails("SELECT madlib.kmeans_predict('m', 't', 'p')")
    assert error.message == "kmeans_predict: the model has an expression among its features: a + b"
    assert sql("SELECT * FROM madlib.kmeans_predict('m', 't', 'p', 'a + b, b')")[0][1:] == (6, 0)
    error = sql.fails("SELECT madlib.kmeans_predict('m', 't', 'q', 'b')")
    assert error.message == "kmeans_predict: 1 features do not fit the 2 of the model"
    sql("CREATE TABLE strange AS SELECT 1 AS cluster_id, 2 AS b, 3 AS distance")
    assert sql.fails("SELECT madlib.kmeans_predict('m', 'strange', 'q', 'b, b')").sqlstate == "42701"


def test_other_sessions_see_the_progress(sql, load):
    load(CORNERS)
    sql("CREATE TABLE seen (name text)")
    sql(
        """
        CREATE FUNCTION spy(x float8[]) RETURNS float8[] LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO seen VALUES (current_setting('application_name')); RETURN x; END $$;
        CREATE VIEW v AS SELECT spy(x) AS x FROM t; SET madpy.store_memory = 0
        """
    )
    sql(call(source_table="v"))
    names = [name for (name,) in sql("SELECT DISTINCT name FROM seen ORDER BY 1")]
    assert "madpy: kmeans_train: iteration 1 of 100" in names
    assert "madpy: kmeans_train: seeding" in names
