"""Arguments that logregr_train refuses."""

import pytest

from tests.logregr.conftest import call

COLUMNS = 'Use columns of table "t": a, b, y.'


@pytest.fixture
def source(sql):
    values = "i::float8 AS a, sin(i) AS b, sin(i * i) > 0 AS y"
    sql(f"CREATE TABLE t AS SELECT {values} FROM generate_series(1, 50) AS i")


@pytest.mark.parametrize(
    ("options", "sqlstate", "message", "hint"),
    [
        ({"optimizer": "cg"}, "22023", 'optimizer: unknown value "cg"', "Known are: irls."),
        ({"optimizer": None}, "22004", "optimizer must not be null", None),
        ({"max_iter": 0}, "22023", "max_iter must be at least 1, not 0", None),
        ({"tolerance": -0.1}, "22023", "tolerance must be between 0 and 1, not -0.1", None),
        ({"tolerance": None}, "22004", "tolerance must not be null", None),
        ({"target": "a"}, "54000", "the target has more than 2 distinct values",
         "Write a condition that is true or false, as in size > 10."),
        ({"target": "plnt"}, "42703", 'column "plnt" of table "t" does not exist', COLUMNS),
        ({"target": "y, y"}, "22023", "target must be one expression, not 2", "Give one of them."),
        ({"target": None}, "22004", "target must not be null", None),
        ({"target": "NULL::text"}, "22023", "the target is NULL in every row", None),
        ({"target": "CASE WHEN y THEN 'NaN'::float8 END"}, "22023", None, None),
        ({"target": "coalesce(1.0 / y::int::text::float8, 1)"}, "22012", None, None),
        ({"target": "CASE WHEN y THEN 'NaN' ELSE 1.0 END"}, "22003", "the target is NaN in some row", None),
        ({"features": "a, c"}, "42703", 'column "c" of table "t" does not exist', COLUMNS),
        ({"features": "CASE WHEN a = 7 THEN 'NaN'::float8 ELSE a END"}, "22003", None, None),
        ({"features": "a * 1e200"}, "22003", 'feature "a * 1e200" is too large to be squared', "Scale it."),
        ({"features": "a * 1e-160"}, "22003", 'feature "a * 1e-160" is too small to be squared', "Scale it."),
        ({"features": "b, a * 1e-310"}, "22003", 'feature "a * 1e-310" is too small to be squared', None),
        ({"features": "NULL::int"}, "22023", 'none of the 50 rows of table "t" can be used', None),
        ({"source": "nothing"}, "42P01", 'table "nothing" does not exist', None),
        ({"source": "empty"}, "22023", 'table "empty" is empty', "Give a table that has rows."),
        ({"source": "one"}, "22023", "1 rows are fewer than the 2 features", None),
        ({"output": "t"}, "42P07", 'output table "t" is the source table itself', None),
        ({"grouping_cols": "c"}, "42703", 'column "c" of table "t" does not exist', None),
        ({"grouping_cols": "coef", "source": "named"}, "42701", None, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("memory", [0, 100000])
def test_refused(sql, source, refuses, options, sqlstate, message, hint, memory):
    sql("CREATE TABLE empty AS SELECT * FROM t LIMIT 0; CREATE TABLE one AS SELECT * FROM t LIMIT 1")
    sql("CREATE TABLE named AS SELECT *, 1 AS coef FROM t")
    sql(f"SET madpy.store_memory = {memory}")
    given = {"features": "a"} | options
    error = refuses(given.pop("features"), **given)
    assert error.sqlstate == sqlstate, error
    if message:
        assert error.message == f"logregr_train: {message}"
    if hint:
        assert error.hint == hint


def test_one_class_in_every_group(sql, refuses):
    sql("CREATE TABLE t AS SELECT i AS a, i % 2 = 0 AS y, i % 2 AS g FROM generate_series(1, 20) AS i")
    error = refuses("a", grouping_cols="g")
    assert error.message == "logregr_train: the target has one class only in every group"


def test_a_model_that_is_not_one(sql, source):
    sql(call("a, b"))
    sql("SELECT madlib.regr_train('t', 'r', 'b', 'a')")
    sql("CREATE TABLE broken AS TABLE m")
    for model, sqlstate, message in [
        ("t", "42809", 'table "t" is not a model of logregr_train'),
        ("r", "42809", 'table "r" is not a model of logregr_train'),
        ("m_summary", "42809", 'table "m_summary" is not a model of logregr_train'),
        ("broken", "42P01", 'the summary table "broken_summary" of the model does not exist'),
    ]:
        error = sql.fails(f"SELECT madlib.logregr_predict('{model}', 't', 'p')")
        assert (error.sqlstate, error.message) == (sqlstate, f"logregr_predict: {message}")
    error = sql.fails("SELECT madlib.regr_predict('m', 't', 'p')")
    assert (error.sqlstate, error.message) == (
        "42809",
        'regr_predict: table "m" is not a model of regr_train',
    )
    error = sql.fails("SELECT madlib.logregr_summary('r')")
    assert error.message == 'logregr_summary: table "r" is not a model of logregr_train'


@pytest.mark.parametrize("classes", ["NULL", "'{a}'", "'{a,b,c}'", "'{a,NULL}'"])
def test_classes_that_were_altered(sql, source, classes):
    sql(call("a, b"))
    sql(f"UPDATE m_summary SET classes = {classes}")
    error = sql.fails("SELECT madlib.logregr_predict('m', 't', 'p')")
    assert (error.sqlstate, error.message) == (
        "22P02",
        "logregr_predict: the classes of the model cannot be read",
    )


def test_nothing_of_a_model_is_executed(sql, source):
    """A type or a label with SQL in it is data."""
    sql(call("a, b"))
    sql("UPDATE m_summary SET target_type = 'text); DROP TABLE t; --'")
    sql("UPDATE m_summary SET classes = ARRAY['''); DROP TABLE t; --', 'x']")
    sql("SELECT madlib.logregr_predict('m', 't', 'p')")
    assert sql.value("SELECT count(*) FROM t") == 50
    assert set(sql("SELECT DISTINCT prediction FROM p")) <= {("'); DROP TABLE t; --",), ("x",)}


def test_a_column_that_predictions_would_hide(sql, source):
    sql(call("a, b"))
    sql("CREATE VIEW v AS SELECT *, 1 AS probability FROM t")
    error = sql.fails("SELECT madlib.logregr_predict('m', 'v', 'p')")
    assert (error.sqlstate, error.message) == (
        "42701",
        'logregr_predict: table "v" has a column "probability" already',
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("0.5, '{1}', '{0,0,0}'", "the target is 0.5 in some row, not 0 or 1"),
        ("1, '{NaN}', '{0,0,0}'", "feature 1 is NaN in some row"),
        ("1, '{1e200}', '{1e200,0,0}'", "the logit of some row is not finite"),
        ("1, '{1}', '{0,0}'", "2 parameters are not three for each of 1 features"),
        ("1, '{1}', '{0,0,0,0,0}'", "5 parameters are not three for each of 1 features"),
        ("1, '{1}', NULL", "parameters must be an array of numbers without NULL"),
    ],
)
def test_the_kernel(sql, arguments, message):
    assert sql.fails(f"SELECT madlib.logregr_state({arguments})").message == message


def test_states_that_were_altered(sql):
    state = "(SELECT madlib.logregr_state(1, '{1,2}', '{0,0,0,0,0,0}'))"
    for altered in [
        f"substr({state}, 1, 100)",
        f"set_byte({state}, 6, 9)",
        f"set_byte({state}, 12, 1)",
        "'abc'",
    ]:
        for function in ("logregr_merge", "__logregr_outcome"):
            error = sql.fails(f"SELECT madlib.{function}({altered}::bytea)")
            assert error.sqlstate in ("22P03", "2202E"), error
