"""Robust errors and the tests with them, against scipy's distributions and by hand; of many groups."""

import time

import numpy as np
import pg
import pytest
from scipy import stats

NULL = float("nan")


def array(values) -> str:
    text = str(np.asarray(values, dtype=float).tolist()).replace("nan", "NULL")
    return f"ARRAY{text}::float8[]"


def robust(sql, coef, covariance, slopes, df_model, df_residual=10, num_rows=None):
    """The figures for a covariance that HC1 leaves as it is, unless num_rows says otherwise."""
    constants = [NULL if slope else 1 for slope in slopes]
    return sql.rows(
        f"""
        SELECT * FROM madlib.__regr_robust({array(coef)}, {array(covariance)},
            {num_rows or df_residual}, {df_residual}, {df_model}, {array(constants)})
        """
    )[0]


def wald(sql, coef, covariance, slopes, df_model):
    found = robust(sql, coef, covariance, slopes, df_model)
    return found["f_stat"], found["f_p_value"]


@pytest.mark.parametrize("df", [3, 1000])
def test_t_tests(sql, df):
    found = robust(sql, [2.0, -1.0], [[4.0, 0.1], [0.1, 0.25]], [False, True], 1, df)
    assert (found["std_err"], found["t_stats"]) == ([2, 0.5], [1, -2])
    np.testing.assert_allclose(found["p_values"], 2 * stats.t.sf([1, 2], df), rtol=1e-13)


def test_an_aliased_term_has_no_figures(sql):
    found = robust(sql, [1, NULL], [[1, NULL], [NULL, NULL]], [False, True], 0)
    assert found["variance_covariance"] == [[1, None], [None, None]]
    for name in ("std_err", "t_stats", "p_values"):
        assert [value is None for value in found[name]] == [False, True]


def test_no_error_at_all(sql):
    """0 / 0 is no t; anything else over 0 is certain."""
    found = robust(sql, [1, 0], [[0, 0], [0, 0]], [True, True], 2)
    assert found["t_stats"] == [float("inf"), None]
    assert found["p_values"] == [0, None]


def test_hc1_scales_by_the_degrees_of_freedom(sql):
    """n / (n - k); nothing where there are none."""
    assert robust(sql, [1], [[1]], [True], 1, 8, num_rows=10)["variance_covariance"] == [[1.25]]
    found = robust(sql, [1], [[1]], [True], 1, 0, num_rows=2)
    assert (found["variance_covariance"], found["f_stat"]) == ([[None]], None)


def test_one_slope_is_its_t_squared(sql):
    f_stat, p_value = wald(sql, [5, 3], [[1, 0], [0, 4]], [False, True], 1)
    assert f_stat == pytest.approx((3 / 2) ** 2)
    assert p_value == pytest.approx(2 * stats.t.sf(1.5, 10))


def test_several_slopes(sql):
    covariance = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.3], [0.1, 0.3, 3.0]])
    slopes = np.array([1.0, -2.0])
    f_stat, p_value = wald(sql, [9, *slopes], covariance, [False, True, True], 2)
    assert f_stat == pytest.approx(slopes @ np.linalg.inv(covariance[1:, 1:]) @ slopes / 2)
    assert p_value == pytest.approx(stats.f.sf(f_stat, 2, 10))


def test_many_slopes(sql):
    """So that rows are exchanged: numpy's answer."""
    random = np.random.default_rng(1)
    root = random.normal(size=(30, 30)) * random.uniform(1, 100, size=(30, 1))
    coef, covariance = random.normal(size=30), root @ root.T
    f_stat, _ = wald(sql, coef, covariance, [True] * 30, 30)
    assert f_stat == pytest.approx(coef @ np.linalg.solve(covariance, coef) / 30, rel=1e-6)


def test_units_do_not_matter(sql):
    """Terms in grams and in light years: 1e30 between their variances is no lack of rank."""
    plain = wald(sql, [1, 2], [[1, 0.5], [0.5, 2]], [True, True], 2)
    units = np.diag([1e-15, 1e15])
    scaled = wald(sql, [1e-15, 2e15], units @ [[1, 0.5], [0.5, 2]] @ units, [True, True], 2)
    assert scaled == pytest.approx(plain)


@pytest.mark.parametrize(
    ("coef", "covariance", "slopes", "df_model"),
    [
        ([1, 2], [[1, 0], [0, 1]], [False, False], 0),  # an intercept alone
        ([1, 2], [[1, 0], [0, 1]], [True, True], 1),  # a constant that is not called one
        ([1, 2], [[1, 1], [1, 1]], [True, True], 2),  # errors that are the same
        ([1, 2, 3], [[4, 2, 2], [2, 2, 0], [2, 0, 2]], [True] * 3, 3),  # or of which one is the sum of others
        ([1, 2], [[0, 0], [0, 0]], [True, True], 2),  # an exact fit
        ([1, 2], [[NULL, NULL], [NULL, NULL]], [True, True], 2),  # no covariance
    ],
)
def test_nothing_to_test(sql, coef, covariance, slopes, df_model):
    assert wald(sql, coef, covariance, slopes, df_model) == (None, None)


def test_an_aliased_slope_is_left_out(sql):
    assert wald(sql, [3, NULL], [[4, NULL], [NULL, NULL]], [True, True], 1)[0] == pytest.approx(2.25)


@pytest.mark.parametrize(
    "arguments",
    ["'{1}', '{1,2}', 9, 8, 1, '{1}'", "'{1,2}', '{1}', 9, 8, 1, '{1}'", "'{1}', '{1}', 9, 8, 1, '{}'"],
)
def test_what_does_not_belong_together_is_refused(sql, arguments):
    assert sql.fails(f"SELECT madlib.__regr_robust({arguments})").sqlstate == "2202E"


def test_many_terms_and_many_groups_of_one_row(sql):
    """One group of 150 rows, and 300 of one row, which have no errors: no more work than a plain fit."""
    sql(
        """
        CREATE TABLE many AS
        SELECT CASE WHEN i <= 150 THEN 0 ELSE i END AS g, random() AS y,
               ARRAY[1] || ARRAY(SELECT random() FROM generate_series(1, 140) WHERE i > 0) AS x
        FROM generate_series(1, 450) AS i
        """
    )
    sql("SELECT madlib.regr_train('many', 'plain', 'y', 'x', 'g')")
    before = time.monotonic()
    sql("SELECT madlib.regr_train('many', 'model', 'y', 'x', 'g', robust := true)")
    assert time.monotonic() - before < 20
    assert sql("SELECT g FROM model WHERE array_remove(std_err, NULL) <> '{}'") == [(0,)]
    assert (
        sql.value(
            "SELECT count(*) FROM model JOIN plain USING (g, coef) WHERE model.std_err <> plain.std_err"
        )
        == 1
    )


def test_a_statement_that_is_shown_where_a_session_ends_is_short(sql, connect, schema):
    """300 groups of 20 terms are 120,000 numbers; a trigger ends the session in the middle."""
    sql(
        """
        CREATE TABLE rows AS
        SELECT i % 300 AS g, random() AS y,
               ARRAY[1] || ARRAY(SELECT random() FROM generate_series(1, 19) WHERE i > 0) AS x
        FROM generate_series(1, 9000) AS i
        """
    )
    sql(
        """
        CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
        """
    )
    sql(
        """
        CREATE FUNCTION lay() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF to_regclass('model') IS NOT NULL THEN
                CREATE TRIGGER stop BEFORE UPDATE ON model EXECUTE FUNCTION stop();
            END IF;
        END $$
        """
    )
    sql("CREATE EVENT TRIGGER lay ON ddl_command_end WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION lay()")
    session = connect()
    session(f"SET search_path = {schema}, public")
    try:
        with pytest.raises(pg.DatabaseError) as caught:
            session("SELECT madlib.regr_train('rows', 'model', 'y', 'x', 'g', robust := true)")
    finally:
        sql("DROP EVENT TRIGGER lay")
    assert "terminating connection" in str(caught.value)
    assert len(str(caught.value)) < 20_000
