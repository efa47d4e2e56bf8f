"""Rows and tables scored: each prediction is that of the node that the row falls into."""

import pytest

from tests.dtree.conftest import call

SMALL = {"min_split": 2, "min_bucket": 1}


@pytest.fixture
def mixed(sql, load):
    """A number with NULLs, a category and a boolean decide."""
    n = 120
    load(
        id=list(range(n)),
        x=[None if i % 7 == 0 else i * 37 % 50 / 2 for i in range(n)],
        c=["abc"[i * 11 % 3] for i in range(n)],
        b=[i % 4 == 0 for i in range(n)],
        y=[float(i * 37 % 50 + 20 * (i * 11 % 3)) for i in range(n)],
    )


def test_a_table(sql, mixed):
    """In sample, the mean squared error is the leaves' impurity."""
    sql(call("x, c, b"))
    sql("SELECT madlib.dtree_predict('m', 't', 'p')")
    error = sql.value("SELECT avg((prediction - y) ^ 2) FROM p")
    leaves = sql.value("SELECT sum(num_rows * impurity) / sum(num_rows) FROM m WHERE is_leaf")
    assert error == pytest.approx(leaves)
    assert sql.value("SELECT pg_typeof(prediction)::text FROM p LIMIT 1") == "double precision"


def test_classes_have_their_type(sql, mixed):
    sql(call("x, b", "ascii(c)", task="classification"))
    sql("SELECT madlib.dtree_predict('m', 't', 'p')")
    assert sql.value("SELECT pg_typeof(prediction)::text FROM p LIMIT 1") == "integer"
    right = sql.value("SELECT count(*) FILTER (WHERE prediction = ascii(c)) FROM p")
    counted = sql.value("SELECT sum((SELECT max(n) FROM unnest(class_counts) AS n)) FROM m WHERE is_leaf")
    assert right == counted


def test_probabilities_are_shares(sql, mixed):
    sql(call("x, y", "c", max_depth=3))
    sql("SELECT madlib.dtree_predict_prob('m', 't', 'p')")
    assert sql.value("SELECT count(*) FROM p") == 360
    assert sql("SELECT DISTINCT round(sum(probability)::numeric, 12) FROM p GROUP BY id") == [(1,)]
    expected = sql.value("SELECT sum(class_counts[1]) FROM m WHERE is_leaf")
    assert sql.value("SELECT sum(probability) FROM p WHERE prediction = 'a'") == pytest.approx(
        float(expected)
    )


def test_rows_of_numbers_and_of_texts(sql, mixed):
    sql(call("x, c, b"))
    sql("SELECT madlib.dtree_predict('m', 't', 'p')")
    by_text = "madlib.dtree_predict_number(model, ARRAY[x::text, c, b::text])"
    by_code = "madlib.dtree_predict_number(model, ARRAY[x, ascii(c) - 97, b::int])"
    wrong = "SELECT count(*) FROM p, m_summary WHERE {} IS DISTINCT FROM prediction"
    assert sql.value(wrong.format(by_text)) == sql.value(wrong.format(by_code)) == 0
    as_text = (
        "SELECT count(*) FROM p, m_summary WHERE madlib.dtree_predict(model, ARRAY[x::text, c, b::text])"
    )
    assert sql.value(f"{as_text}::float8 IS DISTINCT FROM prediction") == 0


def test_a_new_level_goes_where_null_goes(sql, load):
    load(y=[1.0, 1.0, 5.0] * 5, c=["a", "b", "c"] * 5)
    sql(call("c", **SMALL))
    row = sql(
        "SELECT madlib.dtree_predict_number(model, ARRAY[v]) FROM m_summary, unnest('{a,c,z,NULL}'::text[]) v"
    )
    assert row == [(1.0,), (5.0,), (1.0,), (1.0,)]


def test_groups_find_their_own_tree(sql, mixed):
    sql(call("x, b", grouping_cols="c"))
    sql("CREATE VIEW more AS SELECT * FROM t UNION ALL SELECT 999, 1, 'z', true, 0")
    sql("SELECT madlib.dtree_predict('m', 'more', 'p')")
    error = sql.value("SELECT avg((prediction - y) ^ 2) FROM p")
    leaves = sql.value("SELECT sum(num_rows * impurity) / sum(num_rows) FROM m WHERE is_leaf")
    assert error == pytest.approx(leaves)
    assert sql("SELECT id FROM p WHERE prediction IS NULL") == [(999,)]


def test_a_tree_of_one_node(sql, load):
    load(y=[1.0, 2.0, 6.0], x=[1.0, 1.0, 1.0])
    sql(call("x"))
    assert sql.value("SELECT madlib.dtree_predict_number(model, ARRAY[7]) FROM m_summary") == 3


def test_expressions_are_given_again(sql, mixed):
    sql(call("x * 2, c"))
    error = sql.fails("SELECT madlib.dtree_predict('m', 't', 'p')")
    assert error.message == "dtree_predict: the model has an expression among its features: x * 2"
    sql("SELECT madlib.dtree_predict('m', 't', 'p', 'x * 2, c')")
    assert sql.value("SELECT count(prediction) FROM p") == 120


@pytest.mark.parametrize(
    ("query", "sqlstate", "message"),
    [
        ("dtree_predict(model, ARRAY[1, 2]::float8[])", "2202E", "2 features do not fit the 3 of the model"),
        (
            "dtree_predict(model, ARRAY[[1, 2, 3]]::float8[])",
            "2202E",
            "features must be an array of one dimension",
        ),
        ("dtree_predict('\\x00'::bytea, ARRAY[1, 2]::float8[])", "22P03", "this is not a model"),
        (
            "dtree_predict(model, ARRAY['a', 'b', 'c'])",
            "22P02",
            "invalid input syntax for type double precision",
        ),
        ("dtree_predict_prob(model, ARRAY[1, 2, 3]::float8[])", "42809", "this tree predicts a number"),
    ],
)
def test_what_does_not_fit(sql, mixed, query, sqlstate, message):
    sql(call("x, c, b"))
    error = sql.fails(f"SELECT madlib.{query} FROM m_summary")
    assert (error.sqlstate, error.message[: len(message)]) == (sqlstate, message)


def test_a_class_is_no_number(sql, mixed):
    sql(call("x", "c"))
    error = sql.fails("SELECT madlib.dtree_predict_number(model, ARRAY[1]::float8[]) FROM m_summary")
    assert (error.sqlstate, error.message) == ("42809", "this tree predicts a class, not a number")


def test_a_model_of_another_method(sql, mixed):
    sql("SELECT madlib.regr_train('t', 'linear', 'y', 'x')")
    sql("SELECT madlib.nb_train('t', 'bayes', 'c', 'x')")
    for model, function in (
        ("linear", "dtree_predict('{}', 't', 'p')"),
        ("bayes", "dtree_predict('{}', 't', 'p')"),
    ):
        error = sql.fails(f"SELECT madlib.{function.format(model)}")
        assert error.sqlstate == "42809", error
    assert sql.fails("SELECT madlib.dtree_display('t')").message == (
        'dtree_display: table "t" is not a model of dtree_train'
    )
    error = sql.fails("SELECT madlib.dtree_predict(model, ARRAY[1]::float8[]) FROM bayes_summary")
    assert (error.sqlstate, error.message) == ("42809", "this model is of another method")
