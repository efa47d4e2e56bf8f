"""regr_predict on a table: the model's terms rebuilt over another source."""

import math

import pytest

from tests.regr.call import call


@pytest.fixture(autouse=True)
def data(sql):
    sql(
        """
        CREATE TYPE size AS ENUM ('small', 'medium', 'large');
        CREATE TABLE t AS SELECT
            i AS id, i::float8 AS a, cos(i) AS b, i % 2 = 0 AS flag, 'k' || i % 3 AS k, i % 2 AS g,
            (ARRAY['small', 'medium', 'large'])[i % 3 + 1]::size AS size, sin(i * i) + i / 9.0 AS y
        FROM generate_series(1, 40) AS i;
        """
    )


def predict(sql, source: str = "t", model: str = "m", features: str = "NULL") -> list[tuple]:
    """(id, prediction) of each row, ordered."""
    sql("DROP TABLE IF EXISTS p")
    sql(f"SELECT madlib.regr_predict('{model}', '{source}', 'p', {features})")
    return sql("SELECT id, prediction FROM p ORDER BY id")


@pytest.mark.parametrize(
    "features",
    ["a, b", "a, flag, k", "size, k, b", "ARRAY[1, a, b]", "ARRAY[a, 2.5, -1, 1e3]", "flag", "a, 3, b"],
)
def test_residuals_are_those_of_the_fit(sql, features):
    """The sum of squares of y - prediction is what the model says of it."""
    sql(call(features))
    predict(sql)
    wanted, rows = sql("SELECT residual_std_err ^ 2 * df_residual, num_rows_processed FROM m")[0]
    assert sql("SELECT sum((y - prediction) ^ 2), count(*) FROM p")[0] == pytest.approx((wanted, rows))


def test_the_columns_of_the_source_come_along(sql, schema):
    sql(call("a"))
    assert sql("SELECT * FROM madlib.regr_predict('m', 't', 'p')") == [(f"{schema}.p", 40, 0)]
    assert sql("SELECT id, a, b, flag, k, g, size, y FROM p EXCEPT TABLE t") == []
    types = "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = '{}'::regclass AND attnum > 0"
    assert sql(types.format("p"))[:-1] == sql(types.format("t"))
    assert sql(types.format("p"))[-1][0] == "prediction"


def test_what_cannot_be_predicted_is_null(sql):
    """A NULL in a feature, a level that training did not see; the rest of the table is predicted."""
    sql(call("a, k, size"))
    before = predict(sql)
    sql("CREATE TABLE other AS SELECT id, CASE WHEN id <> 1 THEN a END AS a, size,"
        " CASE id WHEN 2 THEN 'k9' WHEN 3 THEN NULL ELSE k END AS k FROM t")  # fmt: skip
    sql("ALTER TYPE size ADD VALUE 'huge'")
    sql("UPDATE other SET size = 'huge' WHERE id = 4")
    assert predict(sql, "other") == [(1, None), (2, None), (3, None), (4, None), *before[4:]]
    assert sql("SELECT * FROM madlib.regr_predict('m', 'other', 'q')")[0][1:] == (40, 4)


def test_the_reference_level_is_known(sql):
    """The reference level has no term of its own, and is not taken for an unseen level."""
    sql(call("k"))
    assert sql.value("SELECT count(*) FROM t WHERE k = 'k0'") == 13
    mean = dict(sql("SELECT k, avg(y) FROM t GROUP BY k"))
    predict(sql)
    assert dict(sql("SELECT k, min(prediction) FROM p GROUP BY k")) == pytest.approx(mean)


def test_levels_of_training_stay(sql):
    """A table with one level only, and with columns in another order, is predicted as the whole was."""
    sql(call("a, k, flag"))
    whole = predict(sql)
    sql("CREATE VIEW v AS SELECT k, flag, id, a FROM t WHERE k = 'k2'")
    assert predict(sql, "v") == [row for row in whole if row[0] % 3 == 2]


def test_types_may_differ(sql):
    sql(call("a, flag, k"))
    whole = predict(sql)
    sql("CREATE VIEW v AS SELECT id, a::numeric AS a, flag::int AS flag, k::varchar AS k FROM t")
    assert predict(sql, "v") == whole


def test_an_array_column(sql):
    sql("CREATE TABLE v AS SELECT id, y, ARRAY[1, a, b] AS x FROM t")
    sql(call("x", source="v"))
    sql(call("ARRAY[1, a, b]", output="n"))
    assert predict(sql, "v") == predict(sql, model="n")
    sql("UPDATE v SET x = NULL WHERE id = 1; UPDATE v SET x[2] = NULL WHERE id = 2")
    assert [value for _, value in predict(sql, "v")][:3].count(None) == 2
    sql("UPDATE v SET x = ARRAY[1] WHERE id = 3")
    error = sql.fails("SELECT madlib.regr_predict('m', 'v', 'q')")
    assert (error.sqlstate, error.message[:13]) == ("2202E", "regr_predict:")


def test_groups(sql):
    """Each row by the model of its group; a group that training did not see has none."""
    sql(call("a, k", grouping_cols="g"))
    rows = dict(predict(sql))
    for g in (0, 1):
        sql(f"CREATE VIEW v{g} AS SELECT * FROM t WHERE g = {g}")
        sql(call("a, k", source=f"v{g}", output=f"m{g}"))
        alone = dict(predict(sql, f"v{g}", f"m{g}"))
        assert alone == {id_: rows[id_] for id_ in alone}
    sql("UPDATE t SET g = 7 WHERE id <= 3; UPDATE t SET g = NULL WHERE id = 4")
    assert [value for _, value in predict(sql)[:5]] == [None, None, None, None, rows[5]]


def test_an_aliased_term_counts_for_nothing(sql):
    sql(call("a, a + 1, b"))
    given = predict(sql, features="'a, a + 1, b'")
    sql(call("a, b", output="n"))
    assert [value for _, value in given] == pytest.approx([value for _, value in predict(sql, model="n")])


def test_expressions_are_asked_for_again(sql):
    """The expressions in a model table are not run as SQL: the caller gives them again."""
    sql(call("a, sqrt(a), flag"))
    error = sql.fails("SELECT madlib.regr_predict('m', 't', 'p')")
    assert (error.sqlstate, error.message) == (
        "22023",
        "regr_predict: the model has an expression among its features: sqrt(a)",
    )
    assert (
        error.hint == "Give them again, in the order of the model's feature_names: features => 'ARRAY[...]'."
    )
    rows = predict(sql, features="'a, sqrt(a), flag'")
    coef = sql.value("SELECT coef FROM m")
    assert rows[1][1] == pytest.approx(coef[0] + 2 * coef[1] + math.sqrt(2) * coef[2] + coef[3])
    assert rows == predict(sql, features="'ARRAY[1, a, sqrt(a), flag]'")


def test_features_that_do_not_fit(sql):
    sql(call("a, b"))
    error = sql.fails("SELECT madlib.regr_predict('m', 't', 'p', 'a')")
    assert (error.sqlstate, error.message) == (
        "22023",
        "regr_predict: 2 features do not fit the 3 terms of the model",
    )
    assert error.hint == "Give the features in the order of training; see feature_names in the model."


@pytest.mark.parametrize(
    ("change", "sqlstate", "message", "hint"),
    [
        (
            "DROP a",
            "42703",
            'column "a" of table "other" does not exist',
            "Add the column: the model was trained on it.",
        ),
        ("DROP g", "42703", 'table "other" has no column "g"', "Add the grouping columns of the model: g."),
        ("ADD prediction int", "42701", 'table "other" has a column "prediction" already',
         "Rename it, or predict from a view without it."),
    ],
)  # fmt: skip
def test_a_source_that_does_not_fit(sql, change, sqlstate, message, hint):
    sql(call("a, b", grouping_cols="g"))
    sql(f"CREATE TABLE other AS TABLE t; ALTER TABLE other {change}")
    error = sql.fails("SELECT madlib.regr_predict('m', 'other', 'p')")
    assert (error.sqlstate, error.message, error.hint) == (sqlstate, f"regr_predict: {message}", hint)
    assert sql.value("SELECT to_regclass('p')") is None


def test_where_the_predictions_go(sql):
    sql(call("a"))
    for output, sqlstate in {"t": "42P07", "m": "42P07", "nowhere.p": "3F000", " ": "42602"}.items():
        assert sql.fails(f"SELECT madlib.regr_predict('m', 't', '{output}')").sqlstate == sqlstate
    assert sql.fails("SELECT madlib.regr_predict('m', 't', NULL)").sqlstate == "22004"
    assert sql.fails("SELECT madlib.regr_predict(NULL, 't', 'p')").sqlstate == "22004"


def test_an_empty_source(sql):
    sql(call("a"))
    sql("CREATE TABLE none (a float8)")
    assert sql("SELECT num_rows, num_null_predictions FROM madlib.regr_predict('m', 'none', 'p')") == [(0, 0)]


def test_names_in_the_way(sql):
    """Columns named as the statement's own parts are."""
    sql("CREATE TABLE odd AS SELECT id, a AS features, b AS s, g AS m, y AS coef FROM t")
    sql(call("features, s", "coef", "odd", "n", grouping_cols="m"))
    sql(call("a, b", output="plain", grouping_cols="g"))
    assert predict(sql, "odd", "n") == predict(sql, "t", "plain")


def test_domains(sql):
    """Domains over numbers, booleans and text are read as their base types, in features and groups."""
    sql(
        "CREATE DOMAIN yes AS boolean; CREATE DOMAIN number AS numeric; CREATE DOMAIN word AS varchar;"
        " CREATE DOMAIN small AS number; CREATE DOMAIN part AS integer; CREATE TABLE d AS SELECT id, y,"
        " a::small AS a, flag::yes AS flag, k::word AS k, g::part AS g FROM t"
    )
    sql(call("a, flag, k", source="d", grouping_cols="g"))
    sql(call("a, flag, k", output="plain", grouping_cols="g"))
    wanted = predict(sql, "t", "plain")
    assert predict(sql, "d") == wanted
    assert predict(sql, "t") == wanted
    assert predict(sql, "d", "plain") == wanted
