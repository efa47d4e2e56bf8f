"""Linear and ridge regressions by pieces: beside exact arithmetic, NIST's values and scikit-learn."""

import warnings

import numpy as np
import pytest
from scipy import linalg
from sklearn import linear_model

from madpy.worker import prepared
from madpy.worker.estimators import by_pieces
from madpy.worker.layout import ENCODE_NUMBER
from madpy.worker.preparation import Input, Learned
from madpy.worker.prepared import Prepared
from tests.regr import nist
from tests.regr.exact import fit as exact
from tests.regr.exact import worst


def plain(X, center=0.0, scale=1.0):
    """Rows whose columns are numbers, shifted and divided."""
    learned = [Learned(ENCODE_NUMBER, 0, np.nan, center, scale, np.zeros((0, 0)))] * X.shape[1]
    return Prepared(X, [Input(f"x{j}", None) for j in range(X.shape[1])], learned)


def generated(seed, rows=300, columns=6, likeness=0.0, offset=0.0):
    """Columns that are more and more alike with `likeness`, and far from 0 with `offset`."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns)) + likeness * rng.normal(size=(rows, 1)) + offset
    X *= 10.0 ** rng.integers(-4, 5, columns)
    y = X @ (rng.normal(size=columns) / X.std(axis=0)) + rng.normal(size=rows)
    return X, y


def lstsq(X, y):
    """LAPACK's coefficients of centred columns, the intercept first."""
    means = X.mean(axis=0)
    coef = linalg.lstsq(X - means, y - y.mean())[0]
    return [y.mean() - means @ coef, *coef]


def by_our(X, y, **options):
    estimator = by_pieces.Linear(**options)
    estimator.fit_prepared(plain(X), y)
    return [estimator.intercept_, *estimator.coef_]


def is_left_to_scikit_learn(monkeypatch, estimator, X, y):
    """Tell whether a fit takes scikit-learn's way."""
    called = []
    base = type(estimator).__mro__[2]
    whole = base.fit
    monkeypatch.setattr(base, "fit", lambda self, *given: called.append(1) or whole(self, *given))
    estimator.fit_prepared(plain(X), y)
    return bool(called)


@pytest.mark.parametrize("likeness", [0, 10, 100, 1000])
@pytest.mark.parametrize("offset", [0, 1e3])
@pytest.mark.parametrize("seed", range(3))
def test_no_fewer_digits_than_lapack(seed, likeness, offset):
    """The errors are those that exact arithmetic finds for the doubles in X."""
    X, y = generated(seed, 60, likeness=likeness, offset=offset)
    truth = exact(np.column_stack([np.ones(len(X)), X]).tolist(), y.tolist()).coef
    assert worst(by_our(X, y), truth) >= min(worst(lstsq(X, y), truth) - 0.5, 15)


@pytest.mark.parametrize("name", ["Norris", "Longley", "Wampler1", "Wampler4"])
def test_certified_values(name):
    """One digit is what rounding alone makes of so few rows: over many data sets we have more than LAPACK."""
    data = np.array(nist.regression(name).data)
    truth = nist.regression(name).coef
    X = data[:, 1:] ** np.arange(1, 6) if name.startswith("Wampler") else data[:, 1:]
    y = data[:, 0].copy()
    assert worst(by_our(np.ascontiguousarray(X), y), truth) >= worst(lstsq(X, y), truth) - 1


def test_columns_that_are_too_much_alike_are_left_to_scikit_learn(monkeypatch):
    X, y = generated(4, likeness=1e6)
    assert is_left_to_scikit_learn(monkeypatch, by_pieces.Linear(), X, y)
    assert not is_left_to_scikit_learn(monkeypatch, by_pieces.Linear(), *generated(4))
    assert not is_left_to_scikit_learn(monkeypatch, by_pieces.Linear(), *generated(4, rows=24))
    assert is_left_to_scikit_learn(monkeypatch, by_pieces.Linear(), *generated(4, rows=23))


@pytest.mark.parametrize(
    "X",
    [
        np.ones((20, 2)),
        np.column_stack([np.arange(20.0), 2 * np.arange(20.0)]),
        np.arange(12.0).reshape(2, 6) ** 2,
        np.arange(3.0).reshape(1, 3),
        np.arange(20.0)[:, None] * 1e200,
    ],
    ids=["constant", "twice the same", "more columns than rows", "one row", "squares overflow"],
)
@pytest.mark.parametrize(("ours", "theirs"), [(by_pieces.Linear, linear_model.LinearRegression)])
def test_what_has_no_solution_of_its_own_is_scikit_learns(X, ours, theirs):
    y = np.arange(float(len(X))) ** 1.5
    found, expected = ours(), theirs().fit(X, y)
    found.fit_prepared(plain(X), y)
    assert (found.coef_.tolist(), found.intercept_) == (expected.coef_.tolist(), expected.intercept_)


def test_many_columns():
    """Pieces have fewer rows then."""
    X, y = generated(5, rows=3000, columns=700)
    found, expected = by_pieces.Linear(), linear_model.LinearRegression(tol=1e-14).fit(X / X.std(axis=0), y)
    found.fit_prepared(plain(X / X.std(axis=0)), y)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rows", [40, prepared.CHUNK, prepared.CHUNK + 1, 3 * prepared.CHUNK + 7])
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("alpha", [None, 0.0, 1.0, 1e4])
def test_every_form_beside_scikit_learn(rows, targets, is_weighted, intercept, alpha):
    """The tolerance is for scikit-learn, which loses digits where columns are of different size."""
    X, y = generated(rows, rows, offset=3.0)
    rng = np.random.default_rng(1)
    y = np.column_stack([y] + [rng.normal(size=rows) for _ in range(targets - 1)]) if targets > 1 else y
    weights = rng.integers(0, 4, rows).astype(float) if is_weighted else None
    options = {"fit_intercept": intercept} | ({"tol": 1e-14} if alpha is None else {"alpha": alpha})
    ours, theirs = (
        (by_pieces.Linear, linear_model.LinearRegression)
        if alpha is None
        else (by_pieces.Ridge, linear_model.Ridge)
    )
    columns = plain(X, 2.0, 0.25)
    found, expected = ours(**options), theirs(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a matrix that is close to singular
        found.fit_prepared(columns, y, weights)
        expected.fit(columns.whole, y, weights)
    assert np.shape(found.coef_) == np.shape(expected.coef_)
    assert np.shape(found.intercept_) == np.shape(expected.intercept_)
    size = X.std(axis=0) / 0.25
    np.testing.assert_allclose(found.coef_ * size, expected.coef_ * size, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(found.intercept_, expected.intercept_, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(
        found.predict_prepared(columns), found.predict(columns.whole), rtol=1e-9, atol=1e-9
    )


def test_rows_in_order_lose_no_digits():
    """The first rows are far from the mean, and columns rise with the rows.

    A coefficient is known to the rounding of y at its largest, in units of its column.
    """
    X = np.column_stack([np.arange(20_000.0), np.arange(20_000.0) ** 2])
    X[: prepared.CHUNK] = 0
    y = X @ [1.0, 1.0] + 5
    intercept, *coef = by_our(X, y)
    rounding = 1e-15 * y.max()
    assert coef[0] == pytest.approx(1, abs=rounding / X[:, 0].max())
    assert coef[1] == pytest.approx(1, abs=rounding / X[:, 1].max())
    assert intercept == pytest.approx(5, abs=rounding)
