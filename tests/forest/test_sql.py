"""forest_train, its tables, and predictions, by examples that one can see."""

import numpy as np
import pytest

from tests.forest.conftest import call, numbers


@pytest.fixture
def seen(load):
    """Two classes told apart by x, and a category and a boolean that say nothing."""
    load(
        y=["low"] * 20 + ["high"] * 20, x=[float(i) for i in range(40)], c=["a", "b"] * 20,
        b=[True, False] * 20, g=[1, 1, 2, 2] * 10, id=list(range(40)),
    )  # fmt: skip


def test_the_model(sql, seen):
    sql(call("x, c, b", num_trees=25, importance=True))
    assert sql("SELECT tree FROM m") == [(i,) for i in range(1, 26)]
    assert sql("SELECT count(*), min(depth) > 0, bool_and(num_nodes = 2 * num_leaves - 1) FROM m") == [
        (25, True, True)
    ]
    ((classes, error, importance, permutation),) = sql(
        "SELECT classes, oob_error, impurity_importance, permutation_importance FROM m_summary"
    )
    assert classes == ["high", "low"]
    assert error < 0.1
    assert importance[0] > 0.6 and sum(importance) == pytest.approx(1)
    assert permutation[0] > 0.2 > max(np.abs(permutation[1:]))
    rows = sql("SELECT feature, importance, permutation FROM madlib.forest_importance('m')")
    assert rows[0][0] == "x"
    assert sorted(rows) == sorted(zip(["x", "c", "b"], importance, permutation, strict=True))


def test_the_record_is_the_summary(sql, seen):
    (record,) = sql.rows(call("x, c", num_trees=5, max_depth=2, seed=7))
    ((num_trees, depth, seed, task, processed),) = sql(
        "SELECT num_trees, depth, seed, task, num_rows_processed FROM m_summary"
    )
    assert (num_trees, depth, seed, task, processed) == (5, 2, 7, "classification", 40)
    for name in ("num_trees", "depth", "seed", "task", "num_rows_processed", "oob_error", "num_nodes"):
        assert sql(f"SELECT {name} FROM m_summary") == [(record[name],)]


def test_predictions(sql, seen):
    sql(call("x, c, b", num_trees=25))
    assert sql("SELECT num_rows, num_null_predictions FROM madlib.forest_predict('m', 't', 'p')") == [(40, 0)]
    assert sql("SELECT count(*) FROM p WHERE prediction = y") == [(40,)]
    sql("SELECT madlib.forest_predict_prob('m', 't', 'q')")
    assert sql("SELECT count(*), count(DISTINCT prediction), sum(probability) FROM q") == [
        (80, 2, pytest.approx(40))
    ]
    one = "SELECT madlib.forest_predict(model, ARRAY['3', 'a', 'true']) FROM m_summary"
    assert sql(one) == [("low",)]
    # numbers, and the codes of categories in the order of their values
    assert sql("SELECT madlib.forest_predict(model, ARRAY[30, 1, 0]) FROM m_summary") == [("high",)]


def test_groups_have_forests_of_their_own(sql, seen):
    sql(call("x", grouping_cols="g", num_trees=6))
    assert sql("SELECT g, count(*) FROM m GROUP BY g ORDER BY g") == [(1, 6), (2, 6)]
    assert sql("SELECT g, num_rows_processed FROM m_summary ORDER BY g") == [(1, 20), (2, 20)]
    assert sql("SELECT sum(num_nodes) FROM m") == sql("SELECT sum(num_nodes) FROM m_summary")
    sql("SELECT madlib.forest_predict('m', 't', 'p')")
    assert sql.value("SELECT count(*) FROM p WHERE prediction = y") >= 38  # but for rows beside 19.5


def test_missing_values_are_a_value(sql, load):
    """The target is high where x is NULL, and x says nothing else."""
    load(y=[1.0, 0.0] * 50, x=[None, 3.0] * 50, id=list(range(100)))
    sql(call("x", num_trees=10))
    assert numbers(sql, "x").tolist() == [1.0, 0.0] * 50


def test_rows_without_a_target_are_skipped(sql, load):
    load(y=[1.0, None, 2.0, 3.0], x=[1.0, 2.0, 3.0, None], id=list(range(4)))
    sql(call("x", num_trees=3))
    assert sql("SELECT num_rows_processed, num_missing_rows_skipped FROM m_summary") == [(3, 1)]


def test_one_row(sql, load):
    load(y=[5.5], x=[1.0], id=[0])
    sql(call("x", num_trees=4))
    assert numbers(sql, "x").tolist() == [5.5]
    assert sql("SELECT num_nodes, num_rows > 0 FROM m") == [(1, True)] * 4


def test_a_constant_target(sql, load):
    load(y=[0.1] * 30, x=[float(i) for i in range(30)], id=list(range(30)))
    sql(call("x", num_trees=4))
    assert numbers(sql, "x").tolist() == [0.1] * 30
    assert sql("SELECT DISTINCT num_nodes, oob_error FROM m") == [(1, 0.0)]


def test_quoted_names(sql):
    sql('CREATE TABLE "A t" ("The y" float8, "x;" float8, "g g" text)')
    sql("""INSERT INTO "A t" SELECT i % 2, i % 2, 'a''b' FROM generate_series(1, 50) AS i""")
    sql(call('"x;"', '"The y"', source='"A t"', output='"A m"', grouping_cols='"g g"', num_trees=3))
    assert sql('SELECT "g g", count(*) FROM "A m" GROUP BY 1') == [("a'b", 3)]
    sql("""SELECT madlib.forest_predict('"A m"', '"A t"', '"A p"')""")
    assert sql('SELECT count(*) FROM "A p" WHERE prediction = "The y"') == [(50,)]


def test_grouping_columns_named_as_figures(sql, load):
    """Names that functions of the library use for their own columns."""
    load(y=[1.0, 2.0] * 10, x=[1.0, 2.0] * 10, used=[1] * 20, group_number=[7] * 20)
    sql(call("x", grouping_cols="used, group_number", num_trees=2))
    assert sql("SELECT used, group_number, num_rows_processed FROM m_summary") == [(1, 7, 20)]


@pytest.mark.parametrize("levels", [256, 5000])
@pytest.mark.parametrize("target", ["y", "y > 0", "floor(least(greatest(y, -1), 1))"])
def test_many_levels(sql, levels, target):
    """More levels than codes: each level's own effect on the target is found again."""
    sql(
        f"""
        CREATE TABLE t AS SELECT i AS id, 'l' || i % {levels} AS c, sin(i % {levels}) AS y
        FROM generate_series(1, 20000) AS i
        """
    )
    sql(call("c", target, task="regression" if target == "y" else "classification", num_trees=5))
    ((error, r2),) = sql("SELECT oob_error, oob_r2 FROM m_summary")
    assert error < 0.02
    assert r2 is None or r2 > 0.97
    sql("SELECT madlib.forest_predict('m', 't', 'p')")
    assert sql("SELECT count(*) FROM p WHERE prediction IS NULL") == [(0,)]
    assert sql("SELECT madlib.forest_predict(model, ARRAY['unknown']) IS NOT NULL FROM m_summary") == [
        (True,)
    ]


def test_out_of_bag_losses_are_those_of_a_tree(sql, load_matrix):
    """All errors of a tree without limits are out of bag: it has learned its own rows by heart."""
    rng = np.random.default_rng(0)
    X = rng.permuted(np.tile(np.arange(200.0), (3, 1)), axis=1).T
    features = load_matrix(X, rng.normal(size=200))
    for options, error in (
        ({"target": "(y > 0)"}, "(prediction <> (y > 0))::int"),
        (
            {"target": "(ARRAY['a', 'b', 'c'])[1 + (id % 3)]"},
            "(prediction <> (ARRAY['a', 'b', 'c'])[1 + (id % 3)])::int",
        ),
        ({}, "(prediction - y) ^ 2"),
    ):
        for replacement in (True, False):
            sql(call(features, num_trees=1, replacement=replacement, sample_ratio=0.6, **options))
            ((rows, loss, of_all, mean),) = sql(
                """
                SELECT m.oob_rows, m.oob_rows * m.oob_error, s.oob_rows, s.oob_error
                FROM m, m_summary AS s
                """
            )
            assert 50 < rows < 150 and of_all == rows and mean * rows == pytest.approx(loss)
            sql("SELECT madlib.forest_predict('m', 't', 'p')")
            assert sql(f"SELECT sum({error}) FROM p") == [(pytest.approx(loss),)]
            sql("DROP TABLE m, m_summary, p")


def test_without_out_of_bag_rows(sql, seen):
    sql(call("x", num_trees=3, replacement=False))
    assert sql("SELECT DISTINCT num_rows, oob_rows, oob_error FROM m") == [(40, 0, None)]
    assert sql("SELECT oob_error FROM m_summary") == [(None,)]


def test_limits(sql, load_matrix):
    rng = np.random.default_rng(0)
    features = load_matrix(rng.normal(size=(500, 3)), rng.normal(size=500))
    sql(call(features, num_trees=3, max_depth=0))
    assert sql("SELECT DISTINCT num_nodes, depth FROM m") == [(1, 0)]
    sql("DROP TABLE m, m_summary")
    sql(call(features, num_trees=5, min_bucket=40))
    leaves = (
        "SELECT min(n.num_rows) FROM m_summary, generate_series(1, 5) AS t,"
        " madlib.__forest_tree(model, t, 99) AS n WHERE n.feature IS NULL"
    )
    assert sql.value(leaves) >= 40
    sql("DROP TABLE m, m_summary")
    sql(call(features, num_trees=5, min_split=100))
    assert sql.value(leaves.replace("NULL", "NOT NULL")) >= 100


def test_balanced_classes(sql, load):
    """Two classes in rows that look the same have half of the weight each."""
    load(y=[True] * 90 + [False] * 10, x=[1.0] * 100)
    sql(call("x", num_trees=200, class_weights='"balanced"'))
    ((share,),) = sql(
        "SELECT probability FROM m_summary, madlib.forest_predict_prob(model, ARRAY[1]) WHERE class = 'true'"
    )
    assert share == pytest.approx(0.5, abs=0.03)


def test_drawings(sql, seen):
    sql(call("x, c", num_trees=3, max_depth=2))
    text = sql.value("SELECT madlib.forest_display('m', 2)")
    assert " rows" in text and ("yes: " in text)
    assert sql.value("SELECT madlib.forest_display('m', 1, 'dot')").startswith("digraph")
    assert sql.value("SELECT madlib.forest_display('m', 1, 'svg')").startswith("<svg")
    assert sql.value("SELECT madlib.forest_display('m', 1, max_depth => 0)").count("\n") == 0
    error = sql.fails("SELECT madlib.forest_display('m', 4)")
    assert (error.message, error.hint) == (
        "forest_display: the model has 3 trees, and no tree 4", "Give a number from 1 to 3."
    )  # fmt: skip
