"""Splits of long-tailed, tied and rare data, at every node against the best of all cuts there are."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from tests.dtree.conftest import call
from tests.dtree.exact import table, worst_node

FEATURES = "x0, x1, x2"
LIMITS = [
    {"max_depth": 6, "min_split": 2, "min_bucket": 1},
    {"max_depth": 4, "min_split": 20, "min_bucket": 7},
]
FRAUDS = """
    CREATE TABLE payments AS
    SELECT exp(i / 10000.0) AS x, sin(i) AS z, (i > 99988)::integer AS fraud
    FROM generate_series(1, 100000) AS i
"""
SPLITS = """
    SELECT g, node, split, threshold, null_goes, num_rows, num_null, class_counts FROM {} ORDER BY g, node
"""


@pytest.mark.parametrize("memory", ["256MB", "0"])
def test_rare_rows_at_the_end_of_a_feature(sql, memory):
    """12 in 100,000, of the largest x, which is skewed.  scikit-learn with the same limits errs in none."""
    sql(FRAUDS)
    sql(f"SET madpy.store_memory = '{memory}'")
    sql(call("x, z", "fraud", "payments", task="classification"))
    x = np.exp(np.arange(1, 100001) / 10000)
    data, fraud = np.stack([x, np.sin(np.arange(1, 100001))], axis=1), np.arange(1, 100001) > 99988
    other = DecisionTreeClassifier(max_depth=10, min_samples_split=20, min_samples_leaf=7).fit(data, fraud)
    assert (other.predict(data) == fraud).all()
    wanted = [("x", pytest.approx(other.tree_.threshold[0]), [99988, 12])]
    assert sql("SELECT feature, threshold, class_counts FROM m WHERE node = 1") == wanted
    predicted = "madlib.dtree_predict((SELECT model FROM m_summary), ARRAY[x, z])"
    assert sql(f"SELECT count(*) FROM payments WHERE {predicted}::integer <> fraud") == [(0,)]


def fill(sql, tables):
    sql("CREATE TABLE t (g integer, y float8, x0 float8, x1 float8, x2 float8)")
    rows = [
        (g, float(target), *(None if value != value else float(value) for value in features))
        for g, (X, y) in enumerate(tables)
        for features, target in zip(X, y, strict=True)
    ]
    sql.connection.inserttable("t", rows)


def train(sql, task, output, **options):
    target = "y" if task == "variance" else "y::integer"
    sql(call(FEATURES, target, output=output, criterion=task, grouping_cols="g", **options))


def check(sql, task, tables, limits, output):
    """No node of any group's tree is more than a hundredth below the best of all cuts."""
    classes = sorted({int(v) for _, y in tables for v in y}) if task != "variance" else []
    for g, (X, y) in enumerate(tables):
        codes = y if task == "variance" else np.searchsorted(classes, y)
        nodes = sql.rows(f"SELECT * FROM {output} WHERE g = {g}")
        assert worst_node(X, codes, nodes, task, len(classes), limits) >= 0.99, g


@pytest.mark.parametrize("limits", LIMITS, ids=["small leaves", "limits of rpart"])
@pytest.mark.parametrize("num_bins", [2, 10, 100])
@pytest.mark.parametrize("task", ["variance", "gini", "entropy"])
def test_every_split_is_within_a_hundredth_of_the_best(sql, task, num_bins, limits):
    """Twenty tables of each kind, two classes and four, in both feeds, which find the same splits."""
    rng = np.random.default_rng([num_bins, limits["min_bucket"], len(task)])
    tables = [table(rng, int(rng.integers(30, 400)), task) for _ in range(20)]
    fill(sql, tables)
    train(sql, task, "stored", num_bins=num_bins, **limits)
    sql("SET madpy.store_memory = 0")
    train(sql, task, "streamed", num_bins=num_bins, **limits)
    check(sql, task, tables, limits, "stored")
    if task == "variance":  # sums in another order: of splits that are equally good another may be chosen
        check(sql, task, tables, limits, "streamed")
    else:
        assert sql(SPLITS.format("stored")) == sql(SPLITS.format("streamed"))


@pytest.mark.parametrize("memory", ["256MB", "0"])
@pytest.mark.parametrize("task", ["variance", "gini", "entropy"])
def test_every_split_of_more_rows_than_a_sample_has(sql, task, memory):
    tables = [table(np.random.default_rng([9, len(task)]), 25000, task)]
    fill(sql, tables)
    sql(f"SET madpy.store_memory = '{memory}'")
    limits = LIMITS[1]
    train(sql, task, "m", num_bins=20, **limits)
    check(sql, task, tables, limits, "m")


def test_without_room_for_codes(sql):
    """Values fit into the memory setting, with their codes they do not: codes are then found in each pass."""
    fill(sql, [table(np.random.default_rng(5), 20000, "gini")])
    sql(call(FEATURES, "y::integer", criterion="gini", output="ample", max_depth=4))
    sql("SET madpy.store_memory = '800kB'")
    one_bin_each = np.ones(3).tobytes().hex()
    store = "madlib.__store_fill('SELECT x0, x1, x2, y FROM t', 0)"
    assert sql.value(f"SELECT madlib.__store_bin({store}, 0, '\\x{one_bin_each}')") is False
    sql(call(FEATURES, "y::integer", criterion="gini", verbose=True, max_depth=4))
    assert "dtree_train: reading by store" in [notice.message for notice in sql.notices]
    columns = "node, split, threshold, null_goes, num_rows, class_counts"
    assert sql(f"SELECT {columns} FROM ample ORDER BY 1") == sql(f"SELECT {columns} FROM m ORDER BY 1")


def test_values_next_to_each_other(sql, load, tree):
    """A thousand doubles in a row, in two bins: the one step among them is found to the last bit."""
    x = [1 + i * 2.0**-52 for i in range(1000)]
    load(y=[float(i >= 777) for i in range(1000)], x=x)
    nodes = tree("x", num_bins=2)
    assert len(nodes) == 3 and x[776] <= nodes[1]["threshold"] < x[777]


def test_values_of_every_size(sql, load, tree):
    """From the smallest to the largest there is: a step among them is found, at an end at once."""
    x = [-np.inf, *(sign * 10.0**e for sign in (-1, 1) for e in range(-300, 301)), 0.0, np.inf]
    x.sort()
    for at in (1, 7, 300, 601, len(x) - 1):
        load(f"t{at}", y=[float(i >= at) for i in range(len(x))], x=x)
        nodes = tree("x", source=f"t{at}", output=f"m{at}", num_bins=3, min_bucket=1)
        assert all(node["impurity"] == 0 for node in nodes.values() if node["is_leaf"])
        if at in (1, len(x) - 1):
            assert len(nodes) == 3 and x[at - 1] <= nodes[1]["threshold"] < x[at]
