"""Arguments that summary, correlation and covariance refuse: a fact, a hint, an SQLSTATE, nothing created."""

import pytest

DRIVERS = ("correlation", "covariance", "summary")
HAS = 'Use columns of table "t": x, y, s, at, arr, nul, nan, doc.'


@pytest.fixture(autouse=True)
def data(sql):
    sql(
        """
        CREATE TABLE t AS SELECT i::float8 AS x, i * i AS y, 'a' || i AS s, now() AS at,
            ARRAY[i, 2]::float8[] AS arr,
            NULL::float8 AS nul, CASE WHEN i = 3 THEN 'NaN' ELSE i::float8 END AS nan, '{}'::json AS doc
        FROM generate_series(1, 9) AS i;
        CREATE TABLE empty (LIKE t);
        CREATE TABLE words (s text);
        """
    )


def said(error):
    return error.sqlstate, error.message, error.hint


@pytest.mark.parametrize("driver", DRIVERS)
def test_arguments_that_every_driver_checks(refuses, schema, driver):
    assert said(refuses(f"{driver}('tt', 'o')"))[:2] == ("42P01", f'{driver}: table "tt" does not exist')
    assert said(refuses(f"{driver}(NULL, 'o')"))[:2] == ("22004", f"{driver}: source_table must not be null")
    assert said(refuses(f"{driver}('t', 'words')")) == (
        "42P07",
        f'{driver}: output table "words" already exists',
        "Drop it or choose another name.",
    )
    assert said(refuses(f"{driver}('t', 't')"))[0] == "42P07"
    missing = ("42703", f'{driver}: column "z" of table "t" does not exist', HAS)
    assert said(refuses(f"{driver}('t', 'o', 'x, z')")) == missing
    assert said(refuses(f"{driver}('t', 'o', 'x', grouping_cols => 'z')")) == missing
    assert said(refuses(f"{driver}('t', 'o', 'x; DROP TABLE t')"))[0] == "42601"
    assert said(refuses(f"{driver}('t', 'o', 'x, x')"))[:2] == (
        "42701",
        f'{driver}: target_cols: "x" is named twice',
    )
    assert said(refuses(f"{driver}('t', 'o', 'x', grouping_cols => 'doc')"))[:2] == (
        "42804",
        f'{driver}: grouping_cols: "doc" is of type json, which cannot be grouped by',
    )


@pytest.mark.parametrize("driver", ["correlation", "covariance"])
def test_what_has_no_correlation(refuses, driver):
    assert said(refuses(f"{driver}('t', 'o', 'x, s')")) == (
        "42804",
        f'{driver}: target_cols: "s" is of type text, a number or boolean is needed',
        "Cast it or choose another expression.",
    )
    assert said(refuses(f"{driver}('t', 'o', 'arr')")) == (
        "42804",
        f'{driver}: target_cols: "arr" is an array, numbers are needed',
        "Name its elements: arr[1], arr[2].",
    )
    assert said(refuses(f"{driver}('words', 'o')"))[:2] == (
        "42804",
        f'{driver}: table "words" has no column of numbers',
    )
    assert said(refuses(f"{driver}('empty', 'o')"))[:2] == ("22023", f'{driver}: table "empty" is empty')
    error = refuses(f"{driver}('t', 'o', 'x, nul')")
    assert said(error)[:2] == ("22023", f'{driver}: none of the 9 rows of table "t" can be used')
    assert error.detail == '"nul" is NULL in all of them.'


@pytest.mark.parametrize("columns", ["x, nan", "nan, x"])
def test_numbers_that_are_none(refuses, columns):
    assert said(refuses(f"correlation('t', 'o', '{columns}')")) == (
        "22003",
        'correlation: "nan" is NaN in some row',
        "Leave such rows out, or turn the value into NULL: rows with a NULL are skipped.",
    )
    for large in ("x * 1e200", "x * 3e152"):  # the square is out of range, and nine squares times nine
        assert said(refuses(f"covariance('t', 'o', 'x, {large}')")) == (
            "22003",
            f'covariance: "{large}" is too large to be squared',
            "Choose another unit: multiply by a power of ten.",
        )


def test_more_variables_than_a_row_has_room_for(sql, refuses):
    for count in (950, 951):
        columns = ", ".join(f"i * {k} AS c{k}" for k in range(count))
        sql(f"CREATE TABLE wide_{count} AS SELECT {columns}, i FROM generate_series(1, 3) AS i")
    names = ", ".join(f"c{k}" for k in range(950))
    sql(f"SELECT madlib.covariance('wide_950', 'o', '{names}', false, 'i')")
    assert said(refuses("covariance('wide_951', 'p', NULL, false, 'i')"))[:2] == (
        "54011",
        "covariance: target_cols: 951 variables are too many",
    )


def test_names_that_are_taken_in_the_output(sql, refuses):
    sql("CREATE TABLE u AS SELECT i AS variable, i AS method, i AS mean, i AS x FROM generate_series(1, 4) i")
    taken = 'correlation: target_cols: "variable" has the name of a column of the output table'
    assert said(refuses("correlation('u', 'o', 'x, variable')"))[:2] == ("42701", taken)
    assert said(refuses("correlation('u', 'o', 'x', false, 'method')"))[:2] == (
        "42701",
        'correlation: grouping column "method" has the name of a column of the summary table',
    )
    assert said(refuses("correlation('u', 'o', 'x', false, 'x')"))[0] == "42701"
    assert said(refuses("summary('u', 'o', 'x', 'mean')")) == (
        "42701",
        'summary: grouping column "mean" has the name of a column of the output table',
        "Rename it in a view, and use the view.",
    )


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "message"),
    [
        ("ntile_array => ARRAY[0.5, 2]", "22003", "ntile_array must hold numbers between 0 and 1, not 2.0"),
        (
            "ntile_array => ARRAY[NULL]::float8[]",
            "22003",
            "ntile_array must hold numbers between 0 and 1, not NULL",
        ),
        ("how_many_mfv => -1", "22023", "how_many_mfv must be between 0 and 1000, not -1"),
    ],
)
def test_what_summary_cannot_do(refuses, arguments, sqlstate, message):
    assert said(refuses(f"summary('t', 'o', {arguments})"))[:2] == (sqlstate, f"summary: {message}")


def test_aggregates_say_what_is_wrong(sql):
    error = sql.fails("SELECT madlib.column_summary_of(madlib.column_summary_state(x), ARRAY[1.5]) FROM t")
    assert (error.sqlstate, error.message) == ("22003", "a fraction must be between 0 and 1, not 1.5")
    error = sql.fails("SELECT madlib.column_summary_merge('\\x00')")
    assert (error.sqlstate, error.message) == ("22P03", "malformed state of column_summary")
    error = sql.fails("SELECT madlib.__column_summary_accum(NULL, 1)")
    assert error.message == "column_summary called outside an aggregate"


def test_a_table_that_may_not_be_read(sql, role, schema):
    sql(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}")
    sql(f"SET ROLE {role}")
    for driver in DRIVERS:
        error = sql.fails(f"SELECT madlib.{driver}('t', 'o')")
        assert (error.sqlstate, error.message) == ("42501", f'{driver}: permission denied for table "t"')
