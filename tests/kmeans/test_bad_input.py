"""Arguments that kmeans_train refuses: an SQLSTATE, a text and a hint; nothing is left behind."""

import pytest

from tests.kmeans.call import call

SMALLER = "Give a smaller k: the largest is"
ONE = f"{SMALLER} 1."
TEN = f"{SMALLER} 10."
COLUMNS = 'Use columns of table "t": i, a, x, word, moment, same.'
FEW = "k = 2 is larger than the number of distinct points of any group, 1"


@pytest.fixture
def t(sql):
    sql(
        """
        CREATE TABLE t AS SELECT i, i::float8 AS a, ARRAY[i, i % 3]::float8[] AS x, 'text ' || i % 2 AS word,
                                 now() AS moment, 7 AS same
        FROM generate_series(1, 10) AS i
        """
    )


@pytest.mark.parametrize(
    ("options", "sqlstate", "message", "hint"),
    [
        ({"k": 0}, "22023", "k must be at least 1, not 0", None),
        ({"k": -1}, "22023", "k must be at least 1, not -1", None),
        ({"k": None}, "22004", "k must not be null", "Give the number of clusters."),
        ({"k": 11}, "22023", "k = 11 is larger than the number of distinct points, 10", TEN),
        ({"k": 2, "features": "same"}, "22023", "k = 2 is larger than the number of distinct points, 1", ...),
        ({"k": 700_000}, "54000", "k = 700000 is too large for 2 features", f"{SMALLER} 524285."),
        ({"max_iter": 0}, "22023", "max_iter must be at least 1, not 0", None),
        ({"max_iter": None}, "22004", "max_iter must not be null", None),
        ({"tolerance": -1.0}, "22023", "tolerance must be at least 0, not -1.0", None),
        ({"tolerance": float("nan")}, "22023", "tolerance must be at least 0, not nan", None),
        ({"tolerance": None}, "22004", "tolerance must not be null", None),
        ({"seed": -1}, "22023", "seed must be between 0 and 9007199254740992, not -1", None),
        ({"distance": "euclid"}, "22023", 'distance: unknown value "euclid"', ...),
        ({"distance": None}, "22004", "distance must not be null", None),
        ({"init": "k means"}, "22023", 'init: unknown value "k means"', ...),
        ({"init": "kmeans"}, "42P01", 'init: table "kmeans" does not exist', ...),
        ({"init": None}, "22004", "init must not be null", None),
        ({"init": "t"}, "42703", 'init: table "t" has no column centroid of type double precision[]', ...),
        ({"source_table": "u"}, "42P01", 'table "u" does not exist', ...),
        ({"source_table": None}, "22004", "source_table must not be null", None),
        ({"output_table": "t"}, "42P07", 'output table "t" is the source table itself', ...),
        ({"output_table": None}, "22004", "output_table must not be null", None),
        ({"features": None}, "22004", "features must not be null", None),
        ({"features": ""}, "22023", "features must not be empty", ...),
        ({"features": "b"}, "42703", 'column "b" of table "t" does not exist', COLUMNS),
        ({"features": "moment"}, "42804", ..., ...),
        ({"features": "a, x"}, "42804", ..., ...),
        ({"features": "a; DROP TABLE t"}, "42601", ..., ...),
        ({"features": "sum(a)"}, "42803", "features: an aggregate function cannot be used here", None),
        ({"grouping_cols": "g"}, "42703", 'column "g" of table "t" does not exist', ...),
        ({"grouping_cols": "i"}, "22023", FEW, ONE),
    ],
)  # fmt: skip
def test_arguments(t, refuses, options, sqlstate, message, hint):
    error = refuses(**options)
    assert error.sqlstate == sqlstate
    assert message is ... or error.message == f"kmeans_train: {message}"
    assert hint is ... or error.hint == hint


@pytest.mark.parametrize("memory", ["64MB", "0"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("'NaN'", 'feature "a" is NaN in some row'),
        ("'Infinity'", 'feature "a" is infinite in some row'),
        ("1e200", 'feature "a" is 1e+200 in some row'),
        ("-1e200", 'feature "a" is -1e+200 in some row'),
    ],
)
@pytest.mark.parametrize("distance", ["squared_euclidean", "cosine", "manhattan"])
def test_values(sql, t, refuses, memory, value, message, distance):
    sql(f"SET madpy.store_memory = '{memory}'; UPDATE t SET a = {value} WHERE i = 7")
    error = refuses(features="i, a", distance=distance)
    assert (error.sqlstate, error.message) == ("22003", f"kmeans_train: {message}")
    assert error.hint


@pytest.mark.parametrize("init", ["kmeans++", "kmeans||", "random"])
def test_points_too_near_to_tell_apart(sql, t, refuses, init):
    """Three distinct points; the squares of their differences are zero."""
    error = refuses(features="i % 3 * '1e-300'::float8", k=3, init=init)
    message = "kmeans_train: the distance between some distinct points is zero"
    assert (error.sqlstate, error.message) == ("22003", message)
    (row,) = sql.rows(call(features="i % 3 * '1e-300'::float8", k=3, init=init, distance="manhattan"))
    assert row["inertia"] == 0


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_a_row_without_a_direction(sql, t, refuses, memory):
    sql(f"SET madpy.store_memory = '{memory}'; UPDATE t SET x = '{{0, 0}}' WHERE i = 7")
    error = refuses(distance="cosine")
    message = "kmeans_train: the features of some row are all zero, and have no direction"
    assert (error.sqlstate, error.message) == ("22003", message)


def test_few_directions(sql, t, refuses):
    """Ten points, on one line through zero."""
    error = refuses(features="i, 2 * i, 3 * i", distance="cosine")
    assert error.message == "kmeans_train: k = 2 is larger than the number of distinct points, 1"


@pytest.mark.parametrize("memory", ["64MB", "0"])
def test_arrays_of_different_lengths(sql, t, refuses, memory):
    sql(f"SET madpy.store_memory = '{memory}'; UPDATE t SET x = '{{1, 2, 3}}' WHERE i = 7")
    error = refuses()
    message = "kmeans_train: features must have the same length in every row: 3 after 2"
    assert (error.sqlstate, error.message) == ("2202E", message)
    sql("UPDATE t SET x = '{{1, 2}}' WHERE i = 7")
    assert refuses().sqlstate == "2202E"
    sql("UPDATE t SET x = '{}'")
    assert refuses().message == "kmeans_train: features must not be an empty array"


@pytest.mark.parametrize("memory", ["64MB", "0"])
@pytest.mark.parametrize("features", ["x", "a, i"])
@pytest.mark.parametrize("grouping_cols", [None, "word"])
def test_nothing_to_use(sql, t, refuses, memory, features, grouping_cols):
    sql(f"SET madpy.store_memory = '{memory}'; UPDATE t SET x = NULL, a = NULL")
    error = refuses(features=features, grouping_cols=grouping_cols)
    assert error.message == 'kmeans_train: none of the 10 rows of table "t" can be used'
    sql("DELETE FROM t")
    error = refuses(features=features, grouping_cols=grouping_cols)
    assert error.message == 'kmeans_train: table "t" is empty'


def test_features_without_variance(sql, t):
    (row,) = sql.rows(call(features="a, same, same * 0"))
    assert row["exit_reason"] == "converged"


def test_a_grouping_column_called_as_one_of_ours(sql, refuses):
    sql("CREATE TABLE t AS SELECT 1 AS size, ARRAY[1.0] AS x")
    error = refuses(grouping_cols="size")
    assert error.message.startswith('kmeans_train: grouping column "size" has the name of a column')


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("('{1}')", "does not have the 2 numbers that the features need"),
        ("('{1, NULL}')", "does not have the 2 numbers that the features need"),
        ("('{1, NaN}')", "is not finite"),
        ("('{1, 2}'), ('{NaN, 1}')", "is not finite"),
        ("('{1, 2}'), ('{1, Infinity}')", "is not finite"),
        ("('{1, 2}'), ('{1, -1e200}')", "is not finite, or beyond 1e+140"),
        ("('{1, 2}'), ('{1, 2, 3}')", "does not have the 2 numbers that the features need"),
        ("('{{1, 2}}')", "does not have the 2 numbers that the features need"),
        ("(NULL)", "has no centroids"),
    ],
)
def test_bad_tables_of_centroids(sql, t, refuses, rows, message):
    sql(f"CREATE TABLE c (centroid float8[]); INSERT INTO c VALUES {rows}")
    assert message in refuses(init="c", k=None).message


def test_a_centroid_without_a_direction(sql, t, refuses):
    sql("CREATE TABLE c (centroid float8[]); INSERT INTO c VALUES ('{1, 2}'), ('{0, 0}')")
    error = refuses(init="c", k=None, distance="cosine")
    assert error.message == 'kmeans_train: a centroid of table "c" is all zero, and has no direction'


def test_k_and_a_table_of_centroids_differ(sql, t, refuses):
    sql("CREATE TABLE c (centroid float8[]); INSERT INTO c VALUES ('{1, 2}'), ('{2, 3}')")
    assert refuses(init="c", k=3).message == "kmeans_train: k = 3, but table c has 2 centroids"


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "message"),
    [
        ("NULL, 2", "22004", "src_relation must not be null"),
        ("'nope', 2", "42P01", 'table "nope" does not exist'),
        ("'t', 2", "42703", 'column "pid" of table "t" does not exist'),
        ("'v', NULL", "22004", "k must not be null"),
        ("'v', 0", "22023", "k must be at least 1, not 0"),
        ("'v', 11", "22023", "k = 11 is larger than the number of distinct points, 10"),
        ("'v', 2, 2", "22023", "goodness must be between 0 and 1, not 2"),
        ("'v', 2, 1, NULL", "22004", "run_id must not be null"),
        ("'v', 2, 1, repeat('x', 60)", "42622", ...),
        ("'v', 2, 1, 'r', 'no_such_schema'", "3F000", 'schema "no_such_schema" does not exist'),
        ("'v', 2, 1, 'r', 'a.b c'", "42602", 'output_schema: "a.b c" is not the name of a schema'),
        ("'v', 2, 1, 'r', NULL, 5", "22023", "verbose must be between 0 and 1, not 5"),
        ("'w', 2", "42804", 'column "coords" of table "w" is of type double precision, an array is needed'),
    ],
)
def test_kmeans_run(sql, t, arguments, sqlstate, message):
    sql("CREATE VIEW v AS SELECT i AS pid, x AS coords FROM t")
    sql("CREATE VIEW w AS SELECT i AS pid, a AS coords FROM t")
    before = sql("SELECT oid FROM pg_class ORDER BY oid")
    error = sql.fails(f"SELECT madlib.kmeans_run({arguments})")
    assert error.sqlstate == sqlstate
    assert message is ... or error.message == f"kmeans_run: {message}"
    assert sql("SELECT oid FROM pg_class ORDER BY oid") == before


def test_a_table_that_is_no_model(sql, t):
    error = sql.fails("SELECT madlib.kmeans_predict('t', 't', 'p')")
    assert (error.sqlstate, error.message) == (
        "42809",
        'kmeans_predict: table "t" is not a model of kmeans_train',
    )
    sql("SELECT madlib.regr_train('t', 'r', 'a', 'i')")
    assert sql.fails("SELECT madlib.kmeans_predict('r', 't', 'p')").sqlstate == "42809"
    sql(call())
    sql("DROP TABLE m_summary")
    assert sql.fails("SELECT madlib.kmeans_predict('m', 't', 'p')").sqlstate == "42P01"


@pytest.mark.parametrize(
    ("change", "sqlstate"),
    [
        ("distance = 'x'' || pg_sleep(9)'", "22023"),
        ("distance = NULL", "22023"),
        ("terms = NULL", "22P02"),
        ("terms = '{\"terms\": 1}'", "22P02"),
        ("centroids = '{1, 2}'", "2202E"),
        ("centroids = '{{1, NULL}}'", "22004"),
        ("centroids = '{{1, 2, 3}}'", "2202E"),
    ],
)
def test_a_model_that_somebody_changed(sql, t, change, sqlstate):
    sql(call())
    sql(f"UPDATE m_summary SET {change}")
    assert sql.fails("SELECT madlib.kmeans_predict('m', 't', 'p')").sqlstate == sqlstate
