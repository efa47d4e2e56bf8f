"""kmeans_predict and closest_column of one row, with the centroids as an argument."""

import pytest


@pytest.mark.parametrize(
    ("distance", "expected"),
    [("squared_euclidean", (1, 2.0)), ("manhattan", (1, 2.0)), ("cosine", (0, 0.0))],
)
def test_closest_column(sql, distance, expected):
    """x = (4, 4): from (1, 1) 18 and 6, in its direction; from (5, 3) 2 and 2."""
    call = f"(ARRAY[[1, 1], [5, 3]]::float8[], ARRAY[4, 4]::float8[], '{distance}')"
    assert sql(f"SELECT * FROM madlib.closest_column{call}") == [pytest.approx(expected, abs=1e-15)]
    assert sql.value(f"SELECT madlib.kmeans_predict{call}") == expected[0]


def test_closest_column_by_position(sql):
    sql("CREATE TABLE c AS SELECT i AS n, ARRAY[i, i]::float8[] AS centroid FROM generate_series(1, 5) AS i")
    centroids = "(SELECT array_agg(centroid ORDER BY n) FROM c)"
    found = sql(f"SELECT (madlib.closest_column({centroids}, ARRAY[2.4, 2])).* FROM generate_series(1, 3)")
    assert found == [(1, pytest.approx(0.16))] * 3


def test_the_first_of_equally_near_centroids(sql):
    assert sql.value("SELECT madlib.kmeans_predict('{{1}, {3}, {1}}', '{2}')") == 0


@pytest.mark.parametrize("x", ["NULL", "'{1, NULL}'", "'{1, NaN}'", "'{Infinity, 1}'"])
def test_rows_without_a_nearest_centroid(sql, x):
    assert sql.value(f"SELECT madlib.kmeans_predict('{{{{1, 2}}, {{3, 4}}}}', {x})") is None
    assert sql(f"SELECT * FROM madlib.closest_column('{{{{1, 2}}, {{3, 4}}}}', {x})") == [(None, None)]


def test_a_row_without_a_direction(sql):
    assert sql.value("SELECT madlib.kmeans_predict('{{1, 2}}'::float8[], '{0, 0}', 'cosine')") is None


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "message"),
    [
        ("'{1, 2}', '{1}'", "2202E", "centroids must be an array of two dimensions, not of 1"),
        ("'{}', '{1}'", "2202E", "centroids must be an array of two dimensions, not of 0"),
        ("'{{{1}}}', '{1}'", "2202E", "centroids must be an array of two dimensions, not of 3"),
        ("'{{1, 2}}', '{1}'", "2202E", "1 features do not fit centroids of 2"),
        ("'{{1, 2}}', '{}'", "2202E", "0 features do not fit centroids of 2"),
        ("'{{1, 2}}', '{{1, 2}}'", "2202E", "x must be an array of one dimension, not of 2"),
        ("'{{1, NULL}}', '{1, 2}'", "22004", "centroids must not contain NULL"),
        ("'{{1, 2}}'::float8[], '{1, 2}', 'euclid'", "22023", 'there is no distance "euclid"'),
        ("'{{1, 2}}'::float8[], '{1, 2}', ''", "22023", 'there is no distance ""'),
    ],
)
def test_bad_arguments_of_rows(sql, arguments, sqlstate, message):
    for function in ("kmeans_predict", "closest_column"):
        error = sql.fails(f"SELECT madlib.{function}({arguments})")
        assert (error.sqlstate, error.message) == (sqlstate, message)
