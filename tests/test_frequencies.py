"""Weights that say how many times a row counts: one rule for every method that has them."""

import pytest

METHODS = {
    "logregr_train": "'c', 'x'",
    "glm_train": "'y', 'x', 'poisson'",
    "nb_train": "'c', 'x'",
    "dtree_train": "'c', 'x'",
    "kmeans_train": "'x', 2",
}
LARGE = "Divide all weights by one number."


@pytest.fixture(params=["256MB", "0"])
def rows(sql, request):
    """Table t, over both feeds."""
    sql(f"SET madpy.store_memory = '{request.param}'")
    columns = "i, i % 7 AS x, i % 3 AS y, i % 2 = 0 AS c"
    sql(f"CREATE TABLE t AS SELECT {columns} FROM generate_series(1, 100) AS i")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("weights", "message", "hint"),
    [
        ("4e15", "a weight is 4e+15 in some row, more than 1e+15", LARGE),
        ("CASE i WHEN 50 THEN 1e300 ELSE 1 END", "a weight is 1e+300 in some row, more than 1e+15", LARGE),
        ("CASE i WHEN 50 THEN 2e15 ELSE 1 END", "a weight is 2e+15 in some row, more than 1e+15", LARGE),
        (
            "1e-300",
            "the weights of all rows sum to 1e-298, less than 1e-15",
            "Multiply all weights by one number.",
        ),
    ],
)
def test_weights_out_of_range(sql, rows, method, weights, message, hint):
    """Sums of so large weights can come first in linear models, which then name a bound of the largest."""
    error = sql.refuses(f"SELECT madlib.{method}('t', 'm', {METHODS[method]}, weights => $${weights}$$)")
    if "or more" in error.message:
        assert method in ("logregr_train", "glm_train")
        bound = message.split()[3] if weights == "4e15" else "1e+298"
        message = f"a weight is {bound} or more in some row, more than 1e+15"
    assert (error.sqlstate, error.message, error.hint) == ("22003", f"{method}: {message}", hint)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("weights", ["1e15", "1e-16"])
def test_weights_within_range(sql, rows, method, weights):
    sql(f"SELECT madlib.{method}('t', 'm', {METHODS[method]}, weights => '{weights}')")
