"""dtree_train in a database: what is made, by groups, with categories and NULLs, from both feeds."""

import math

import numpy as np
import pytest

from tests.dtree.conftest import call

IRIS = "sepal_length, sepal_width, petal_length, petal_width"
SMALL = {"min_split": 2, "min_bucket": 1}


@pytest.fixture
def iris(sql):
    sql("SELECT madlib.load_dataset('iris')")


def test_the_tree_of_iris(sql, iris, tree):
    """The well-known tree: petals up to 2.45 long are setosa's."""
    nodes = tree(IRIS, "target_name", source="iris", max_depth=2)
    assert sorted(nodes) == [1, 2, 3, 6, 7]
    root, leaf = nodes[1], nodes[6]
    assert (root["split"], root["threshold"]) == ("petal_length <= 2.45", pytest.approx(2.45))
    assert (root["num_rows"], root["class_counts"], root["is_leaf"]) == (150, [50, 50, 50], False)
    assert root["impurity"] == pytest.approx(2 / 3) and root["gain"] == pytest.approx(50)
    assert nodes[2]["prediction"] == "setosa" and nodes[2]["split"] is None and nodes[2]["impurity"] == 0
    assert (leaf["parent"], leaf["depth"], leaf["class_counts"]) == (3, 2, [0, 49, 5])


def test_the_summary(sql, iris):
    (row,) = sql.rows(call(IRIS, "target_name", source="iris", max_depth=2))
    assert (row["method"], row["task"], row["criterion"]) == ("dtree", "classification", "gini")
    assert (row["num_nodes"], row["num_leaves"], row["depth"]) == (5, 3, 2)
    assert row["classes"] == ["setosa", "versicolor", "virginica"] and row["num_rows_processed"] == 150
    (kept,) = sql.rows("TABLE m_summary")
    assert {name: kept[name] for name in ("target", "feature_names", "num_leaves")} == {
        "target": "target_name",
        "feature_names": IRIS.split(", "),
        "num_leaves": 3,
    }
    assert kept["model"][:4] == b"MADM"


@pytest.mark.parametrize(
    ("target", "options", "task", "criterion", "kind"),
    [
        ("target", {}, "regression", "variance", "double precision"),
        ("target", {"task": "classification"}, "classification", "gini", "integer"),
        ("target", {"criterion": "entropy"}, "classification", "entropy", "integer"),
        ("target_name", {}, "classification", "gini", "text"),
        ("target = 1", {}, "classification", "gini", "boolean"),
        ("target = 1", {"task": "regression"}, "regression", "variance", "double precision"),
    ],
)
def test_the_task_follows_the_type(sql, iris, target, options, task, criterion, kind):
    (row,) = sql.rows(call(IRIS, target, source="iris", **options))
    assert (row["task"], row["criterion"]) == (task, criterion)
    assert sql.value("SELECT pg_typeof(prediction) FROM m LIMIT 1") == kind


def test_a_category_splits_by_a_set(load, tree):
    load(y=[1.0, 5.0, 1.0, 5.0] * 5, c=["a", "b", "c", "d"] * 5)
    nodes = tree("c", **SMALL)
    assert (nodes[1]["split"], nodes[1]["levels_left"]) == ("c in (a, c)", ["a", "c"])
    assert [nodes[n]["prediction"] for n in (2, 3)] == [1, 5]


def test_numbers_can_be_categories(load, tree):
    load(y=[1.0, 5.0, 1.0] * 5, n=[1, 2, 3] * 5)
    assert tree("n", categorical_cols="n", **SMALL)[1]["split"] == "n <> 2"


@pytest.mark.parametrize(("y", "goes"), [(0.0, "left"), (9.0, "right")])
def test_null_takes_the_side_where_it_does_better(load, tree, y, goes):
    load(y=[0.0] * 5 + [9.0] * 6 + [y] * 3, x=[1.0] * 5 + [2.0] * 6 + [None] * 3)
    root = tree("x", **SMALL)[1]
    assert (root["split"], root["null_goes"], root["num_null"]) == ("x <= 1.5", goes, 3)
    assert root["gain"] == pytest.approx(np.var([0.0] * 5 + [9.0] * 6 + [y] * 3) * 14)


def test_null_may_have_a_side_of_its_own(load, tree):
    load(y=[0.0] * 8 + [9.0] * 3, x=[1.0, 2.0] * 4 + [None] * 3)
    nodes = tree("x", **SMALL)
    assert (nodes[1]["split"], nodes[1]["threshold"], nodes[1]["null_goes"]) == (
        "x is not null",
        math.inf,
        "right",
    )
    assert nodes[3]["prediction"] == 9


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_whether_a_constant_is_there_is_a_split(sql, load, tree, memory):
    """A mark that is 1 or NULL."""
    sql(f"SET madpy.store_memory = '{memory}'")
    load(y=[0.0] * 8 + [9.0] * 3, x=[1.0] * 8 + [None] * 3)
    nodes = tree("x", **SMALL)
    assert (nodes[1]["split"], nodes[1]["null_goes"]) == ("x is not null", "right")
    assert nodes[1]["gain"] == pytest.approx(81 * 24 / 11)
    assert (nodes[2]["prediction"], nodes[3]["prediction"]) == (0, 9)
    sql("SELECT madlib.dtree_predict('m', 't', 'p')")
    assert sql("SELECT count(*) FROM p WHERE prediction = y") == [(11,)]


def test_rows_without_a_target_are_skipped(sql, load):
    load(y=[0.0, 9.0, None] * 8, x=[1.0, 2.0, 3.0] * 8)
    (row,) = sql.rows(call("x"))
    assert (row["num_rows_processed"], row["num_missing_rows_skipped"]) == (16, 8)


def test_limits_are_kept(load, tree):
    load(y=[float(i * i % 17) for i in range(300)], x=[float(i) for i in range(300)])
    nodes = tree("x", max_depth=3, min_split=60, min_bucket=25)
    assert max(node["depth"] for node in nodes.values()) <= 3
    assert all(node["num_rows"] >= 25 for node in nodes.values())
    assert all(node["num_rows"] >= 60 for node in nodes.values() if not node["is_leaf"])
    assert len(tree("x", max_depth=0, output="root")) == 1


MANY = """
    CREATE TABLE many AS
    SELECT i % 7 AS g, (i * 7919) % 1009 / 10.0::float8 AS a, (i * 104729) % 997 / 10.0::float8 AS b,
           CASE WHEN i % 11 <> 0 THEN (i * 31) % 101 / 1.0::float8 END AS n,
           CASE WHEN i % 13 <> 0 THEN 'level ' || (i * 17) % 5 END AS c,
           ((i * 7919) % 1009 + (i * 31) % 101 * 3 + (i * 17) % 5 * 50)::float8 AS y
    FROM generate_series(1, 20000) AS i
"""
ROUNDED = """
    SELECT g, node, split, num_rows, num_null, null_goes, class_counts, round(impurity::numeric, 6),
           round(prediction::numeric, 6) FROM {}
"""


@pytest.mark.parametrize("grouping", ["g", None])
@pytest.mark.parametrize("target", ["y", "(y > 700)::int"])
def test_both_feeds_give_the_same_tree(sql, grouping, target):
    """More rows than a sample holds, with parallel workers where the table is read in each pass."""
    sql(MANY)
    options = {"source": "many", "max_depth": 6, "grouping_cols": grouping, "n_folds": 3, "task": None}
    options["task"] = "classification" if "int" in target else "regression"
    sql(call("a, b, n, c", target, output="stored", **options))
    sql("SET madpy.store_memory = 0")
    sql("SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0")
    sql(call("a, b, n, c", target, output="streamed", **options))
    rows = ROUNDED if grouping else ROUNDED.replace("g, ", "", 1)
    stored, streamed = (sorted(map(repr, sql(rows.format(name)))) for name in ("stored", "streamed"))
    assert stored == streamed and len(stored) > 15


def test_a_group_has_the_tree_of_its_rows(sql):
    sql(MANY)
    sql(call("a, b, n, c", source="many", max_depth=4, grouping_cols="g", output="grouped"))
    sql("CREATE VIEW third AS SELECT * FROM many WHERE g = 3")
    sql(call("a, b, n, c", source="third", max_depth=4, output="alone"))
    columns = "node, split, num_rows, null_goes, round(impurity::numeric, 6)"
    assert sql(f"SELECT {columns} FROM grouped WHERE g = 3 ORDER BY node") == sql(
        f"SELECT {columns} FROM alone ORDER BY node"
    )


def test_groups_of_any_kind(sql, load):
    """NULL is a group; one with a single row or without a target is no obstacle."""
    groups = ["a"] * 20 + [None] * 20 + ["one", "none"]
    load(g=groups, y=[0.0, 9.0] * 20 + [5.0, None], x=[1.0, 2.0] * 20 + [1.0, 1.0])
    for memory in ("256MB", "0"):
        sql(f"SET madpy.store_memory = '{memory}'")
        (row,) = sql.rows(call("x", grouping_cols="g", **SMALL))
        assert (row["num_groups"], row["num_rows_processed"], row["num_missing_rows_skipped"]) == (4, 41, 1)
        assert sorted(sql("SELECT g, count(*) FROM m GROUP BY g"), key=repr) == [
            *(("a", 3), ("one", 1), (None, 3))
        ]
        models = sql("SELECT g, model IS NOT NULL, num_rows_processed FROM m_summary")
        assert sorted(models, key=repr) == [
            *(("a", True, 20), ("none", False, 0), ("one", True, 1), (None, True, 20))
        ]
        sql("DROP TABLE m, m_summary")


def test_an_array_column(sql, load):
    load(y=[0.0, 9.0] * 10, x=[1.0, 2.0] * 10)
    sql("CREATE VIEW v AS SELECT y, ARRAY[0, x] AS a FROM t UNION ALL SELECT 9, NULL")
    for memory in ("256MB", "0"):
        sql(f"SET madpy.store_memory = '{memory}'")
        sql(call("a", source="v", **SMALL))
        assert sql("SELECT split, num_rows FROM m WHERE node = 1") == [("a[2] <= 1.5", 21)]
        sql("DROP TABLE m, m_summary")


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize("far", [1e8, 1e12, 1e30])
def test_a_target_far_out_takes_no_digits_from_others(sql, load, tree, far, memory):
    """Below the row with it, the tree is that of the other rows, whose values are whole and a half."""
    a = [float(i % 8) for i in range(80)]
    y = [a * a + 3 * (i % 5) + 20.5 for i, a in enumerate(a)]
    sql(f"SET madpy.store_memory = {memory}")
    load(y=[far, *y], a=[9.0, *a])
    limits = {"min_bucket": 1, "num_bins": 1000}
    found = tree("a", max_depth=4, **limits)
    load("others", y=y, a=a)
    others = tree("a", source="others", output="n", max_depth=3, **limits)
    assert found[1]["threshold"] == 8 and found[3]["prediction"] == far
    moved = {n + 2 ** (n.bit_length() - 1): node for n, node in others.items()}  # the root is 2 now
    assert sorted(moved) == sorted(found.keys() - {1, 3})
    for number, node in moved.items():
        assert found[number]["split"] == node["split"]
        for name in ("num_rows", "prediction", "impurity"):
            assert found[number][name] == pytest.approx(node[name], rel=1e-12), (number, name)


def test_classes_of_a_padded_type(sql):
    y = "(ARRAY['abc', 'abd'])[1 + i / 20]::char(5)"
    sql(f"CREATE TABLE t AS SELECT i AS x, {y} AS y FROM generate_series(1, 39) AS i")
    sql("SELECT madlib.dtree_train('t', 'm', 'y', 'x')")
    assert sql("SELECT prediction, pg_typeof(prediction)::text FROM m WHERE is_leaf ORDER BY node") == [
        ("abc", "character"), ("abd", "character")
    ]  # fmt: skip


def test_a_node_without_gain_is_a_leaf(load, tree):
    load(y=[1.0] * 30, x=[float(i) for i in range(30)])
    assert len(tree("x")) == 1


def test_pruning_at_a_cp(load, tree):
    load(y=[0.0, 0.0, 1.0, 9.0] * 10, x=[1.0, 2.0, 3.0, 4.0] * 10)
    whole = tree("x", **SMALL)
    complexity = [whole[n]["complexity"] for n in whole if not whole[n]["is_leaf"]]
    assert len(whole) == 5 and complexity == sorted(complexity, reverse=True)
    assert len(tree("x", output="cut", prune_cp=complexity[-1], **SMALL)) == 3
    assert len(tree("x", output="root", prune_cp=1, **SMALL)) == 1


def test_cross_validation_prunes_noise(sql, load):
    """Half of the target is noise that a full tree learns; the best tree has the one split there is."""
    rng = np.random.default_rng(3)
    x = rng.uniform(size=600)
    load(y=(np.where(x > 0.4, 1.0, 0.0) + rng.normal(size=600)).tolist(), x=x.tolist())
    (whole,) = sql.rows(call("x", output="whole"))
    (chosen,) = sql.rows(call("x", n_folds=10))
    assert whole["num_leaves"] > 20 and chosen["num_leaves"] == 2
    (kept,) = sql.rows("TABLE m_summary")
    assert len(kept["cv_cp"]) == len(kept["cv_error"]) == len(kept["cv_std_err"])
    assert kept["pruned_at_cp"] in kept["cv_cp"] and min(kept["cv_error"]) < 1
    sql(call("x", n_folds=10, output="again"))
    assert sql("TABLE m") == sql("TABLE again")


def test_verbose_says_what_is_done(sql, load):
    load(y=[0.0, 9.0] * 10, x=[1.0, 2.0] * 10)
    sql(call("x", verbose=True))
    said = [notice.message for notice in sql.notices if notice.severity == "INFO"]
    assert "dtree_train: level 0: 1 nodes to split, 1 in all" in said and len(said) > 3
