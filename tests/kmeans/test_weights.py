"""Frequency weights: a row of weight 3 is three rows, also for the first centroids; fractions are allowed."""

import numpy as np
import pytest

from tests.kmeans.call import call

cluster = pytest.importorskip("sklearn.cluster")
datasets = pytest.importorskip("sklearn.datasets")

CLUSTERS = "SELECT cluster_id, centroid, size, within_sum, silhouette FROM {} ORDER BY 1"
GROUPED = "SELECT g, cluster_id, centroid, size, within_sum, silhouette FROM {} ORDER BY 1, 2"


@pytest.fixture
def weighted(sql):
    """Table t with weights w of 0 to 4, some rows twice; table expanded with each row as often as w says."""
    sql(
        """
        CREATE TABLE t AS
        SELECT i % 3 AS g, sin(i % 200) * 8 AS a, cos(i * i % 170) + i % 4 * 5 AS b, (i * 7 % 5)::integer AS w
        FROM generate_series(1, 400) AS i;
        CREATE TABLE expanded AS SELECT t.* FROM t, generate_series(1, w)
        """
    )


def same(found, expected) -> None:
    assert len(found) == len(expected) > 0
    for ours, theirs in zip(found, expected, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one == (None if other is None else pytest.approx(other, rel=1e-12))


@pytest.mark.parametrize("memory", ["64MB", "0"])
@pytest.mark.parametrize("init", ["kmeans++", "kmeans||", "random"])
@pytest.mark.parametrize("distance", ["squared_euclidean", "cosine", "manhattan"])
def test_a_row_of_weight_three_is_three_rows(sql, weighted, distance, init, memory):
    sql(f"SET madpy.store_memory = '{memory}'")
    options = {"features": "a, b", "k": 5, "init": init, "distance": distance}
    (ours,) = sql.rows(call(**options, weights="w"))
    (theirs,) = sql.rows(call(**options, source_table="expanded", output_table="n"))
    same(sql(CLUSTERS.format("m")), sql(CLUSTERS.format("n")))
    assert ours["exit_reason"] == theirs["exit_reason"]
    for name in ("inertia", "silhouette", "num_iterations"):
        assert ours[name] == pytest.approx(theirs[name], rel=1e-12), name
    assert ours["num_rows_processed"] == sql.value("SELECT count(*) FROM t WHERE w > 0")


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_in_each_group(sql, weighted, memory):
    sql(f"SET madpy.store_memory = '{memory}'")
    options = {"features": "a, b", "k": 3, "grouping_cols": "g"}
    (ours,) = sql.rows(call(**options, weights="w"))
    (theirs,) = sql.rows(call(**options, source_table="expanded", output_table="n"))
    same(sql(GROUPED.format("m")), sql(GROUPED.format("n")))
    assert ours["silhouette"] == pytest.approx(theirs["silhouette"], rel=1e-12)


def test_weights_of_one_change_nothing(sql, weighted):
    """To the last bit."""
    sql(call(features="a, b", k=5, weights="1"))
    sql(call(features="a, b", k=5, output_table="n"))
    assert sql(CLUSTERS.format("m")) == sql(CLUSTERS.format("n"))


@pytest.mark.parametrize(("name", "k"), [("iris", 3), ("wine", 5), ("digits", 10)])
def test_fractions_are_those_of_scikit_learn(sql, load, centroids, name, k):
    """KMeans with sample_weight, from the same first centroids, until nothing changes."""
    points = load(getattr(datasets, f"load_{name}")().data)
    first = points[np.random.default_rng(3).choice(len(points), k, replace=False)]
    sql("CREATE TABLE c (cluster_id int, centroid float8[])")
    texts = ["{" + ",".join(map(repr, row)) + "}" for row in first.tolist()]
    sql.connection.inserttable("c", list(enumerate(texts)))
    weights = 0.01 + np.arange(len(points)) * 7 % 11 / 8
    model = cluster.KMeans(k, init=first, n_init=1, tol=0, max_iter=1000, algorithm="lloyd")
    model.fit(points, sample_weight=weights)
    (row,) = sql.rows(call(k=k, init="c", max_iter=1000, tolerance=0.0, weights="0.01 + pid * 7 % 11 / 8.0"))
    assert row["inertia"] == pytest.approx(model.inertia_, rel=1e-9)
    assert centroids() == pytest.approx(model.cluster_centers_, rel=1e-9, abs=1e-9)
    sizes = [size for (size,) in sql("SELECT size FROM m ORDER BY cluster_id")]
    assert sizes == pytest.approx(np.bincount(model.labels_, weights), rel=1e-12)
    assert sql.value("SELECT num_null_predictions FROM madlib.kmeans_predict('m', 't', 'p')") == 0


def test_large_weights_are_drawn_first(sql, load):
    """The first centroid is the heavy point among many light ones, whatever the seed."""
    load(np.arange(50.0).reshape(-1, 1))
    for seed in range(5):
        options = {"k": 1, "max_iter": 1, "seed": seed, "output_table": f"m{seed}"}
        sql(call(**options, weights="CASE WHEN pid = 7 THEN 1e9 ELSE 0.001 END"))
        assert sql.value(f"SELECT round(centroid[1]) FROM m{seed}") == 7


def test_zero_is_not_there_and_null_is_skipped(sql, load, train):
    load([[0.0], [1.0], [10.0], [11.0], [1000.0], [2000.0]])
    found = train(2, weights="CASE pid WHEN 4 THEN 0 WHEN 5 THEN NULL ELSE 1 END")
    assert (found["num_rows_processed"], found["num_missing_rows_skipped"]) == (4, 2)
    assert sorted(found["centroids"]) == [[0.5], [10.5]]
    assert found["options"]["weights"] == "CASE pid WHEN 4 THEN 0 WHEN 5 THEN NULL ELSE 1 END"


def test_the_summary_says_that_there_are_no_weights(load, train):
    load([[0.0], [1.0]])
    assert train(1)["options"]["weights"] is None


def test_a_level_that_only_rows_of_weight_zero_have(sql):
    sql(
        "CREATE TABLE t AS SELECT i, CASE WHEN i = 9 THEN 'z' ELSE 'ab' END AS c FROM generate_series(1, 9) i"
    )
    (row,) = sql.rows(call(features="i, c", weights="CASE WHEN i < 9 THEN 2 ELSE 0 END"))
    assert row["feature_names"] == ["i", "c=ab"]


@pytest.mark.parametrize(
    ("weights", "sqlstate", "message"),
    [
        ("-1", "22003", "kmeans_train: a weight is -1 in some row"),
        ("'NaN'::float8", "22003", "kmeans_train: a weight is NaN in some row"),
        ("'infinity'::float8", "22003", "kmeans_train: a weight is Infinity in some row"),
        ("1e16", "22003", "kmeans_train: a weight is 1e+16 in some row, more than 1e+15"),
        ("'a'::text", "42804", "kmeans_train: weights: {} is of type text, a number or boolean is needed"),
        ("", "22023", "kmeans_train: weights must not be empty"),
    ],
)
def test_what_is_no_weight(load, refuses, weights, sqlstate, message):
    load([[0.0], [1.0], [2.0]])
    error = refuses(weights=weights)
    assert (error.sqlstate, error.message) == (sqlstate, message.format("\"'a'::text\""))


@pytest.mark.parametrize(
    ("weights", "hint"),
    [
        ("0", "Check that some row has a weight above 0, and no NULL."),
        (
            "NULL::float8",
            "Leave the expression out, or fill it with coalesce(): rows with a NULL are skipped.",
        ),
    ],
)
def test_no_row_has_a_weight(load, refuses, weights, hint):
    load([[0.0], [1.0], [2.0]])
    error = refuses(weights=weights)
    assert error.message == 'kmeans_train: none of the 3 rows of table "t" can be used'
    assert error.hint == hint
