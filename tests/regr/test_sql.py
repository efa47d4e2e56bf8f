"""regr_train, regr_summary and the aggregates as SQL: what goes in, what comes out."""

import pytest

from tests.regr.call import call

LEVELS = [("k", "k1"), ("k", "k2"), ("size", "medium"), ("size", "large")]
COLUMNS = (
    *("coef", "r2", "std_err", "t_stats", "p_values", "condition_no", "bp_stats", "bp_p_value"),
    *("num_rows_processed", "num_missing_rows_skipped", "variance_covariance", "adjusted_r2"),
    *("residual_std_err", "f_stat", "f_p_value", "df_model", "df_residual", "feature_names"),
    "aliases",
)


@pytest.fixture(autouse=True)
def data(sql):
    """60 rows: numbers, a flag, text with NULLs and an enum whose order is not the alphabet's."""
    sql(
        """
        CREATE TYPE size AS ENUM ('small', 'medium', 'large');
        CREATE TABLE t AS SELECT
            i AS a, i % 2 = 0 AS flag, CASE WHEN i % 10 > 0 THEN 'k' || i % 3 END AS k,
            (ARRAY['small', 'medium', 'large'])[i % 3 + 1]::size AS size,
            nullif(sin(i * i), sin(9)) AS y, nullif(i % 5, 3)::float8 AS w
        FROM generate_series(1, 60) AS i;
        """
    )


def test_the_shape_of_a_model(sql, train):
    assert tuple(train("a")) == COLUMNS


def test_what_is_written_is_of_built_in_types(sql):
    """So a dump or an upgrade never depends on the library."""
    sql(call("a, k", grouping_cols="flag", robust=True))
    sql("SELECT madlib.regr_predict('m', 't', 'p')")
    others = sql(
        """
        SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_type AS type ON type.oid = atttypid
        WHERE attrelid IN ('m'::regclass, 'm_summary'::regclass, 'p'::regclass) AND attnum > 0
            AND typnamespace <> 'pg_catalog'::regnamespace
        """
    )
    assert others == [("p", "size")]  # the source's own column


def test_the_record_is_the_summary_table(sql, schema):
    (record,) = sql.rows(call("a, k", weights="w"))
    (written,) = sql.rows("TABLE m_summary")
    assert record == written
    assert (record["method"], record["num_groups"]) == ("regr", 1)
    assert (record["source_table"], record["output_table"]) == (f"{schema}.t", f"{schema}.m")
    assert record["summary_table"] == f"{schema}.m_summary"
    assert (record["target"], record["features"], record["grouping_cols"]) == ("y", "a, k", None)
    assert record["feature_names"] == ["(Intercept)", "a", "k=k1", "k=k2"]
    assert record["options"] == {"robust": False, "weights": "w", "heteroskedasticity_option": False}
    assert record["num_rows_processed"] + record["num_missing_rows_skipped"] == 60
    assert record["trained_by"] == sql.value("SELECT current_user")
    assert sql("SELECT r2, residual_std_err FROM m") == [(record["r2"], record["residual_std_err"])]
    assert sql.value("SELECT duration BETWEEN '0' AND '1 min' AND trained_at <= now() FROM m_summary")


def test_positional_arguments_as_madlib_has_them(sql):
    """linregr_train's: source, out, dependent, independent, grouping, heteroskedasticity."""
    sql("SELECT madlib.regr_train('t', 'm', 'y', 'ARRAY[1, a]', NULL, true)")
    assert sql("SELECT cardinality(coef), bp_stats > 0 FROM m") == [(2, True)]


@pytest.mark.parametrize(
    ("features", "names"),
    [
        ("a, flag", ["(Intercept)", "a", "flag"]),
        ("k", ["(Intercept)", "k=k1", "k=k2"]),
        ("size, a", ["(Intercept)", "size=medium", "size=large", "a"]),
        ("ARRAY[1, a, flag]", ["1", "a", "flag"]),
        ("a > 30, a * a", ["(Intercept)", "a > 30", "a * a"]),
        ("ARRAY[a, 1] || 2.5", [f"ARRAY[a, 1] || 2.5[{i}]" for i in (1, 2, 3)]),
    ],
)
def test_names_of_terms(train, features, names):
    assert train(features)["feature_names"] == names


def test_text_is_dummies_beside_the_first_level(sql, train):
    """Text features give the coefficients of dummies written by hand; a row with a NULL is skipped."""
    model = train("k, flag, size")
    dummies = [f"({column} = '{level}')::int" for column, level in LEVELS]
    byhand = train(f"ARRAY[1, {', '.join(dummies[:2])}, flag::int, {', '.join(dummies[2:])}]", output="n")
    assert model["coef"] == byhand["coef"]
    assert model["num_missing_rows_skipped"] == byhand["num_missing_rows_skipped"] == 7


def test_one_level_only(sql, train):
    """There is nothing to compare it with: no term."""
    sql("CREATE VIEW v AS SELECT *, 'only' AS one FROM t")
    assert train("one, a", source="v")["feature_names"] == ["(Intercept)", "a"]


@pytest.mark.parametrize("number", ["smallint", "bigint", "real", "numeric", "float8"])
def test_numbers_of_any_type(sql, train, number):
    columns = f"a::{number} AS a, (y * 1000)::int::{number} AS y, (a % 7)::{number} AS w"
    sql(f"CREATE VIEW v AS SELECT {columns} FROM t")
    plain = train("a", "(y * 1000)::int", weights="(a % 7)", output="n")
    for options in ({}, {"robust": True}):
        model = train("a", source="v", weights="w", output=f"m{len(options)}", **options)
        assert model["coef"] == plain["coef"]


def test_rows_with_a_null_are_skipped_and_counted(sql, train):
    """In target, feature and weight; a weight of zero is no row either."""
    model = train("a, k", weights="w")
    kept = "y IS NOT NULL AND k IS NOT NULL AND w > 0"
    wanted = sql.value(f"SELECT count(*) FROM t WHERE {kept}")
    assert (model["num_rows_processed"], model["num_missing_rows_skipped"]) == (wanted, 60 - wanted)
    sql(f"CREATE VIEW v AS SELECT * FROM t WHERE {kept}")
    assert train("a, k", source="v", weights="w", output="n")["std_err"] == model["std_err"]


def test_an_array_column_with_nulls_in_it(sql, train):
    x = "CASE WHEN a = 20 THEN NULL ELSE ARRAY[1, a, nullif(a % 7, 5)] END"
    sql(f"CREATE VIEW v AS SELECT y, {x} AS x FROM t")
    for options in ({}, {"robust": True}):
        model = train("x", source="v", output=f"m{len(options)}", **options)
        assert model["num_missing_rows_skipped"] == 1 + 8 + 1


def test_quiet_unless_asked(sql):
    sql(call("a"))
    assert sql.notices == []
    sql(call("a", output="n", verbose=True, grouping_cols="flag"))
    assert {notice.severity for notice in sql.notices} == {"INFO"}
    said = [notice.message for notice in sql.notices]
    assert said[0].startswith("regr_train: y on (Intercept), a, from ")
    assert said[-1] == "regr_train: 2 group(s), 59 rows, 1 skipped"


def test_the_long_form(sql):
    sql(call("a, sin(a * a), flag"))
    rows = sql("SELECT * FROM madlib.regr_summary('m')")
    assert [row[:2] for row in rows] == [(None, name) for name in ("(Intercept)", "a", "sin(a * a)", "flag")]
    figures = list(zip(*sql("SELECT coef, std_err, t_stats, p_values FROM m")[0], strict=True))
    assert [row[2:6] for row in rows] == figures


@pytest.mark.parametrize(
    ("p_value", "mark"),
    [("0", "***"), ("0.001", "**"), ("0.04", "*"), ("0.05", "."), ("0.1", ""), ("NULL", ""), ("'NaN'", "")],
)
def test_stars(sql, p_value, mark):
    sql(call("a"))
    sql(f"UPDATE m SET p_values = ARRAY[{p_value}, 1]::float8[]")
    assert sql("SELECT signif FROM madlib.regr_summary('m')")[0] == (mark,)


@pytest.mark.parametrize("function", ["regr_summary('{}')", "regr_predict('{}', 't', 'p')"])
def test_what_is_not_a_model(sql, function):
    error = sql.fails(f"SELECT madlib.{function.format('t')}")
    name = function[:12]
    assert (error.sqlstate, error.message) == ("42809", f'{name}: table "t" is not a model of regr_train')
    assert error.hint == "Give the output_table of a call of regr_train."
    assert sql.fails(f"SELECT madlib.{function.format('nope')}").sqlstate == "42P01"


def test_expressions_that_read_other_tables(sql, train):
    """They are the caller's own SQL."""
    sql("CREATE TABLE rates AS SELECT a, a % 9 AS rate FROM t")
    model = train("a, (SELECT rate FROM rates AS r WHERE r.a = t.a)")
    assert model["coef"] == train("a, a % 9", output="n")["coef"]
