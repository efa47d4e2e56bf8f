"""One model per group: the same as a training on the rows of that group alone."""

import numpy as np
import pytest

from tests.regr.call import call

FIGURES = (
    "coef, r2, std_err, t_stats, p_values, condition_no, bp_stats, bp_p_value, num_rows_processed,"
    " num_missing_rows_skipped, variance_covariance, adjusted_r2, residual_std_err, f_stat, f_p_value,"
    " df_model, df_residual"
)
WHERE = {
    "g = 'a' AND h = 1": ("a", 1),
    "g = 'a' AND h IS NULL": ("a", None),
    "g IS NULL AND h = 1": (None, 1),
    "g IS NULL AND h IS NULL": (None, None),
}


@pytest.fixture(autouse=True)
def data(sql):
    """Two grouping columns with NULLs in both, and some NULLs among the numbers."""
    sql(
        """
        CREATE TABLE t AS SELECT
            CASE WHEN i % 3 > 0 THEN 'a' END AS g, CASE WHEN i % 2 > 0 THEN 1 END AS h,
            nullif(i, 7)::float8 AS a, cos(i * i) AS b, sin(i) + i / 10.0 AS y, (i % 5)::float8 AS w
        FROM generate_series(1, 120) AS i
        """
    )


@pytest.mark.parametrize("option", ["robust", "heteroskedasticity_option", "weights", "verbose"])
def test_a_group_is_a_training_of_its_own(sql, option):
    options = {option: "w" if option == "weights" else True}
    sql(call("a, b", grouping_cols="g, h", **options))
    assert sql.value("SELECT count(*) FROM m") == 4
    for number, where in enumerate(WHERE):
        sql(f"CREATE VIEW v{number} AS SELECT * FROM t WHERE {where}")
        sql(call("a, b", source=f"v{number}", output=f"m{number}", **options))
        assert sql(f"SELECT {FIGURES} FROM m WHERE {where}") == sql(f"SELECT {FIGURES} FROM m{number}")


def test_streaming_gives_the_same(sql):
    """With no memory for a store each pass reads the table again."""
    options = {"grouping_cols": "g, h", "robust": True, "heteroskedasticity_option": True, "verbose": True}
    sql(call("a, b", **options))
    assert "regr_train: reading by store" in [notice.message for notice in sql.notices]
    sql("SET madpy.store_memory = 0")
    sql(call("a, b", output="n", **options))
    assert "regr_train: reading by streaming" in [notice.message for notice in sql.notices]
    figures = f"SELECT {FIGURES} FROM {{}} ORDER BY g, h"
    for stored, streamed in zip(sql(figures.format("m")), sql(figures.format("n")), strict=True):
        for name, one, other in zip(FIGURES.split(", "), stored, streamed, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, err_msg=name)


def test_the_record_sums_up(sql):
    (row,) = sql.rows(call("a, b", grouping_cols="g, h"))
    assert (row["num_groups"], row["num_rows_processed"], row["num_missing_rows_skipped"]) == (4, 119, 1)
    assert row["grouping_cols"] == "g, h"
    assert row["r2"] is row["residual_std_err"] is None


def test_the_long_form(sql):
    sql(call("a, b", grouping_cols="h, g", robust=True))
    rows = sql("SELECT groups, term, estimate, std_error, t_value, p_value FROM madlib.regr_summary('m')")
    terms = ["(Intercept)", "a", "b"]
    assert [(group["h"], group["g"], term) for group, term, *_ in rows] == [
        (h, g, term) for h in (1, None) for g in ("a", None) for term in terms
    ]
    model = sql("SELECT coef, std_err, t_stats, p_values FROM m ORDER BY h, g")
    assert [row[2:] for row in rows] == [term for group in model for term in zip(*group, strict=True)]


@pytest.mark.parametrize(
    "column",
    [
        "(i % 3)::numeric",
        "(i % 3 = 0)",
        "now()::date + i % 3",
        "ARRAY[i % 3]",
        "(i % 3)::text::bytea",
        "point(1, 1)",
    ],
)
def test_groups_of_any_type(sql, refuses, column):
    sql(f"CREATE VIEW v AS SELECT sin(i) AS y, i AS a, {column} AS k FROM generate_series(1, 30) AS i")
    if column.startswith("point"):
        assert refuses("a", source="v", grouping_cols="k").sqlstate == "42804"
        return
    for options in ({}, {"robust": True}):
        sql(call("a", source="v", grouping_cols="k", **options))
        kinds = "SELECT pg_typeof(k) = (SELECT pg_typeof(k) FROM v LIMIT 1) FROM m"
        assert set(sql(kinds)) == {(True,)}
        assert sql.value("SELECT sum(num_rows_processed) FROM m") == 30
        sql("DROP TABLE m, m_summary")


def test_a_group_without_a_row_to_use(sql):
    """Such a group is in the model, with NULLs, and a warning counts it."""
    sql("UPDATE t SET y = NULL WHERE h IS NULL; UPDATE t SET y = 1 WHERE h = 1 AND g IS NULL")
    sql(call("a", grouping_cols="g, h", robust=True, heteroskedasticity_option=True))
    assert sql.warnings == [
        "no row could be used in 2 of 4 groups",
        "the target is constant in 1 of 4 groups: it has no r2",
    ]
    rows = sql("SELECT coef IS NULL, num_rows_processed = 0, r2 IS NULL, bp_stats IS NULL FROM m")
    assert sorted(rows) == [
        (False, False, False, False),
        (False, False, True, True),
        (True, True, True, True),
        (True, True, True, True),
    ]
    assert sql.value("SELECT count(*) FROM madlib.regr_summary('m') WHERE estimate IS NULL") == 4
    (made,) = sql("SELECT * FROM madlib.regr_predict('m', 't', 'p')")
    assert made[1:] == (120, sql.value("SELECT count(*) FROM t WHERE h IS NULL OR a IS NULL"))


def test_many_groups(sql):
    """More than one UPDATE of the second pass takes."""
    sql("CREATE TABLE many AS SELECT i % 2500 AS k, i AS a, sin(i) AS y FROM generate_series(1, 10000) AS i")
    sql(call("a", source="many", grouping_cols="k", robust=True))
    assert sql("SELECT count(*), count(coef[2]), count(std_err[2]) FROM m") == [(2500, 2500, 2500)]
    assert sql("SELECT num_rows, num_null_predictions FROM madlib.regr_predict('m', 'many', 'p')") == [
        (10000, 0)
    ]
