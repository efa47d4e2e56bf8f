"""Rank deficiency as R's lm reports it: a term that says nothing new is NULL, and a warning names it."""

import numpy as np
import pytest
import statsmodels.api as sm

from tests.regr.call import call

ALIASED = "a combination of earlier terms, and so not estimated: "


@pytest.fixture
def line(load):
    """y, and features that are multiples of 0.1 and 0.3: none of them exact in a double."""
    i = np.arange(1, 21)
    a, b = i * 0.1, i * i * 0.3
    load(
        y=np.sin(i).tolist(),
        a=a.tolist(),
        b=b.tolist(),
        twice=a.tolist(),
        scaled=(a * 7.3).tolist(),
        total=(a + b).tolist(),
        zero=[0.0] * 20,
        g=(i % 3).tolist(),
    )
    return sm.OLS(np.sin(i), np.column_stack([np.ones(20), a, b])).fit()


@pytest.mark.parametrize(
    ("features", "aliased"),
    [
        ("a, twice, b", ["twice"]),
        ("a, b, total", ["total"]),
        ("zero, a, b", ["zero"]),
        ("a, scaled, zero, b, total, a - b", ["scaled", "zero", "total", "a - b"]),
        ("a, 5, b, 0.1", ["5", "0.1"]),
    ],
)
def test_aliased_terms(sql, line, train, features, aliased):
    """The rest is as if they were not there."""
    model = train(features)
    assert sql.warnings == [ALIASED + ", ".join(aliased)]
    kept = [name not in aliased for name in model["feature_names"]]
    for name, wanted in {"coef": line.params, "std_err": line.bse, "p_values": line.pvalues}.items():
        values = np.array(model[name], dtype=float)
        assert np.isnan(values).tolist() == [not k for k in kept]
        assert values[kept] == pytest.approx(wanted, rel=1e-9)
    assert (model["df_model"], model["df_residual"]) == (2, 17)
    assert model["r2"] == pytest.approx(line.rsquared, rel=1e-9)


@pytest.mark.parametrize("option", ["robust", "heteroskedasticity_option"])
def test_the_second_pass_leaves_aliased_terms_out(line, train, option):
    model = train("a, twice, b", **{option: True})
    without = train("a, b", output="n", **{option: True})
    assert model["coef"][2] is model["std_err"][2] is None
    for name in ("coef", "std_err", "t_stats", "p_values"):
        assert model[name][:2] + model[name][3:] == pytest.approx(without[name], rel=1e-12)
    tested = ["bp_stats", "bp_p_value"] if option == "heteroskedasticity_option" else []
    for name in ["f_stat", "f_p_value", "df_model", "condition_no", *tested]:
        assert model[name] == pytest.approx(without[name], rel=1e-9)
    assert model["variance_covariance"][2] == [None] * 4


def test_nearly_the_same_is_not_the_same(load, train):
    """Columns that differ in their tenth digit are two columns: R at its tolerance of 1e-7 would drop one."""
    a = [float(i) for i in range(1, 21)]
    b = [x * (1 + 1e-10 * (-1) ** i) for i, x in enumerate(a)]
    load(a=a, b=b, y=[3 * p - 2 * q for p, q in zip(a, b, strict=True)])
    assert train("a, b")["coef"] == pytest.approx([0, 3, -2], abs=1e-3)


def test_nothing_but_zeros(sql, line, train):
    model = train("ARRAY[zero]")
    assert (model["coef"], model["std_err"], model["t_stats"], model["p_values"]) == ([None],) * 4
    assert (model["r2"], model["df_model"], model["df_residual"]) == (0, 0, 20)
    assert model["condition_no"] is model["f_stat"] is None
    assert sql.warnings == [ALIASED + "zero"]


def test_as_many_rows_as_terms(sql, load, train):
    """An exact fit has no errors to tell, robust or not, and no residuals to test."""
    load(y=[1.0, 2.0, 4.0], a=[0.0, 1.0, 2.0], b=[0.0, 1.0, 5.0])
    model = train("a, b", robust=True, heteroskedasticity_option=True)
    assert model["coef"] == pytest.approx([1, 2 / 3, 1 / 3])
    assert (model["r2"], model["df_residual"]) == (1, 0)
    for name in ("std_err", "t_stats", "p_values"):
        assert model[name] == [None] * 3, name
    for name in ("residual_std_err", "adjusted_r2", "f_stat", "f_p_value", "bp_stats", "bp_p_value"):
        assert model[name] is None, name
    assert sql.warnings == [
        "as many rows as estimated terms: the fit is exact and has no standard errors",
        "no test of Breusch and Pagan: it needs an intercept among the features, and residuals",
    ]


def test_an_exact_line_has_no_residuals_to_test(sql, load, train):
    load(x=[i / 10 for i in range(20)], y=[1 + i / 5 for i in range(20)])
    model = train("x", heteroskedasticity_option=True)
    assert (model["residual_std_err"], model["r2"], model["bp_stats"]) == (0, 1, None)
    assert sql.warnings == [
        "essentially perfect fit: standard errors and tests are of rounding only",
        "no test of Breusch and Pagan: it needs an intercept among the features, and residuals",
    ]


def test_groups_differ_in_rank(sql, load):
    """A small group estimates what it can; the warning says in how many groups a term is missing."""
    load(
        g=[1] * 6 + [2] * 2 + [3] * 6,
        y=[1.0, 3, 2, 5, 4, 6, 1, 2, 2, 1, 4, 3, 6, 5],
        a=[1.0, 2, 3, 4, 5, 6, 1, 2, 1, 2, 3, 4, 5, 6],
        b=[1.0, 0, 1, 1, 0, 0, 5, 7, 0, 0, 0, 0, 0, 0],
    )
    sql(call("a, b", grouping_cols="g"))
    assert sql.warnings == [
        ALIASED + "b (in 2 of 3 groups)",
        "as many rows as estimated terms in 1 of 3 groups: the fit is exact and has no standard errors",
    ]
    rows = sql("SELECT g, coef[3] IS NULL, std_err[1] IS NULL, df_residual FROM m ORDER BY g")
    assert rows == [(1, False, False, 3), (2, True, True, 0), (3, True, False, 4)]
