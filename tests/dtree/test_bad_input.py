"""Arguments that dtree_train refuses: the SQLSTATE, the text, and that nothing is left behind."""

import pytest

from tests.dtree.conftest import call


@pytest.fixture
def table(load):
    load(
        y=[0.0, 9.0] * 10, x=[1.0, 2.0] * 10, c=["a", "b"] * 10, one=["same"] * 20, b=[True] * 20,
        nothing=[1.0] + [None] * 19, nan=[float("nan")] * 20, impurity=[1] * 20,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "sqlstate", "message"),
    [
        ({"source": "nowhere"}, "42P01", 'table "nowhere" does not exist'),
        ({"output": "t"}, "42P07", 'output table "t" is the source table itself'),
        ({"features": None}, "22004", "features must not be null"),
        ({"features": "z"}, "42703", 'column "z" of table "t" does not exist'),
        ({"features": "x; DROP TABLE t"}, "42601", 'features: syntax error at or near ";"'),
        ({"target": None}, "22004", "target must not be null"),
        ({"target": "one"}, "22023", "the target has one class only: same"),
        ({"target": "b"}, "22023", "the target has one class only: true"),
        ({"target": "nan"}, "22003", "the target is NaN in some row"),
        ({"target": "NULL::float8"}, "22023", 'none of the 20 rows of table "t" can be used'),
        (
            {"target": "c", "task": "regression"},
            "42804",
            'target: "c" is of type text, a number or boolean is needed',
        ),
        ({"task": "guess"}, "22023", 'task: unknown value "guess"'),
        ({"criterion": "gain"}, "22023", 'criterion: unknown value "gain"'),
        (
            {"criterion": "gini", "task": "regression"},
            "22023",
            'criterion "gini" does not go with task "regression"',
        ),
        ({"max_depth": 31}, "22023", "max_depth must be between 0 and 30, not 31"),
        ({"max_depth": None}, "22004", "max_depth must not be null"),
        ({"min_split": 1}, "22023", "min_split must be at least 2, not 1"),
        ({"min_bucket": 0}, "22023", "min_bucket must be at least 1, not 0"),
        ({"num_bins": 1}, "22023", "num_bins must be between 2 and 10000, not 1"),
        ({"prune_cp": -0.5}, "22023", "prune_cp must be between 0 and 1, not -0.5"),
        ({"n_folds": 1}, "22023", "n_folds must be 0 or at least 2, not 1"),
        ({"seed": -1}, "22023", "seed must be between 0 and 2147483647, not -1"),
        ({"grouping_cols": "z"}, "42703", 'column "z" of table "t" does not exist'),
        (
            {"grouping_cols": "impurity"},
            "42701",
            'grouping column "impurity" has the name of a column of the output table',
        ),
        ({"categorical_cols": "c"}, "22023", 'categorical_cols: "c" is not among the features'),
    ],
)  # fmt: skip
def test_refused(table, refuses, options, sqlstate, message):
    error = refuses(**{"features": "x", **options})
    assert (error.sqlstate, error.message) == (sqlstate, f"dtree_train: {message}")
    assert error.hint is None or error.hint.endswith((".", "?")), error.hint


def test_an_empty_table(sql, load, refuses):
    load(y=[1.0], x=[1.0])
    sql("DELETE FROM t")
    for memory in ("256MB", "0"):
        sql(f"SET madpy.store_memory = '{memory}'")
        for grouping in (None, "x"):
            error = refuses("x", grouping_cols=grouping)
            assert error.message == 'dtree_train: table "t" is empty'


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize(("column", "forced"), [("c", None), ("i", "i")])
def test_more_than_100_000_categories(sql, refuses, column, forced, memory):
    sql("CREATE TABLE t AS SELECT i, i::float8 AS y, 'k' || i AS c FROM generate_series(1, 100001) AS i")
    sql(f"SET madpy.store_memory = {memory}")
    error = refuses(f"y, {column}", categorical_cols=forced)
    assert error.sqlstate == "54000"
    assert error.message == f'dtree_train: features: "{column}" has more than 100000 distinct values'


def test_a_key_is_refused_before_it_is_read_to_its_end(sql, refuses):
    """The last row has no value of the expression, only an error."""
    sql("CREATE TABLE t AS SELECT i AS y, i - 100100 AS c FROM generate_series(1, 100100) AS i")
    error = refuses("y, (1e14 / c)::bigint::text")
    assert (
        error.message
        == 'dtree_train: features: "(1e14 / c)::bigint::text" has more than 100000 distinct values'
    )


def test_many_categories(sql):
    """As many as there may be: two sets of them, even and odd."""
    sql("CREATE TABLE t AS SELECT i % 2 AS y, 'k' || i AS c FROM generate_series(1, 30000) AS i")
    sql(call("c", max_depth=1))
    assert sql("SELECT cardinality(levels_left) FROM m WHERE node = 1") == [(15000,)]
    assert sql("SELECT DISTINCT impurity FROM m WHERE is_leaf") == [(0.0,)]


def test_features_that_say_nothing(table, sql):
    """Constant, NULL, NaN: no split, but no error while there is a target."""
    sql(call("nothing, nan, one, b"))
    assert sql("SELECT is_leaf FROM m") == [(True,)]


def test_infinite_features(sql, load):
    load(y=[0.0, 0.0, 9.0, 9.0] * 5, x=[-float("inf"), 1.0, 2.0, float("inf")] * 5)
    sql(call("x", min_split=2, min_bucket=1))
    assert sql("SELECT split FROM m WHERE node = 1") == [("x <= 1.5",)]


def test_a_rare_class_is_kept(sql, load):
    """A class of one row is in no leaf of its own, but among the classes."""
    load(y=["a"] * 15 + ["b"] * 14 + ["c"], x=[float(i) for i in range(30)])
    (row,) = sql.rows(call("x"))
    assert row["classes"] == ["a", "b", "c"]
    assert sql("SELECT class_counts FROM m WHERE node = 1") == [([15, 14, 1],)]


def test_many_groups_have_fewer_bins(sql):
    """Said with a warning; the trees are those that one gets with so few."""
    sql(
        "CREATE TABLE t AS SELECT i % 20000 AS g, i::float8 AS y,"
        " ARRAY(SELECT (i::bigint * j * 7919 % 1009)::float8 FROM generate_series(1, 20) AS j) AS x"
        " FROM generate_series(1, 60000) AS i"
    )
    options = {"max_depth": 1, "min_split": 2, "min_bucket": 1, "grouping_cols": "g"}
    sql(call("x", **options))
    said = [notice.message for notice in sql.notices if notice.severity == "WARNING"]
    assert said == ["num_bins is lowered from 100 to 32: there are many groups and features"]
    sql(call("x", output="n", num_bins=32, **options))
    assert not [notice for notice in sql.notices if notice.severity == "WARNING"]
    assert sql("SELECT count(*) FROM (TABLE m EXCEPT TABLE n) AS other") == [(0,)]
    assert sql("SELECT count(*), sum(num_rows) FROM m WHERE node = 1") == [(20000, 60000)]


def test_too_many_groups_to_count(sql, refuses):
    sql("CREATE TABLE t AS SELECT i AS g, i::float8 AS y, array_fill(i::float8, ARRAY[300]) AS x"
        " FROM generate_series(1, 20000) AS i")  # fmt: skip
    error = refuses("x", grouping_cols="g")
    assert error.sqlstate == "54000"
    assert error.message == "dtree_train: there are too many groups, features and levels to count at once"


@pytest.mark.parametrize(("by", "how"), [("1e300", "far apart"), ("1e-310", "close together")])
def test_a_target_whose_squares_are_no_numbers(sql, refuses, by, how):
    sql(f"CREATE TABLE t AS SELECT i::float8 AS x, i * {by}::float8 AS y FROM generate_series(1, 40) AS i")
    for memory in ("256MB", "0"):
        sql(f"SET madpy.store_memory = '{memory}'")
        error = refuses("x")
        assert error.sqlstate == "22003"
        assert error.message == f"dtree_train: the target's values are too {how} to be squared"
    sql(call("x", f"y / {by}"))
    sql(call("y", "x", output="n"))  # among the features all numbers do
    assert sql("SELECT count(*) > 1 FROM n") == [(True,)]


@pytest.mark.parametrize("features", ["NULL", "x, NULL", "NULL::boolean, x", "nothing_at_all, x"])
def test_a_category_without_a_value(sql, features):
    sql("CREATE TABLE t AS SELECT i::float8 AS x, i % 2 AS y, NULL::text AS nothing_at_all"
        " FROM generate_series(1, 40) AS i")  # fmt: skip
    for memory, output in (("256MB", "m"), ("0", "n")):
        sql(f"SET madpy.store_memory = '{memory}'")
        sql(call(features, min_bucket=1, min_split=2, output=output))
    assert sql("TABLE m") == sql("TABLE n")


ONE_LEAF = [
    ({}, "the tree is one leaf: 20 rows are fewer than min_split, 30"),
    ({"min_split": 2, "min_bucket": 11}, "the tree is one leaf: 20 rows are fewer than twice min_bucket, 11"),
    ({"max_depth": 0}, "the tree is one leaf: max_depth is 0"),
    ({"grouping_cols": "c"}, "2 of 2 trees are one leaf: their groups have fewer rows than min_split, 30"),
    ({"min_split": 2, "min_bucket": 1}, None),
    ({"target": "2.5"}, None),  # there is nothing to split
]


@pytest.mark.parametrize(("options", "message"), ONE_LEAF)
def test_a_notice_says_which_limit_left_one_leaf(table, sql, options, message):
    options = {"min_split": 30, **options}
    sql(call("x", **{"target": "y + x * impurity * random()", **options}))
    assert [notice.message for notice in sql.notices] == ([message] if message else [])


@pytest.mark.parametrize("memory", ["256MB", "0"])
def test_a_warning_names_features_that_are_never_there(sql, memory):
    """More rows than a sample has, one of which alone has a value of `once`."""
    sql(
        "CREATE TABLE many AS SELECT i AS y, i AS x, NULL::float8 AS none, 'NaN'::float8 AS nan,"
        " NULL::text AS word, CASE WHEN i = 7 THEN 1 END AS once FROM generate_series(1, 12000) AS i"
    )
    sql(f"SET madpy.store_memory = '{memory}'")
    sql(call("x, none, nan, once, word", source="many", max_depth=2))
    assert sql.warnings == ["NULL in every row, and so left out: none, nan, word"]
    sql(call("x, once", source="many", output="n", max_depth=2))
    assert not sql.warnings
