"""An offset beside features in an array: rows whose array is NULL, empty, or of another shape."""

import numpy as np
import pytest

ROWS = "i, (2 + sin(i) + i % 3)::int AS y, sin(i) / 10 AS o, ARRAY[1, i % 3, cos(i)] AS v"


@pytest.fixture
def arrays(sql):
    """Table t: 50 rows with an array, and row 51 without."""
    sql(f"CREATE TABLE t AS SELECT {ROWS} FROM generate_series(1, 50) AS i")
    sql("INSERT INTO t VALUES (51, 1, 0.1, NULL)")


@pytest.mark.parametrize("groups", [None, "i % 2"])
def test_a_row_whose_array_is_null(sql, arrays, train, groups):
    """The row is skipped: coefficients and predictions are those of the elements given one by one."""
    options = {"offset": "o"} | ({"grouping_cols": "g"} if groups else {})
    sql(f"ALTER TABLE t ADD g int; UPDATE t SET g = {groups or 0}")
    order = "g" if groups else "1"
    found = train("v", "poisson", order=order, **options)
    wanted = train("ARRAY[v[1], v[2], v[3]]", "poisson", order=order, output="n", **options)
    assert sum(row["num_rows_processed"] for row in found) == 50
    assert sum(row["num_missing_rows_skipped"] for row in found) == 1
    np.testing.assert_array_equal([row["coef"] for row in found], [row["coef"] for row in wanted])
    made = sql("""SELECT * FROM madlib.glm_predict('m', 't', 'p', "offset" => 'o')""")
    assert made[0][1:] == (51, 1)
    assert sql("SELECT i FROM p WHERE prediction IS NULL") == [(51,)]


@pytest.mark.parametrize(
    "features",
    ["'{}'::float8[]", "NULL::float8[]", "(CASE WHEN i < 0 THEN v END)", "ARRAY[v, v]"],
)
def test_the_error_is_that_without_an_offset(arrays, refuses, features):
    found, wanted = (refuses(features, "poisson", **more) for more in ({"offset": "o"}, {}))
    assert (found.sqlstate, found.message, found.hint) == (wanted.sqlstate, wanted.message, wanted.hint)


@pytest.mark.parametrize("row", ["'{}'", "ARRAY[1.0, 2]", "ARRAY[1, 2, 3, 4.0]", "ARRAY[[1, 2, 3.0]]"])
def test_a_prediction_of_a_row_of_another_length(sql, arrays, train, row):
    """An offset never stands for a feature: arrays that are one shorter are errors."""
    train("v", "poisson", offset="o")
    sql(f"UPDATE t SET v = {row} WHERE i = 7")
    error = sql.refuses("""SELECT madlib.glm_predict('m', 't', 'p', "offset" => 'o')""")
    assert error.sqlstate == "2202E"
