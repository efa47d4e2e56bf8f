"""Arguments that forest_train refuses: the SQLSTATE, the text, and that nothing is left behind."""

import pytest

from tests.forest.conftest import call


@pytest.fixture
def table(load):
    load(
        y=[0.0, 9.0] * 10, x=[1.0, 2.0] * 10, c=["a", "b"] * 10, one=["same"] * 20, b=[True] * 20,
        nothing=[None] * 19 + [1.0], nan=[float("nan")] * 20, tree=[1] * 20, w=[-1.0] * 20,
        far=[1e200, -1e200] * 10, zero=[0.0] * 20, hole=[None, float("inf")] * 10,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "sqlstate", "message"),
    [
        ({"source": "nowhere"}, "42P01", 'table "nowhere" does not exist'),
        ({"features": None}, "22004", "features must not be null"),
        ({"features": "z"}, "42703", 'column "z" of table "t" does not exist'),
        ({"target": "one"}, "22023", "the target has one class only: same"),
        ({"target": "b"}, "22023", "the target has one class only: true"),
        ({"target": "nan"}, "22003", "the target is NaN in some row"),
        ({"target": "far"}, "22003", "the target's values are too far apart to be squared"),
        ({"target": "NULL::float8"}, "22023", 'none of the 20 rows of table "t" can be used'),
        ({"num_trees": 0}, "22023", "num_trees must be between 1 and 100000, not 0"),
        ({"num_trees": 100_001}, "22023", "num_trees must be between 1 and 100000, not 100001"),
        ({"num_trees": None}, "22004", "num_trees must not be null"),
        ({"max_depth": -1}, "22023", "max_depth must be between 0 and 2147483647, not -1"),
        ({"min_split": 1}, "22023", "min_split must be at least 2, not 1"),
        ({"min_bucket": 0}, "22023", "min_bucket must be at least 1, not 0"),
        ({"num_features": 0}, "22023", "num_features must be between 1 and 1, not 0"),
        ({"num_features": 2}, "22023", "num_features must be between 1 and 1, not 2"),
        ({"sample_ratio": 0.0}, "22023", "sample_ratio must be above 0, not 0"),
        ({"sample_ratio": 1.5}, "22023", "sample_ratio must be between 0 and 1, not 1.5"),
        ({"replacement": None}, "22004", "replacement must not be null"),
        ({"splitter": "worst"}, "22023", 'splitter: unknown value "worst"'),
        ({"importance": True, "oob": False}, "22023", "importance by permutation needs out-of-bag rows"),
        (
            {"importance": True, "replacement": False},
            "22023",
            "every tree is grown from all rows, so that none are out of bag",
        ),
        ({"class_weights": '{"a": 2}'}, "22023", "class_weights are for a classification"),
        (
            {"target": "c", "class_weights": '{"z": 2}'},
            "22023",
            'class_weights: "z" is not a class of the target',
        ),
        (
            {"target": "c", "class_weights": '{"a": 0}'},
            "22023",
            'class_weights: the weight of "a" must be from 1e-12 to 1e+12',
        ),
        (
            {"target": "c", "class_weights": "[1, 2]"},
            "22023",
            "class_weights must be an object of classes and their weights",
        ),
        ({"seed": -1}, "22023", "seed must be between 0 and 2147483647, not -1"),
        ({"weights": "zero"}, "22023", 'none of the 20 rows of table "t" can be used'),
        (
            {"grouping_cols": "tree"},
            "42701",
            'grouping column "tree" has the name of a column of the output table',
        ),
        (
            {"criterion": "gini", "task": "regression"},
            "22023",
            'criterion "gini" does not go with task "regression"',
        ),
    ],
)  # fmt: skip
def test_refused(table, refuses, options, sqlstate, message):
    error = refuses(**{"features": "x", **options})
    assert (error.sqlstate, error.message) == (sqlstate, f"forest_train: {message}")


def test_negative_weights(table, refuses):
    assert refuses("x", weights="w").sqlstate == "22003"


def test_an_empty_table(sql, refuses):
    sql("CREATE TABLE t (y float8, x float8)")
    assert refuses("x").message == 'forest_train: table "t" is empty'


def test_features_that_are_never_known(sql, table):
    """Infinities are values; NaN is NULL."""
    sql(call("x, nan, hole, nothing", num_trees=3))
    assert sql.warnings == ["NULL in every row, and so left out: nan"]


def test_more_rows_than_memory_allows(sql, table, refuses):
    sql("CREATE TABLE u AS SELECT i::float8 AS y, i::float8 AS x FROM generate_series(1, 200000) AS i")
    sql("SET madpy.worker_memory = '1MB'")
    error = refuses("x", source="u")
    assert error.message == "forest_train: the rows do not fit madpy.worker_memory"


def test_a_model_that_would_be_too_large(sql, refuses):
    """Known after the first trees, not when all of them are grown."""
    sql("CREATE TABLE t AS SELECT random() AS x, random() AS y FROM generate_series(1, 3000)")
    error = refuses("x", num_trees=100_000)
    assert error.sqlstate == "54000"
    assert error.message.startswith("forest_train: a model of 100000 such trees would take about ")
    assert error.hint == "Choose fewer trees, a smaller max_depth, or a larger min_bucket."


def test_functions_on_a_store_of_nothing(sql):
    """Whoever may call the drivers may call these, too."""
    for query in (
        "SELECT madlib.__forest_grow(1, '{}', 1)",
        "SELECT madlib.__forest_finish(1)",
        "SELECT * FROM madlib.__forest_trees(1)",
        "SELECT madlib.__store_code(1, '', 1, 0)",
    ):
        assert sql.fails(query).sqlstate == "42704"


STEPS = [
    ("SELECT madlib.__forest_grow({s}, '{{}}', 1)", "55000"),
    ("SELECT madlib.__store_code({s}, '', 3, 0)", "22023"),
    ("SELECT madlib.__store_code({s}, '\\x0000', 1, 0)", None),
    ("SELECT madlib.__store_code({s}, float8send('NaN'), 1, 2)", "22023"),
    ("SELECT madlib.__store_code({s}, decode('000000000000f03f', 'hex'), 1, 2)", "22023"),
    ("SELECT madlib.__store_code({s}, decode('000000000000f03f', 'hex'), 1, 0)", None),
    ("SELECT madlib.__store_code({s}, decode('000000000000f03f', 'hex'), 1, 0)", "22023"),
    ("SELECT * FROM madlib.__forest_trees({s})", "55000"),
    ("SELECT madlib.__forest_grow({s}, '{{}}', 1)", "22023"),
    ("SELECT madlib.__forest_grow({s}, array_fill('NaN'::float8, ARRAY[13]), 1)", "22023"),
    ("SELECT madlib.__forest_grow({s}, '{{3, 9, 2, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0}}', 2)", None),
    ("SELECT madlib.__forest_finish({s})", "22023"),  # not all trees are grown
    ("SELECT madlib.__forest_grow({s}, '{{}}', 4)", "22023"),
    ("SELECT madlib.__forest_grow({s}, '{{}}', 3)", None),
    ("SELECT madlib.__forest_finish({s})", None),
    ("SELECT madlib.__forest_model({s}, 1, '', '{{}}')", "22023"),
    ("SELECT madlib.__forest_model({s}, 0, '', '{{}}')", "22023"),
    ("SELECT madlib.__forest_model({s}, 0, '', array_fill(NULL::bytea, ARRAY[5]))", "22023"),
]  # fmt: skip


def test_steps_out_of_order(sql):
    """Each is an error or does what it says, and the session goes on."""
    sql("CREATE TABLE t AS SELECT i % 7 + 0.5::float8 AS x, i::float8 AS y FROM generate_series(1, 50) AS i")
    sql("BEGIN")
    store = sql.value("SELECT madlib.__store_fill('SELECT x, y FROM t')")
    for query, state in STEPS:
        sql("SAVEPOINT s")
        if state is None:
            sql(query.format(s=store))
        else:
            assert sql.fails(query.format(s=store)).sqlstate == state, query
            sql("ROLLBACK TO s")
