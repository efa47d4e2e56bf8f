"""Arguments that nb_train refuses: a fact, a hint, an SQLSTATE, nothing created and nothing lost."""

import pytest

from tests.nb.conftest import call

HAS = 'Use columns of table "t": y, a, b, c, nul, one, seen, nan, inf, arr.'


@pytest.fixture(autouse=True)
def data(sql):
    sql(
        """
        CREATE TABLE t AS SELECT
            'c' || i % 2 AS y, i::float8 AS a, i % 3 AS b, 'x' || i % 3 AS c,
            NULL::float8 AS nul, 1::float8 AS one,
            now() AS seen, CASE WHEN i = 3 THEN 'NaN' ELSE i::float8 END AS nan,
            CASE WHEN i = 3 THEN '-Infinity' ELSE i::float8 END AS inf,
            CASE WHEN i = 3 THEN ARRAY[1, 2] ELSE ARRAY[1, 2, i] END::float8[] AS arr
        FROM generate_series(1, 10) AS i;
        CREATE TABLE empty (LIKE t);
        CREATE TABLE taken ();
        """
    )


def said(error) -> tuple[str, str, str | None]:
    return error.sqlstate, error.message.removeprefix("nb_train: "), error.hint


@pytest.mark.parametrize("argument", ["features", "target", "grouping_cols", "categorical_cols"])
def test_a_missing_column(refuses, argument):
    error = refuses(**{"features": "a", argument: "plnt"})
    assert said(error) == ("42703", 'column "plnt" of table "t" does not exist', HAS)


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "message"),
    [
        ({"source": "tt"}, "42P01", 'table "tt" does not exist'),
        ({"source": "empty"}, "22023", 'table "empty" is empty'),
        ({"output": "taken"}, "42P07", 'output table "taken" already exists'),
        ({"output": "t"}, "42P07", 'output table "t" is the source table itself'),
        ({"output": "nowhere.m"}, "3F000", 'schema "nowhere" does not exist'),
        ({"features": "seen"}, "42804",
         'features: "seen" is of type timestamp with time zone, a number, boolean or text is needed'),
        ({"target": "nul"}, "22023", "the target is NULL in every row"),
        ({"target": "one"}, "22023", "the target has one class only: 1"),
        ({"target": "a; DROP TABLE t"}, "42601", 'target: syntax error at or near ";"'),
        ({"features": "inf, a"}, "22003", 'feature "inf" is infinite in some row'),
        ({"features": "a * 1e200, b"}, "22003", 'feature "a * 1e200" is too large to be squared'),
        ({"features": "CASE WHEN a > 99 THEN arr END"}, "22023",
         "the array of features is NULL in every row"),
        ({"categorical_cols": "b"}, "22023", 'categorical_cols: "b" is not among the features'),
        ({"smoothing": -1}, "22023", "smoothing must be between 0 and 1000000.0, not -1.0"),
        ({"smoothing": None}, "22004", "smoothing must not be null"),
        ({"features": None}, "22004", "features must not be null"),
        ({"target": None}, "22004", "target must not be null"),
    ],
)  # fmt: skip
def test_refused(refuses, arguments, sqlstate, message):
    error = refuses(**{"features": "a", **arguments})
    assert said(error)[:2] == (sqlstate, message)


def test_arrays_of_changing_length(refuses):
    error = refuses("arr")
    assert (error.sqlstate, error.hint) == (
        "2202E",
        "Leave such rows out, in a view for instance, or make the arrays alike.",
    )


def test_too_many_levels_and_classes(sql, refuses):
    sql(
        "CREATE TABLE many AS SELECT i % 2 AS y, i AS k, 'k' || i AS t, i % 900 AS c"
        " FROM generate_series(1, 100001) AS i"
    )
    error = refuses("t", source="many")
    assert said(error) == (
        "54000",
        'features: "t" has more than 100000 distinct values',
        "Group them first, or leave it out: it may be a name or a key.",
    )
    assert said(refuses("y", "k", source="many"))[:2] == (
        "54000",
        "the target has more than 1000 distinct values",
    )
    sql("DELETE FROM many WHERE k > 90000")
    error = refuses("t", "c", source="many")
    assert said(error)[:2] == ("54000", "900 classes are too many for so many features and levels")


def test_too_many_groups_for_so_many_levels(sql, refuses, nb):
    sql(
        "CREATE TABLE many AS SELECT i % 20 AS y, i % 10007 AS k, i % 150 AS g"
        " FROM generate_series(1, 20000) AS i"
    )
    error = refuses("k", source="many", categorical_cols="k", grouping_cols="g")
    assert said(error)[:2] == ("54000", "150 groups are too many for so many classes and levels")
    sql("DELETE FROM many WHERE g > 9")
    nb("k", source="many", categorical_cols="k", grouping_cols="g")
    assert sql.value("SELECT count(*) FROM m_summary WHERE model IS NOT NULL") == 10


def test_a_grouping_column_named_as_the_output_is(sql, refuses):
    sql("CREATE VIEW v AS SELECT *, c AS prior FROM t")
    error = refuses("a", source="v", grouping_cols="prior")
    assert said(error)[0] == "42701"


def test_a_class_with_one_row(sql, nb):
    """Its variances are those that smoothing adds."""
    nb("a, c", "CASE WHEN a = 3 THEN 'rare' ELSE 'usual' END")
    assert sql("SELECT variance FROM m WHERE class = 'rare' AND feature = 'a'") == [(0,)]
    assert sql.value("SELECT madlib.nb_predict(model, ARRAY[3.0, 0]) FROM m_summary") == "rare"
    assert sql.value("SELECT madlib.nb_predict(model, ARRAY[3.1, 0]) FROM m_summary") == "usual"


def test_features_that_say_nothing(sql, nb):
    """Zero variance and NULL everywhere: what is left is the prior."""
    nb("one, nul")
    assert [n.message for n in sql.notices] == ["NULL in every row, and so left out: nul"]
    rows = sql("SELECT p.* FROM m_summary, madlib.nb_predict_prob(model, ARRAY[7, 8]) AS p")
    assert rows == [("c0", 0.5), ("c1", 0.5)]


@pytest.mark.parametrize("kind", ["json", "point", "xml"])
def test_a_target_without_an_order(refuses, kind):
    value = {"json": "'1'::json", "point": "'(1,2)'::point", "xml": "'<a/>'::xml"}[kind]
    assert said(refuses("a", value)) == (
        "42804",
        f"the target is of type {kind}, whose values have no order",
        "Cast it to text, or choose another expression.",
    )


def test_a_target_that_is_a_row(nb):
    assert nb("a", "ROW(c, 1)")["classes"] == ["(x0,1)", "(x1,1)", "(x2,1)"]


def test_nan_counts_as_null(sql, nb):
    nb("nan")
    assert sql("SELECT class, count FROM m ORDER BY 1") == [("c0", 5), ("c1", 4)]


@pytest.mark.parametrize("function", ["nb_predict", "nb_predict_prob", "nb_create_view"])
def test_what_is_no_model(sql, nb, function):
    nb("a, c", grouping_cols="b")
    sql("CREATE TABLE other AS TABLE m; CREATE TABLE alone AS TABLE m; CREATE TABLE other_summary (x int)")
    sql("SELECT madlib.regr_train('t', 'line', 'a', 'b')")
    sql("CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT *, 1 AS prediction FROM t")
    for model, source, sqlstate, message in [
        ("nothing", "t", "42P01", 'table "nothing" does not exist'),
        ("taken", "t", "42809", 'table "taken" is not a model of nb_train'),
        ("alone", "t", "42P01", 'the summary table "alone_summary" of the model does not exist'),
        ("other", "t", "42809", 'table "other" is not a model of nb_train'),
        ("line", "t", "42809", 'table "line" is not a model of nb_train'),
        ("m", "v", "42703", 'table "v" has no column "b"'),
        ("m", "w", "42701", 'table "w" has a column "prediction" already'),
    ]:
        error = sql.fails(f"SELECT madlib.{function}('{model}', '{source}', 'p')")
        assert (error.sqlstate, error.message.split(": ", 1)[1]) == (sqlstate, message)
    sql("ALTER TABLE t RENAME c TO d")
    error = sql.fails(f"SELECT madlib.{function}('m', 't', 'p')")
    assert error.message.endswith('column "c" of table "t" does not exist')
    error = sql.fails(f"SELECT madlib.{function}('m', 't', 'p', 'a')")
    assert error.message.endswith("1 features do not fit the 2 of the model")
    assert error.hint == "Give them in the order of training: a, c."


def test_features_that_do_not_fit_the_model(sql, nb):
    nb("a, c")
    for features in ("ARRAY[1.0]", "ARRAY['1', 'x0', 'x1']", "'{}'::float8[]"):
        error = sql.fails(f"SELECT madlib.nb_predict(model, {features}) FROM m_summary")
        assert error.sqlstate == "2202E"
    error = sql.fails("SELECT madlib.nb_predict(model, ARRAY['one', 'x0']) FROM m_summary")
    assert error.message == 'invalid input syntax for type double precision: "one"'


def test_no_right_to_read(sql, role, schema, connect):
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    error = connect(user=role).fails(call("a", source=f"{schema}.t", output="pg_temp.m"))
    assert (error.sqlstate, error.message) == ("42501", 'nb_train: permission denied for table "t"')
