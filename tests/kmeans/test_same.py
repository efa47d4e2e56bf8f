"""Equal points and seeds give equal clusters to the last bit: in any order, divided in any way."""

import numpy as np
import pytest

from tests.kmeans.call import call

MODEL = "SELECT * FROM {} ORDER BY cluster_id"
DISTANCES = ["squared_euclidean", "cosine", "manhattan"]


@pytest.fixture
def points(load):
    """Numbers of very different sizes, some rows twice, in four heaps."""
    rng = np.random.default_rng(11)
    heaps = rng.normal(size=(4, 5)) * [1, 1e3, 1e-3, 1, 1]
    rows = heaps[rng.integers(4, size=3000)] + rng.normal(size=(3000, 5)) * [0.2, 1e2, 1e-4, 1e-8, 0.3]
    return load(np.concatenate([rows, rows[:500]]))


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("init", ["kmeans++", "kmeans||", "random"])
def test_both_feeds(sql, points, distance, init):
    options = {"k": 6, "distance": distance, "init": init, "max_iter": 15, "tolerance": 0.0}
    sql(call(**options))
    sql("SET madpy.store_memory = 0")
    sql(call(output_table="n", **options))
    assert sql(MODEL.format("m")) == sql(MODEL.format("n"))
    figures = "SELECT inertia, silhouette, num_iterations, exit_reason, centroids FROM {}_summary"
    assert sql(figures.format("m")) == sql(figures.format("n"))


def test_parallel_workers(sql, points):
    sql("SET madpy.store_memory = 0; SET max_parallel_workers_per_gather = 0")
    sql(call(k=6))
    sql(
        """
        SET max_parallel_workers_per_gather = 4; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
        SET min_parallel_table_scan_size = 0; ALTER TABLE t SET (parallel_workers = 4)
        """
    )
    plan = sql("EXPLAIN SELECT madlib.kmeans_sample_state(x, '{1, 0}') FROM t")
    assert any("Gather" in line for (line,) in plan)
    sql(call(k=6, output_table="n"))
    sql(call(k=6, features="a, b, c, d, e", output_table="o"))
    assert sql(MODEL.format("m")) == sql(MODEL.format("n")) == sql(MODEL.format("o"))


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_the_order_of_the_rows(sql, points, memory):
    sql(f"SET madpy.store_memory = '{memory}'")
    sql("CREATE TABLE other AS SELECT * FROM t ORDER BY md5(x::text)")
    sql(call(k=6, init="kmeans||"))
    sql(call(k=6, init="kmeans||", source_table="other", output_table="n"))
    assert sql(MODEL.format("m")) == sql(MODEL.format("n"))


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_columns_or_an_array(sql, points, memory):
    sql(f"SET madpy.store_memory = '{memory}'")
    sql(call(k=6))
    sql(call(k=6, features="a, b, c, d, e", output_table="n"))
    assert sql(MODEL.format("m")) == sql(MODEL.format("n"))


@pytest.mark.parametrize("distance", DISTANCES)
def test_figures_over_groups(sql, points, distance):
    """Groups come in another order."""
    options = {"grouping_cols": "g", "k": 3, "distance": distance, "max_iter": 3}
    sql("CREATE TABLE u AS SELECT *, pid % 37 AS g FROM t")
    sql("CREATE TABLE v AS SELECT * FROM u ORDER BY pid DESC")
    (one,) = sql.rows(call(source_table="u", **options))
    (other,) = sql.rows(call(source_table="v", output_table="n", **options))
    for name in ("inertia", "silhouette"):
        assert one[name] == other[name]


def test_another_seed(sql, points):
    sql(call(k=6, max_iter=1))
    sql(call(k=6, max_iter=1, seed=2, output_table="n"))
    assert sql(MODEL.format("m")) != sql(MODEL.format("n"))


def test_any_seed_is_written_down(sql, points):
    seed = sql.value(call(k=6, seed=None).replace("*", "seed"))
    assert 0 <= seed <= 2**53
    sql(call(k=6, seed=seed, output_table="n"))
    assert sql(MODEL.format("m")) == sql(MODEL.format("n"))


def test_an_outlier_does_not_blur_the_others(sql, load, centroids):
    """Sums are exact in units that the largest number sets: 1e12 leaves all digits of what is near 1."""
    rows = np.random.default_rng(2).normal(1, 0.1, size=(1000, 1))
    load(np.concatenate([rows, [[1e12]]]))
    sql(call(k=2))
    near = centroids().min()
    assert near == pytest.approx(rows.mean(), rel=1e-15)
