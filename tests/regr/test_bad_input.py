"""Arguments that regr_train refuses: a fact, a hint, an SQLSTATE, nothing created and nothing lost."""

import pytest

HAS = 'Use columns of table "t": y, a, b, nul, one, txt, seen, nan, inf, neg, zero, arr, mat, doc.'
SKIPPED = "Leave the expression out, or fill it with coalesce(): rows with a NULL are skipped."
WEIGHTLESS = "Check that some row has a weight above 0, and no NULL."
LEAVE_OUT = "Leave such rows out, or turn the value into NULL: rows with a NULL are skipped."
WEIGHT = "Give weights that are finite and not negative."
ALIKE = "Leave such rows out, in a view for instance, or make the arrays alike."
CAST = "Cast it or choose another expression."
READ_ONLY = "Choose another name: a source is only read."
UNIT = "Choose another unit: multiply by a power of ten."


@pytest.fixture(autouse=True)
def data(sql):
    """Table t of ten rows, of which the third is the odd one; it is the same after each test."""
    sql(
        """
        CREATE TABLE t AS SELECT
            sin(i) AS y, i::float8 AS a, (i % 3)::float8 AS b, NULL::float8 AS nul, 1::float8 AS one,
            'x' || i % 2 AS txt, now() AS seen,
            CASE WHEN i = 3 THEN 'NaN' ELSE i::float8 END AS nan,
            CASE WHEN i = 3 THEN '-Infinity' ELSE i::float8 END AS inf,
            CASE WHEN i = 3 THEN -1 ELSE i END::float8 AS neg, 0::float8 AS zero,
            CASE WHEN i = 3 THEN ARRAY[1, 2] ELSE ARRAY[1, 2, i] END::float8[] AS arr,
            ARRAY[[i, 1], [1, 1]]::float8[] AS mat, '{}'::json AS doc
        FROM generate_series(1, 10) AS i;
        CREATE TABLE empty (LIKE t);
        CREATE TABLE taken ();
        """
    )
    rows = "SELECT string_agg(t::text, '' ORDER BY a) FROM t"
    before = sql.value(rows)
    yield
    assert sql.value(rows) == before


def said(error) -> tuple[str, str, str | None]:
    return error.sqlstate, error.message.removeprefix("regr_train: "), error.hint


def test_a_missing_table(refuses, schema):
    assert said(refuses("a", source="tt")) == (
        "42P01",
        'table "tt" does not exist',
        f"Write schema.table: the search path is {schema}, public.",
    )
    assert said(refuses("a", source="nowhere.zzz"))[2] == 'Check the name: there is no schema "nowhere".'


@pytest.mark.parametrize("argument", ["features", "target", "weights", "grouping_cols"])
def test_a_missing_column(refuses, argument):
    wanted = ("42703", 'column "plnt" of table "t" does not exist', HAS)
    assert said(refuses(**{"features": "a", argument: "plnt"})) == wanted
    assert said(refuses("ARRAY[1, plnt]")) == wanted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": "seen"}, 'features: "seen" is of type timestamp with time zone'),
        ({"features": "a, doc"}, 'features: "doc" is of type json'),
        ({"target": "txt"}, 'target: "txt" is of type text'),
        ({"target": "seen"}, 'target: "seen" is of type timestamp with time zone'),
        ({"weights": "txt"}, 'weights: "txt" is of type text'),
    ],
)
def test_a_column_of_the_wrong_type(refuses, arguments, message):
    error = refuses(**{"features": "a"} | arguments)
    kinds = "a number, boolean or text" if "features" in arguments else "a number or boolean"
    assert said(error) == ("42804", f"{message}, {kinds} is needed", CAST)


def test_text_has_no_place_in_an_array(refuses):
    error = refuses("ARRAY[1, txt]")
    assert said(error)[:2] == ("42804", 'features: "txt" is text, a number is needed')
    assert error.hint == "List text columns by name: they are not encoded in ARRAY[...] or in an expression."
    assert said(refuses("a", grouping_cols="doc")) == (
        "42804",
        'grouping_cols: "doc" is of type json, which cannot be grouped by',
        "Choose another column.",
    )


@pytest.mark.parametrize("features", ["a", "txt", "ARRAY[1, a]", "arr"])
@pytest.mark.parametrize("options", [{}, {"robust": True}, {"grouping_cols": "b"}, {"weights": "a"}])
def test_an_empty_table(refuses, features, options):
    error = refuses(features, source="empty", **options)
    assert said(error) == ("22023", 'table "empty" is empty', "Give a table that has rows.")


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        ({"target": "nul"}, "The target is NULL in all of them."),
        ({"features": "a, nul"}, '"nul" is NULL in all of them.'),
        ({"features": "CASE WHEN a > 99 THEN arr END"}, "The array of features is NULL in all of them."),
        ({"weights": "nul"}, "A weight is NULL in all of them."),
        ({"weights": "zero"}, "Each has a NULL somewhere, or weight zero."),
        ({"target": "CASE WHEN a < 5 THEN y END", "features": "CASE WHEN a >= 5 THEN b END"},
         "Each has a NULL somewhere."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("options", [{}, {"robust": True}, {"grouping_cols": "txt"}])
def test_no_row_without_a_null(refuses, arguments, detail, options):
    error = refuses(**{"features": "a"} | arguments | options)
    hint = WEIGHTLESS if "weight zero" in detail else SKIPPED
    assert said(error) == ("22023", 'none of the 10 rows of table "t" can be used', hint)
    assert error.detail == detail


def test_fewer_rows_than_features(sql, refuses):
    sql("CREATE VIEW two AS SELECT * FROM t WHERE a < 3")
    hint = "Use fewer features, or more rows."
    assert said(refuses("a, b", source="two")) == ("22023", "2 rows are fewer than the 3 terms", hint)
    assert said(refuses("a, b, a * a, a ^ 3, a ^ 4", grouping_cols="txt"))[1:] == (
        "5 rows in the largest group are fewer than the 6 terms",
        hint,
    )
    error = refuses("a, b", "CASE WHEN a < 3 THEN y END")
    assert (error.message, error.detail) == (
        "regr_train: 2 rows are fewer than the 3 terms",
        "8 rows with a NULL were skipped.",
    )


@pytest.mark.parametrize(("target", "options"), [("one", {}), ("3", {}), ("one", {"robust": True})])
def test_a_constant_target(refuses, target, options):
    hint = "Choose a target that varies."
    assert said(refuses("a", target, **options)) == ("22023", "the target is constant", hint)
    assert (
        said(refuses("a", target, grouping_cols="txt", **options))[1]
        == "the target is constant in every group"
    )


@pytest.mark.parametrize("options", [{}, {"robust": True}, {"grouping_cols": "txt"}, {"weights": "a"}])
@pytest.mark.parametrize(("column", "what"), [("nan", "NaN"), ("inf", "infinite")])
def test_nan_and_infinities(refuses, column, what, options):
    assert said(refuses("a, b", column, **options)) == (
        "22003",
        f"the target is {what} in some row",
        LEAVE_OUT,
    )
    assert said(refuses(f"a, {column}", **options)) == (
        "22003",
        f'feature "{column}" is {what} in some row',
        LEAVE_OUT,
    )
    assert (
        said(refuses(f"ARRAY[1, sqrt({column})]" if column == "nan" else f"{column} * 2", **options))[0]
        == "22003"
    )


@pytest.mark.parametrize("options", [{}, {"robust": True}, {"grouping_cols": "txt"}])
@pytest.mark.parametrize(
    ("weights", "value"), [("nan", "NaN"), ("inf", "-Infinity"), ("neg", "-1"), ("-0.5", "-0.5")]
)
def test_a_weight_that_is_none(refuses, weights, value, options):
    assert said(refuses("a", weights=weights, **options)) == (
        "22003",
        f"a weight is {value} in some row",
        WEIGHT,
    )


@pytest.mark.parametrize("options", [{}, {"robust": True}, {"grouping_cols": "txt"}])
def test_arrays_of_changing_length(refuses, options):
    message = "features must have the same length in every row: "
    error = refuses("arr", **options)
    assert (error.sqlstate, error.hint) == ("2202E", ALIKE)
    assert error.message in (f"regr_train: {message}2 after 3", f"regr_train: {message}3 after 2")
    assert said(refuses("mat", **options))[:2] == (
        "2202E",
        "features must be an array of one dimension, not of 2",
    )
    assert said(refuses("'{}'::float8[]", **options))[:2] == ("2202E", "features must not be an empty array")


@pytest.mark.parametrize("scale", ["1e200", "1e-200"])
def test_numbers_that_cannot_be_squared(refuses, scale):
    """A sum of squares out of range would pass for a constant, or for an exact fit."""
    size = "large" if scale == "1e200" else "small"
    assert said(refuses(f"b, {scale} * a")) == (
        "22003",
        f'feature "{scale} * a" is too {size} to be squared',
        UNIT,
    )
    assert said(refuses("a", f"y * {scale}")) == ("22003", f"the target is too {size} to be squared", UNIT)


@pytest.mark.parametrize(
    ("output", "sqlstate", "message", "hint"),
    [
        ("taken", "42P07", 'output table "taken" already exists', "Drop it or choose another name."),
        ("t", "42P07", 'output table "t" is the source table itself', READ_ONLY),
        ("nowhere.m", "3F000", 'schema "nowhere" does not exist', "Create it first: CREATE SCHEMA nowhere."),
        ("pg_catalog.m", "42501", 'schema "pg_catalog" belongs to the server', "Choose another schema."),
    ],
)  # fmt: skip
def test_where_no_table_can_be(refuses, output, sqlstate, message, hint):
    assert said(refuses("a", output=output)) == (sqlstate, message, hint)


def test_a_summary_in_the_way(sql, refuses):
    sql("CREATE TABLE m_summary ()")
    assert said(refuses("a"))[:2] == ("42P07", 'summary table "m_summary" already exists')


@pytest.mark.parametrize("argument", ["source", "output", "target", "features"])
@pytest.mark.parametrize("value", [None, "", " \n"])
def test_required_arguments(refuses, argument, value):
    error = refuses(**{"features": "a", argument: value})
    name = {"source": "source_table", "output": "output_table"}.get(argument, argument)
    if value is None:
        assert said(error)[:2] == ("22004", f"{name} must not be null")
    else:
        assert said(error)[1] == f"{name} must not be empty"
        assert error.sqlstate in ("42602", "22023")


def test_options_that_exclude_each_other(refuses):
    error = refuses("a", weights="a", heteroskedasticity_option=True)
    assert said(error) == (
        "22023",
        "heteroskedasticity_option and weights cannot be given together",
        "Leave one of them out.",
    )


def test_a_grouping_column_named_as_the_output_is(sql, refuses):
    sql("CREATE VIEW v AS SELECT *, txt AS r2 FROM t")
    error = refuses("a", source="v", grouping_cols="r2")
    assert said(error)[:2] == ("42701", 'grouping column "r2" has the name of a column of the output table')


def test_too_many_levels(sql, refuses):
    sql("CREATE VIEW keys AS SELECT i AS y, 'k' || i AS key FROM generate_series(1, 1001) AS i")
    error = refuses("key", source="keys")
    assert said(error)[:2] == ("54011", 'features: column "key" has more than 1000 distinct values')
    assert error.hint == "Group them first, or leave the column out: it may be a name or a key."


def test_an_error_of_the_servers_own_passes(refuses):
    """An error about a value in some row, which only the scan meets, is the server's own."""
    assert said(refuses("a, 1 / (a - 3)"))[:2] == ("22012", "division by zero")


def test_more_features_than_a_query_has_columns(sql, refuses):
    sql("CREATE TABLE wide AS SELECT i::float8 AS a, sin(i) AS y FROM generate_series(1, 3000) AS i")
    features = ", ".join(f"a + {n}" for n in range(1700))
    error = refuses(features, source="wide", robust=True)
    assert error.sqlstate == "54011"
    assert error.hint == "Put the features into one array column, which has no such limit, or use fewer."
