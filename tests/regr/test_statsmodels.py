"""Everything a model says, against statsmodels.

Its own rounding bounds the tolerances: it works in double precision, by the pseudoinverse.
"""

import csv
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special
from statsmodels.datasets import longley
from statsmodels.stats.diagnostic import het_breuschpagan

from tests.regr.call import call
from tests.regr.nist import FOLDER

WINE = FOLDER.parent / "winequality-red.csv"


def arrays(sql, columns: str, source: str) -> tuple[np.ndarray, np.ndarray]:
    """The first column, and the others beside a column of ones."""
    rows = np.array(sql(f"SELECT {columns} FROM {source}"), dtype=float)
    return rows[:, 0], sm.add_constant(rows[:, 1:])


def agrees(model: dict[str, Any], fit: Any, rel: float = 1e-9) -> None:
    """All that both of them say."""
    wanted = {
        "coef": fit.params,
        "std_err": fit.bse,
        "t_stats": fit.tvalues,
        "p_values": fit.pvalues,
        "r2": fit.rsquared,
        "adjusted_r2": fit.rsquared_adj,
        "residual_std_err": np.sqrt(fit.scale),
        "f_stat": fit.fvalue,
        "f_p_value": fit.f_pvalue,
        "df_model": fit.df_model,
        "df_residual": fit.df_resid,
        "num_rows_processed": fit.nobs,
    }
    for name, value in wanted.items():
        assert model[name] == pytest.approx(np.ravel(value) if np.ndim(value) else value, rel=rel), name
    np.testing.assert_allclose(model["variance_covariance"], fit.cov_params(), rtol=rel)


def test_diabetes(sql, train):
    sql("SELECT madlib.load_dataset('diabetes', 't')")
    names = "age, sex, bmi, bp, s1, s2, s3, s4, s5, s6"
    y, X = arrays(sql, f"target, {names}", "t")
    model = train(names, "target")
    agrees(model, sm.OLS(y, X).fit())
    assert model["condition_no"] == pytest.approx(np.linalg.cond(X), rel=1e-9)
    assert model["feature_names"] == ["(Intercept)", *names.split(", ")]


@pytest.mark.skipif(not WINE.exists(), reason="winequality-red.csv is not there")
def test_wine_with_a_space_in_a_name(sql, load, train):
    head, *rows = csv.reader(WINE.read_text().splitlines())
    values = dict(zip(head, map(list, zip(*[map(float, row) for row in rows], strict=True)), strict=True))
    load(**values)
    names = ", ".join(f'"{name}"' for name in head[:-1])
    y, X = arrays(sql, f"quality, {names}", "t")
    model = train(names, "quality")
    agrees(model, sm.OLS(y, X).fit(), rel=1e-7)
    assert model["condition_no"] == pytest.approx(np.linalg.cond(X), rel=1e-8)
    assert model["feature_names"][1] == "fixed acidity"


def test_houses_as_madlib_published(sql, train):
    """MADlib user documentation, linear regression, the first example."""
    sql("SELECT madlib.load_dataset('houses', 't')")
    model = train("ARRAY[1, tax, bath, size]", "price")
    published = {
        "coef": [-12849.4168959872, 28.9613922651765, 10181.6290712648, 50.516894915354],
        "r2": 0.768577580597443,
        "std_err": [33453.0344331391, 15.8992104963997, 19437.7710925923, 32.928023174087],
        "t_stats": [-0.38410317968819, 1.82156166004184, 0.523806408809133, 1.53416118083605],
        "p_values": [0.708223134615422, 0.0958005827189772, 0.610804093526536, 0.153235085548186],
        "condition_no": 9002.50457085737,
    }
    for name, value in published.items():
        assert model[name] == pytest.approx(value, rel=1e-7), name


@pytest.mark.parametrize("robust", [False, True])
def test_longley(load, train, robust):
    """Seven columns with a condition number of 5e9; statsmodels keeps about six digits of their errors."""
    data = longley.load_pandas().data
    load(**{name: data[name].tolist() for name in data})
    y, X = data.TOTEMP.to_numpy(), sm.add_constant(data.drop(columns="TOTEMP").to_numpy())
    model = train('"GNPDEFL", "GNP", "UNEMP", "ARMED", "POP", "YEAR"', '"TOTEMP"', robust=robust)
    kind = {"cov_type": "HC1", "use_t": True} if robust else {}
    agrees(model, sm.OLS(y, X).fit(method="qr", **kind), rel=1e-5)
    assert model["condition_no"] == pytest.approx(np.linalg.cond(X), rel=1e-6)


@pytest.fixture
def sample(load) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Table t: y, a, b, and weights w, with errors that grow with a; the same as arrays."""
    rng = np.random.default_rng(7)
    a, b = rng.normal(3, 1, 200), rng.uniform(-1, 1, 200)
    y = 2 + a - 3 * b + rng.normal(size=200) * np.exp(a / 3)
    w = rng.integers(0, 4, 200) / 2
    load(y=y.tolist(), a=a.tolist(), b=b.tolist(), w=w.tolist())
    return y, np.column_stack([np.ones(200), a, b]), w


def test_robust_errors(sample, train):
    y, X, _ = sample
    agrees(train("a, b", robust=True), sm.OLS(y, X).fit(cov_type="HC1", use_t=True))


def test_breusch_and_pagan(sample, train):
    y, X, _ = sample
    model = train("a, b", heteroskedasticity_option=True)
    lm, p_value, _, _ = het_breuschpagan(sm.OLS(y, X).fit().resid, X)
    assert model["bp_stats"] == pytest.approx(lm, rel=1e-10)
    assert model["bp_p_value"] == pytest.approx(p_value, rel=1e-10)
    agrees(model, sm.OLS(y, X).fit())


@pytest.mark.parametrize("robust", [False, True])
def test_weights(sample, train, robust):
    """Rows of weight zero count for nothing, in degrees of freedom too, as in R's lm."""
    y, X, w = sample
    kept = w > 0
    kind = {"cov_type": "HC1", "use_t": True} if robust else {}
    model = train("a, b", weights="w", robust=robust)
    agrees(model, sm.WLS(y[kept], X[kept], w[kept]).fit(**kind))
    assert model["num_missing_rows_skipped"] == (w == 0).sum()


def test_without_an_intercept(sample, train):
    """R-squared is around zero then, not around the mean."""
    y, X, _ = sample
    agrees(train("ARRAY[a, b]"), sm.OLS(y, X[:, 1:]).fit())


def test_dummies_that_span_the_constant(sample, train):
    """A dummy per class and no column of ones: an intercept in effect, so R-squared is around the mean."""
    y, X, _ = sample
    high = (X[:, 1] > 3).astype(float)
    fit = sm.OLS(y, np.column_stack([high, 1 - high, X[:, 2]])).fit()
    model = train("ARRAY[(a > 3)::int, (a <= 3)::int, b]")
    agrees(model, fit)
    assert model["df_model"] == 2


def test_p_values_of_t(sql):
    """Degrees of freedom from 1 to a million, t from 0 to 60: the mean of many rows, merged from a few."""
    rows = sql(
        """
        SELECT (fit).t_stats[1], (fit).p_values[1], (fit).df_residual FROM (
            SELECT madlib.regr_fit(madlib.moments_merge(state)) AS fit FROM (
                SELECT t, n, copies, madlib.moments_state(t / sqrt(n * copies) + (-1) ^ i, ARRAY[1]) AS state
                FROM (VALUES (2, 1), (3, 1), (4, 1), (11, 1), (101, 1), (1000, 1001)) AS v(n, copies),
                     unnest('{0, 0.1, 1, 2, 3, 5, 12, 35, 60}'::float8[]) AS t, generate_series(1, n) AS i
                GROUP BY t, n, copies
            ) AS s, generate_series(1, copies) GROUP BY t, n, copies
        ) AS f
        """
    )
    t, p, df = np.array(rows, dtype=float).T
    assert (df.min(), df.max(), abs(t).min()) == (1, 1000999, 0)
    np.testing.assert_allclose(p, 2 * special.stdtr(df, -abs(t)), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("rows", [12, 100, 10000])
@pytest.mark.parametrize("slope", [0.0, 0.01, 0.3, 20.0])
def test_p_values_of_f(sql, train, rows, slope):
    sql(
        f"CREATE TABLE t AS SELECT i, {slope} * i + sin(i) + cos(i * i) AS y"
        f" FROM generate_series(1, {rows}) AS i"
    )
    model = train("i, i % 7, i % 3")
    wanted = special.fdtrc(model["df_model"], model["df_residual"], model["f_stat"])
    assert model["f_p_value"] == pytest.approx(wanted, rel=1e-10, abs=1e-300)


def test_condition_number(sql, load, train):
    """From 1, of orthogonal columns, to 1e12: the ratio of singular values."""
    rng = np.random.default_rng(3)
    for number, spread in enumerate([0, 3, 6, 12]):
        q, _ = np.linalg.qr(rng.normal(size=(40, 4)))
        X = q * np.logspace(0, -spread, 4)
        load(f"t{number}", x=X.tolist(), y=rng.normal(size=40).tolist())
        model = train("x", source=f"t{number}", output=f"m{number}")
        assert model["condition_no"] == pytest.approx(10.0**spread, rel=1e-3 if spread == 12 else 1e-8)


@pytest.mark.parametrize("unit", [1e-100, 1e100])
def test_condition_number_in_any_unit(load, train, unit):
    """Squares of such numbers are doubles still; squares of those are not."""
    X = np.random.default_rng(4).normal(size=(20, 3)) * unit
    load(x=X.tolist(), y=X[:, 0].tolist())
    assert train("x")["condition_no"] == pytest.approx(np.linalg.cond(X), rel=1e-9)


def test_robust_f_whatever_the_units(sample, train):
    """Variances of coefficients 1e36 apart are no lack of rank."""
    y, X, _ = sample
    model = train("a * 1e9, b / 1e9", robust=True)
    assert model["f_stat"] == pytest.approx(sm.OLS(y, X).fit(cov_type="HC1", use_t=True).fvalue, rel=1e-9)


def test_robust_f_of_a_constant_that_is_not_called_one(sample, train):
    """Which terms are slopes is not known then: no figure, as in statsmodels, rather than a wrong one."""
    model = train("ARRAY[(a > 3)::int, (a <= 3)::int, b]", robust=True)
    assert model["f_stat"] is model["f_p_value"] is None
    assert model["df_model"] == 2


@pytest.mark.parametrize("constant", ["1::float8", "2.5 + 0 * b", "one", "(b = b)::int"])
def test_robust_f_of_a_constant_by_any_name(sql, sample, train, constant):
    """And a column whose name is a number is no constant."""
    y, X, _ = sample
    sql('ALTER TABLE t RENAME a TO "2019"; ALTER TABLE t ADD one float8 DEFAULT 1')
    wanted = sm.OLS(y, X).fit(cov_type="HC1", use_t=True).fvalue
    assert train(f'ARRAY[{constant}, "2019", b]', robust=True)["f_stat"] == pytest.approx(wanted, rel=1e-9)
    assert train('"2019", b', robust=True, output="n")["f_stat"] == pytest.approx(wanted, rel=1e-9)
    assert train('ARRAY[0, 1, "2019", b]', robust=True, output="o")["f_stat"] == pytest.approx(wanted)


def test_robust_f_of_a_feature_that_is_constant_in_a_group(sql, sample, train):
    sql("CREATE TABLE g AS SELECT y, a, b, CASE WHEN a > 3 THEN 7 ELSE b * b END AS c, a > 3 AS g FROM t")
    sql(call("ARRAY[c, a, b]", source="g", grouping_cols="g", robust=True))
    sql("CREATE VIEW one AS SELECT y, a, b, 1 AS c FROM g WHERE g")
    wanted = train("ARRAY[c, a, b]", source="one", output="n", robust=True)["f_stat"]
    assert sql.value("SELECT f_stat FROM m WHERE g") == pytest.approx(wanted)
