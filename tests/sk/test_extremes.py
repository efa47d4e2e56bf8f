"""Rows that no model can be made of: each call ends, with a model or an error that says what is unusual."""

import pg
import pytest

ROWS = """
    SELECT i AS id, sin(i) AS a, cos(i * i) AS b, i % 7 AS y, 'c' || i % 3 AS c
    FROM generate_series(1, 40) AS i
"""
UNIT = "Give it in another unit: multiply or divide it by a constant."
# Names of what is wrong, and the columns that differ from ROWS.
CASES = {
    "large": "a * 1e300 AS a, b * 1e300 AS b, y, c",
    "denormal": "(id % 5) * 4.94e-324::float8 AS a, (id % 3) * 4.94e-324::float8 AS b, y, c",
    "constant": "1 AS a, 2 AS b, y, c",
    "counts": "id * 1000000000000000 AS a, id * id * 1000000000000000 AS b, id * 1e15 AS y, c",
}
MESSAGES = ("feature ", "the fit failed", "none of the ", "the target ")
# Texts of libraries that say nothing to a user.
SENSELESS = ("NoneType", "out of bounds", "int too large", "to integer", "object is not", "Traceback")
TARGETS = {"regression": "'y'", "classification": "'c'"}


@pytest.mark.parametrize("case", CASES)
def test_every_algorithm_ends(sql, case):
    sql(f"CREATE TABLE t AS SELECT id, {CASES[case]} FROM ({ROWS}) AS r")
    sql("SET statement_timeout = '60s'")
    algorithms = sql("SELECT algorithm, task, hyperparams ? 'n_estimators' FROM madlib.sk_algorithms()")
    for algorithm, task, has_trees in algorithms:
        sql("DROP TABLE IF EXISTS m, m_summary")
        given = '{"n_estimators": 3}' if has_trees else "{}"
        target = TARGETS.get(task, "NULL")
        try:
            sql(
                f"SELECT madlib.sk_train('t', 'm', {target}, 'a, b', '{algorithm}', '{given}',"
                f" task => '{task}')"
            )
        except pg.DatabaseError as error:
            who = f"{algorithm} for {task}: {error}"
            text = str(error).split("CONTEXT:")[0]
            assert error.sqlstate in ("22003", "22000"), who
            assert text.removeprefix("ERROR:  sk_train: ").startswith(MESSAGES), who
            assert "HINT:" in text, who
            assert not any(one in text for one in SENSELESS), who


@pytest.mark.parametrize(
    ("columns", "algorithm", "expected"),
    [
        (
            "a * 1e300 AS a, b, y, c",
            "linear_svm",
            ("22003", 'feature "a" is 9.9999e+299 in some row, and linear_svm takes 1e+50 at most', UNIT),
        ),
        (
            "a, b * 1e60 AS b, y, c",
            "random_forest",
            ("22003", 'feature "b" is 9.99648e+59 in some row, and random_forest takes 3e+38 at most', UNIT),
        ),
        (
            "a * 1e-200 AS a, b * 1e-200 AS b, y, c",
            "lda",
            ("22000", 'the fit failed: feature "a" is never larger than 9.9999e-201', UNIT),
        ),
        (
            "1 AS a, 2 AS b, y, c",
            "lda",
            (
                "22000",
                "the fit failed: no feature has more than one value",
                "Give features that differ from row to row.",
            ),
        ),
    ],
)
def test_the_error_names_what_is_wrong(sql, columns, algorithm, expected):
    sql(f"CREATE TABLE t AS SELECT {columns} FROM ({ROWS}) AS r")
    error = sql.refuses(f"SELECT madlib.sk_train('t', 'm', 'c', 'a, b', '{algorithm}')")
    sqlstate, message, hint = expected
    assert (error.sqlstate, error.message, error.hint) == (sqlstate, f"sk_train: {message}", hint)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("1e200", "a weight is 1e+200 in some row, more than 1e+15"),
        ("1e-300", "the weights of all rows sum to 4e-299, less than 1e-15"),
    ],
)
def test_weights_out_of_range(sql, weights, message):
    """Those of all methods, see helper/checks/frequencies.py; liblinear does not end with either."""
    sql(f"CREATE TABLE t AS {ROWS}")
    error = sql.refuses(
        f"SELECT madlib.sk_train('t', 'm', 'c', 'a, b', 'linear_svm', weights => '{weights}::float8')"
    )
    assert (error.sqlstate, error.message) == ("22003", f"sk_train: {message}")


def test_scaling_brings_large_numbers_into_range(sql):
    sql(f"CREATE TABLE t AS SELECT a * 1e90 AS a, b, c FROM ({ROWS}) AS r")
    sql("""SELECT madlib.sk_train('t', 'm', 'c', 'a, b', 'linear_svm', preprocess => '"auto"')""")
    sql(f"DROP TABLE t; CREATE TABLE t AS SELECT a * 1e300 AS a, b, c FROM ({ROWS}) AS r")
    error = sql.refuses(
        """SELECT madlib.sk_train('t', 'n', 'c', 'a, b', 'linear_svm', preprocess => '"auto"')"""
    )
    assert (
        error.message
        == 'sk_train: feature "a" is 9.9999e+299 in some row, and preprocess takes 1e+100 at most'
    )
