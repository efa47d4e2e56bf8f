"""Digits: against NIST's certified values, and against exact arithmetic on the doubles in the tables."""

import math
import random
from fractions import Fraction

import pytest

from tests.regr import nist
from tests.regr.exact import digits, fit, root, worst

GOALS = {"Norris": 13, "Longley": 14, "Wampler1": 14, "Wampler4": 14}


def design(name: str, data: list[list[float]]) -> list[list[float]]:
    """Rows of features: a polynomial of degree 5 for Wampler's sets, the columns as they are for others."""
    if name.startswith("Wampler"):
        return [[x**power for power in range(6)] for _, x in data]
    return [[1.0, *x] for _, *x in data]


@pytest.mark.parametrize(("name", "goal"), GOALS.items())
def test_certified_values(load, train, name, goal):
    """NIST publishes 15 digits: its own rounding is what costs Norris its last."""
    truth = nist.regression(name)
    load(y=[row[0] for row in truth.data], x=design(name, truth.data))
    model = train("x")
    assert worst(model["coef"], truth.coef) >= goal
    assert worst(model["std_err"], truth.std_err) >= 13.5
    assert digits(model["residual_std_err"], truth.residual_std_err) >= 14
    assert digits(model["r2"], truth.r2) >= 15
    if math.isinf(truth.f_stat):
        assert model["f_stat"] == math.inf
    else:
        assert digits(model["f_stat"], truth.f_stat) >= 13.5


@pytest.mark.parametrize("name", GOALS)
def test_to_the_last_bit_nearly(load, train, name):
    """Coefficients, their errors and R-squared are right to 15.5 digits for the doubles that arrived."""
    data = nist.regression(name).data
    X, y = design(name, data), [row[0] for row in data]
    load(y=y, x=X)
    model, truth = train("x"), fit(X, y)
    assert worst(model["coef"], truth.coef) >= 15.5
    assert worst(model["std_err"], [root(variance) for variance in truth.variances]) >= 15.5
    assert digits(model["r2"], truth.r2) >= 15.5


def test_an_exact_fit_says_so(load, train):
    """Wampler1 is certified to have no residuals at all: zeros, not small numbers."""
    truth = nist.regression("Wampler1")
    load(y=[row[0] for row in truth.data], x=design("Wampler1", truth.data))
    model = train("x")
    assert model["coef"] == truth.coef == [1.0] * 6
    assert model["std_err"] == truth.std_err == [0.0] * 6
    assert (model["residual_std_err"], model["r2"], model["p_values"]) == (0, 1, [0.0] * 6)


def test_a_polynomial_of_degree_10(load, train):
    """The shape of NIST's Filip: 82 points, powers rounded to doubles, a condition number near 2e15."""
    noise = random.Random(1)
    points = [-8.78 + 5.65 * i / 81 for i in range(82)]
    X = [[x**power for power in range(11)] for x in points]
    y = [0.8 + 0.1 * i / 81 + noise.gauss(0, 0.003) for i in range(82)]
    load(y=y, x=X)
    model, truth = train("x"), fit(X, y)
    assert 1e15 < model["condition_no"] < 1e16
    assert worst(model["coef"], truth.coef) >= 12
    assert worst(model["std_err"], [root(variance) for variance in truth.variances]) >= 12
    assert digits(model["r2"], truth.r2) >= 15


def test_robust_errors_of_a_polynomial(load, train):
    """Residuals of a fit with large terms that cancel keep their digits: HC1 in exact arithmetic."""
    points = [i / 4 for i in range(21)]
    X = [[x**power for power in range(6)] for x in points]
    y = [100 + (-1) ** i * x for i, x in enumerate(points)]
    load(y=y, x=X)
    model, truth = train("x", robust=True), fit(X, y)
    wanted = [root(variance) for variance in truth.hc1(X, y)]
    assert worst(model["std_err"], wanted) >= 12


@pytest.mark.parametrize(("base", "goal"), [(1e6, 15), (1e7, 15), (1e10, 9)])
def test_a_mean_far_from_zero(load, train, base, goal):
    """NIST's NumAcc3 and 4: 0.2, then 0.1 and 0.3 in turn; and at 1e10, where doubles hold 5 digits."""
    y = [base + 0.2] + [base + (0.1 if i % 2 else 0.3) for i in range(1, 1001)]
    load(y=y)
    model, truth = train("ARRAY[1]"), fit([[1.0]] * 1001, y)
    assert model["coef"][0] == float(truth.coef[0])
    assert digits(model["residual_std_err"], root(truth.rss / 1000)) >= goal
    assert (model["r2"], model["adjusted_r2"], model["f_stat"]) == (0, 0, None)


@pytest.mark.parametrize("name", ["NumAcc3", "Michelso"])
def test_certified_mean_and_deviation(load, train, name):
    """Certified for decimal numbers; 1000000.2 is no double, which alone leaves 9 digits of a deviation."""
    values, mean, deviation = nist.univariate(name)
    load(y=values)
    model = train("ARRAY[1]")
    assert digits(model["coef"][0], mean) >= 15
    assert digits(model["residual_std_err"], deviation) >= (9 if name == "NumAcc3" else 13)


def test_certified_analysis_of_variance(load, train):
    """NIST's SmLs01: treatments as text, so as eight dummies beside the intercept."""
    values, r2, deviation, f_stat = nist.one_way("SmLs01t")
    load(y=[value for _, value in values], treatment=[f"no. {treatment}" for treatment, _ in values])
    model = train("treatment")
    assert (model["df_model"], model["df_residual"]) == (8, 180)
    assert digits(model["r2"], r2) >= 14
    assert digits(model["residual_std_err"], deviation) >= 14
    assert digits(model["f_stat"], f_stat) >= 13.5


@pytest.mark.parametrize(("first", "last"), [(60, 70), (1000, 1010)])
def test_through_the_origin(load, train, first, last):
    """NIST's NoInt1 has these x and y from 130 to 140; R-squared is around zero, as NIST's is."""
    x, y = list(range(first, last + 1)), list(range(130, 141))
    load(y=y, x=x)
    model, truth = train("ARRAY[x]"), fit([[float(a)] for a in x], y)
    squares = sum(b * b for b in y)
    assert digits(model["coef"][0], truth.coef[0]) >= 15
    assert digits(model["std_err"][0], root(truth.variances[0])) >= 15
    assert digits(model["r2"], 1 - truth.rss / squares) >= 15
    assert digits(model["f_stat"], (squares - truth.rss) / (truth.rss / 10)) >= 15
    assert model["adjusted_r2"] == pytest.approx(1 - float(truth.rss / squares) * 11 / 10, rel=1e-14)


def test_no_int_1_as_published(load, train):
    """NIST's certified values of NoInt1 (StRD, linear regression)."""
    load(y=list(range(130, 141)), x=list(range(60, 71)))
    model = train("ARRAY[x]")
    assert digits(model["coef"][0], 2.07438016528926) >= 14
    assert digits(model["std_err"][0], 0.165289256198347e-01) >= 14
    assert digits(model["residual_std_err"], 3.56753034006338) >= 14
    assert digits(model["r2"], 0.999365492298663) >= 14
    assert digits(model["f_stat"], 15750.25) >= 14


@pytest.mark.parametrize("offset", [1e9, 1e13])
def test_a_large_offset(load, train, offset):
    """A slope and its error are the same wherever zero is, of a feature or of the target."""
    x = [float(i) for i in range(50)]
    y = [(i * i) % 17 / 8 for i in range(50)]
    far = [offset + value for value in x]
    load("feature", y=y, x=far)
    load("target", y=far, x=y)
    for table, design, target in (("feature", far, y), ("target", y, far)):
        model = train("x", source=table, output=f"{table}_model")
        truth = fit([[1.0, value] for value in design], target)
        assert worst(model["coef"], truth.coef) >= 15
        assert worst(model["std_err"], [root(variance) for variance in truth.variances]) >= 15
        assert digits(model["r2"], truth.r2) >= 14


def test_exact_helpers():
    """The truth itself: y = 1, 2, 4 at x = 0, 1, 2, by hand."""
    truth = fit([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 2.0, 4.0])
    assert truth.coef == [Fraction(5, 6), Fraction(3, 2)]
    assert truth.rss == Fraction(1, 6)
    assert truth.variances[1] == Fraction(1, 12)
    assert digits(1.001, 1.0) == pytest.approx(3)


@pytest.mark.parametrize("offset", [0.0, 1e8, 1.7e15, -4e15])
@pytest.mark.parametrize("weights", [None, "'1 + x::integer % 3'"])
@pytest.mark.parametrize("robust", [False, True])
def test_a_target_far_from_zero_costs_no_digits(sql, load, offset, weights, robust):
    """Whole numbers, exact in a double whatever the offset: the fit without it is the truth.

    The residuals of the second pass are those of coefficients in double: the intercept's rounding is theirs.
    """
    rows = range(1, 1001)
    load(
        x=[float(i) for i in rows],
        y=[offset + i * 7919 % 5 for i in rows],
        z=[float(i * 7919 % 5) for i in rows],
    )
    for name, target in (("far", "y"), ("near", "z")):
        options = f"weights => {weights or 'NULL'}, robust => {robust}"
        sql(f"SELECT madlib.regr_train('t', '{name}', '{target}', 'x', {options})")
    columns = ["r2", "residual_std_err", "coef[2]"]
    if not robust or abs(offset) < 1e9:
        columns += ["std_err[1]", "std_err[2]", "f_stat", "f_p_value"]
    far, near = (sql(f"SELECT {', '.join(columns)} FROM {name}")[0] for name in ("far", "near"))
    assert far == pytest.approx(near, rel=1e-12 if not robust else 1e-7)


@pytest.mark.parametrize("offset", [1e8, 1e14, -1e15])
def test_a_feature_far_from_zero_costs_no_digits(sql, load, offset):
    """Only the intercept knows of the offset."""
    rows = range(1, 1001)
    load(x=[float(i * 31 % 1000) for i in rows], y=[float(i * 7919 % 5) for i in rows])
    fit = "SELECT madlib.regr_agg(y, ARRAY[1, x + {}]) AS f FROM t"
    far, near = (
        sql(f"SELECT (f).coef[2], (f).std_err[2], (f).r2 FROM ({fit.format(shift)}) AS q")[0]
        for shift in (offset, 0)
    )
    assert far == pytest.approx(near, rel=1e-13)


def test_parts_with_pivots_of_their_own(sql, load):
    """States of parts that lie far apart merge into the state of the whole."""
    rows = range(1, 601)
    load(
        x=[1e12 * (i % 3) + i * i % 17 for i in rows],
        y=[1e13 + i * 7919 % 5 for i in rows],
        g=[i % 3 for i in rows],
    )
    whole = sql.rows("SELECT (madlib.regr_agg(y, ARRAY[1, x])).* FROM t")[0]
    parts = "SELECT madlib.moments_state(y, ARRAY[1, x]) AS s FROM t GROUP BY g"
    merged = sql.rows(f"SELECT (madlib.regr_fit(madlib.moments_merge(s))).* FROM ({parts}) AS p")[0]
    for name in ("coef", "std_err", "r2", "residual_std_err", "condition_no"):
        assert merged[name] == pytest.approx(whole[name], rel=1e-9)


def test_a_constant_that_dummies_add_up_to(sql, load):
    """The 1 is aliased, and absorbs no offset then."""
    rows = range(1, 201)
    load(
        a=[float(i % 2) for i in rows],
        b=[1.0 - i % 2 for i in rows],
        x=[1e6 + i * 31 % 100 for i in rows],
        y=[3.0 * i + i * 7919 % 5 for i in rows],
    )
    one, other = (
        sql.rows(f"SELECT (madlib.regr_agg(y, ARRAY[{features}])).* FROM t")[0]
        for features in ("a, b, 1, x", "a, b, x")
    )
    assert one["coef"][2] is None
    assert [*one["coef"][:2], one["coef"][3]] == pytest.approx(other["coef"], rel=1e-12)


UNITS = [("1e150", "1e-130", "1"), ("1e-100", "1e100", "1"), ("1", "1", "1e-160"), ("1", "1", "1e160")]


@pytest.mark.parametrize(("y", "x", "w"), UNITS)
def test_in_any_unit(sql, load, y, x, w):
    rows = range(1, 301)
    load(x=[float(i * 31 % 100) for i in rows], y=[float(i + i * 7919 % 5) for i in rows])
    fit = "SELECT madlib.regr_agg(y * {}, ARRAY[1, x * {}], {}) AS f FROM t"
    there, here = (
        sql.rows(f"SELECT (f).t_stats, (f).r2, (f).f_stat FROM ({fit.format(*units)}) AS q")[0]
        for units in ((y, x, w), (1, 1, 1))
    )
    for name, value in here.items():
        assert there[name] == pytest.approx(value, rel=1e-12)
