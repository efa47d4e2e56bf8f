"""Weights: a row of weight 3 is three rows; and beside scikit-learn's sample_weight."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.dtree.conftest import call
from tests.dtree.exact import table

FEATURES = "x0, x1, x2, k"
NODES = """
    SELECT g, node, split, threshold, levels_left, null_goes, num_rows, num_null, class_counts, prediction,
           impurity, gain, complexity
    FROM {} ORDER BY g, node
"""
GROUPS = """
    SELECT g, num_nodes, num_leaves, depth, pruned_at_cp, cv_cp, cv_error, cv_std_err,
           md5(model::text) AS bytes
    FROM {}_summary ORDER BY g
"""
LIMITS = [
    {"max_depth": 6, "min_split": 2, "min_bucket": 1, "num_bins": 10},
    {"max_depth": 4, "prune_cp": 0.01, "num_bins": 3},
    {"max_depth": 4, "n_folds": 3},
]


def fill(sql, rng, task):
    """Table t of three groups with weights from 0 to 4, and table e with each row as often as that."""
    sql("CREATE TABLE t (g integer, y float8, x0 float8, x1 float8, x2 float8, k text, w integer)")
    rows = []
    for g in range(3):
        X, y = table(rng, int(rng.integers(60, 300)), task)
        if task == "variance":  # sums of these are not rounded
            y = np.clip(np.round(y * 4), -4000, 4000)
        for features, target in zip(X, y, strict=True):
            numbers = [None if value != value else float(value) for value in features]
            rows.append((g, float(target), *numbers, rng.choice(list("abcdef")), int(rng.integers(5))))
    sql.connection.inserttable("t", rows)
    sql("CREATE TABLE e AS SELECT t.* FROM t, generate_series(1, w)")


@pytest.mark.parametrize("memory", ["256MB", "0"])
@pytest.mark.parametrize("limits", LIMITS, ids=["small leaves", "pruned", "validated"])
@pytest.mark.parametrize("task", ["variance", "gini", "entropy"])
def test_a_row_of_weight_3_is_three_rows(sql, task, limits, memory):
    """Splits, counts, impurities, pruning and folds are the same in both feeds: equal rows share a fold."""
    rng = np.random.default_rng([len(task), limits["max_depth"], limits.get("n_folds", 0)])
    sql(f"SET madpy.store_memory = '{memory}'")
    for _ in range(3):
        fill(sql, rng, task)
        target = "y" if task == "variance" else "y::integer"
        options = {"criterion": task, "grouping_cols": "g", **limits}
        sql(call(FEATURES, target, "t", "weighted", weights="w", **options))
        sql(call(FEATURES, target, "e", "expanded", **options))
        assert sql(NODES.format("weighted")) == sql(NODES.format("expanded"))
        assert sql(GROUPS.format("weighted")) == sql(GROUPS.format("expanded"))
        sql("DROP TABLE t, e, weighted, weighted_summary, expanded, expanded_summary")


@pytest.mark.parametrize("memory", ["256MB", "0"])
@pytest.mark.parametrize("task", ["variance", "gini"])
def test_trees_of_scikit_learn(sql, load, task, memory):
    """Fractional weights, a bin for each value: the same splits, weights, impurities and values."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 3)).round(3)
    weights = rng.uniform(1, 4, 300)
    y = (X[:, 0] > 0.2) * 2.0 + (X[:, 1] > 0) + rng.normal(size=300) * 0.4
    y = y if task == "variance" else np.clip(np.round(y), 0, 2)
    kind = DecisionTreeRegressor if task == "variance" else DecisionTreeClassifier
    other = kind(max_depth=3, min_samples_leaf=1, random_state=0).fit(X, y, sample_weight=weights).tree_
    load(y=y.tolist(), w=weights.tolist(), **{f"x{i}": column.tolist() for i, column in enumerate(X.T)})
    limits = {"max_depth": 3, "min_split": 2, "min_bucket": 1, "num_bins": 10000}
    sql(f"SET madpy.store_memory = '{memory}'")
    target = "y" if task == "variance" else "y::integer"
    sql(call("x0, x1, x2", target, criterion=task, weights="w", **limits))
    nodes = {row["node"]: row for row in sql.rows("TABLE m")}
    waiting, seen = [(1, 0, np.arange(300))], 0
    while waiting:
        number, theirs, rows = waiting.pop()
        node, seen = nodes[number], seen + 1
        assert node["num_rows"] == pytest.approx(other.weighted_n_node_samples[theirs])
        assert node["impurity"] == pytest.approx(other.impurity[theirs], abs=1e-12)
        if task == "variance":
            assert node["prediction"] == pytest.approx(other.value[theirs, 0, 0])
        else:
            shares = np.array(node["class_counts"]) / node["num_rows"]
            np.testing.assert_allclose(shares, other.value[theirs, 0], atol=1e-12)
        left, right = other.children_left[theirs], other.children_right[theirs]
        assert node["is_leaf"] == (left < 0)
        if left >= 0:
            assert node["feature"] == f"x{other.feature[theirs]}"
            values = X[rows, other.feature[theirs]]
            is_left = values <= node["threshold"]  # both in the same gap between values of the node
            np.testing.assert_equal(is_left, values <= other.threshold[theirs])
            waiting += [(2 * number, left, rows[is_left]), (2 * number + 1, right, rows[~is_left])]
    assert seen == other.node_count == len(nodes)


@pytest.mark.parametrize("memory", ["256MB", "0"])
def test_half_weights_are_half_the_rows(sql, memory):
    """With limits twice as large for whole rows, which are twice as many, the splits are the same."""
    sql(f"SET madpy.store_memory = '{memory}'")
    fill(sql, np.random.default_rng(8), "gini")
    options = {"criterion": "gini", "grouping_cols": "g", "num_bins": 5, "max_depth": 5}
    sql(call("x0, x1, x2", "y::integer", "t", "half", weights="0.5", min_split=4, min_bucket=2, **options))
    sql(call("x0, x1, x2", "y::integer", "t", "whole", min_split=8, min_bucket=4, **options))
    columns = "g, node, split, {} * num_rows, {} * num_null, prediction, round(impurity::numeric, 9)"
    half, whole = (
        sql(f"SELECT {columns.format(times, times)} FROM {name} ORDER BY g, node")
        for name, times in (("half", 2), ("whole", 1))
    )
    assert half == whole


def test_rows_that_are_left_out(sql, load, tree):
    """Weight NULL and weight 0 are skipped and counted; what they hold does not matter."""
    x = [float(i) for i in range(40)]
    weights = [None, *[0.0] * 4, *[1.0] * 35]
    load(x=x, y=[float(i > 20) for i in range(40)], w=weights)
    nodes = tree("x", weights="w", min_split=2, min_bucket=1)
    assert nodes[1]["num_rows"] == 35 and nodes[1]["threshold"] == 20.5
    found = sql("SELECT num_rows_processed, num_missing_rows_skipped FROM m_summary")
    assert found == [(35, 5)]


def test_a_class_of_weight_0_is_none(sql, load, tree, refuses):
    load(x=[float(i) for i in range(60)])
    classes = "CASE WHEN x < 20 THEN 'a' WHEN x < 40 THEN 'b' ELSE 'c' END"
    root = tree("x", target=classes, weights="CASE WHEN x < 40 THEN 2 ELSE 0 END")[1]
    assert root["class_counts"] == [40, 40]
    assert sql("SELECT classes FROM m_summary") == [(["a", "b"],)]
    error = refuses("x", classes, output="n", weights="(x < 20)::integer")
    assert error.message == "dtree_train: the target has one class only: a"


def test_boolean_weights_choose_rows(sql, load, tree):
    load(x=[float(i) for i in range(40)], y=[float(i > 20) for i in range(40)])
    assert tree("x", weights="x < 30", min_split=2, min_bucket=1)[1]["num_rows"] == 30


@pytest.mark.parametrize("memory", ["256MB", "0"])
@pytest.mark.parametrize("weight", [-1.0, "NaN", "Infinity"])
def test_weights_that_cannot_be(sql, load, refuses, weight, memory):
    load(x=[1.0, 2.0, 3.0], y=[1.0, 2.0, 3.0])
    sql(f"SET madpy.store_memory = '{memory}'")
    error = refuses("x", weights=f"CASE WHEN x = 2 THEN '{weight}'::float8 ELSE 1 END")
    assert error.sqlstate == "22003" and "weight is" in error.message
    assert error.hint == "Give weights that are finite and not negative."


@pytest.mark.parametrize("memory", ["256MB", "0"])
def test_weights_that_are_too_large(sql, load, refuses, memory):
    load(x=[1.0, 2.0, 3.0], y=[1.0, 2.0, 3.0])
    sql(f"SET madpy.store_memory = '{memory}'")
    error = refuses("x", weights="2e15")
    assert error.sqlstate == "22003" and error.hint == "Divide all weights by one number."
    assert error.message == "dtree_train: a weight is 2e+15 in some row, more than 1e+15"


@pytest.mark.parametrize("memory", ["256MB", "0"])
def test_a_group_without_a_weight_has_no_tree(sql, load, tree, memory):
    load(x=[1.0, 2.0] * 20, y=[1.0, 2.0] * 20, g=[0.0] * 20 + [1.0] * 20)
    sql(f"SET madpy.store_memory = '{memory}'")
    tree("x", weights="g", grouping_cols="g", min_split=2)
    assert sql("SELECT g, num_rows FROM m WHERE node = 1") == [(1.0, 20)]
    figures = "g, num_rows_processed, num_missing_rows_skipped, model IS NULL"
    assert sql(f"SELECT {figures} FROM m_summary ORDER BY g") == [
        (0.0, 0, 20, True),
        (1.0, 20, 0, False),
    ]


@pytest.mark.parametrize("memory", ["256MB", "0"])
def test_predictions_of_a_tree_of_less_than_a_row(sql, load, tree, memory):
    """The leaf has the weighted mean although its weights sum to less than 1."""
    load(x=[1.0, 2.0, 3.0], y=[1.0, 2.0, 6.0])
    sql(f"SET madpy.store_memory = '{memory}'")
    (node,) = tree("x", weights="0.1").values()
    assert (node["num_rows"], node["prediction"]) == (pytest.approx(0.3), pytest.approx(3))
    assert node["impurity"] == pytest.approx(14 / 3)


def test_no_row_has_a_weight(sql, load, refuses):
    load(x=[1.0, 2.0, 3.0], y=[1.0, 2.0, 3.0])
    error = refuses("x", weights="0")
    assert error.message == 'dtree_train: none of the 3 rows of table "t" can be used'
    assert error.hint == "Check that some row has a target and a weight above 0."


def test_weights_are_a_number(refuses, load):
    load(x=[1.0], y=[1.0])
    assert refuses("x", weights="'a'::text").sqlstate == "42804"
    assert refuses("x", weights="1, 2").sqlstate is not None


def test_pictures_of_weighted_trees(sql, load, tree):
    load(x=[float(i) for i in range(40)], y=[float(i > 20) for i in range(40)])
    tree("x", target="CASE WHEN y > 0 THEN 'a' ELSE 'b' END", weights="0.5", min_split=2, min_bucket=1)
    shown = sql.value("SELECT madlib.dtree_display('m')").splitlines()
    assert shown[0] == "x <= 20.5? b (52%): 20 rows, gini 0.4987"
    assert shown[1].startswith("├─ yes: b (100%): 10.5 rows")
    assert sql("SELECT feature, importance FROM madlib.dtree_importance('m')") == [("x", 1.0)]
