"""Logistic regression on arrays: what the server would say is computed here, plainly."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special

from madpy.helper.tables.training import stars
from madpy.modules.common.linear import irls
from madpy.modules.common.linear.design import design
from madpy.modules.common.linear.matrices import centred
from madpy.modules.logregr import core
from tests.logregr.plain import estimate


def moments(X, y):
    """The body of a state of the kernel "moments"."""
    z = np.column_stack([np.ones(len(y)), X, y])
    products = (z.T @ z)[np.tril_indices(z.shape[1])]
    pairs = np.column_stack([products, np.zeros_like(products)]).ravel()
    return np.concatenate([pairs, z[:, 1:].min(axis=0), z[:, 1:].max(axis=0)])


def pass_over(X, y, params):
    """The outcome of the kernel "logregr"."""
    k = X.shape[1]
    (coef, step, shift), basis = np.split(params[: 3 * k], 3), params[3 * k :]
    z = np.where(np.isnan(shift), 0, X - shift)
    sign = 2 * y - 1
    p = special.expit(z @ coef)
    turned = z @ lower(basis, k).T if len(basis) else z
    hessian = turned.T @ (turned * (p * (1 - p))[:, None])
    numbers = [-np.logaddexp(0, -sign * (z @ coef)).sum(), np.abs(z @ step).max(), (sign * (z @ coef)).min()]
    ahead = np.linalg.lstsq(hessian, (y - p) @ z, rcond=None)[0]
    some = np.diag(hessian) > 0
    scale = 1 / np.sqrt(np.diag(hessian)[some])
    pivot = 1 / np.diag(np.linalg.pinv(hessian[np.ix_(some, some)] * np.outer(scale, scale))).max()
    return np.concatenate([numbers, [pivot], ahead, hessian[np.tril_indices(k)]])


def lower(triangle, k):
    matrix = np.zeros((k, k))
    matrix[np.tril_indices(k)] = triangle
    return matrix


def fit(groups, tolerance=1e-4, max_iter=20):
    k = groups[0][0].shape[1]
    search = core.search(design(np.array([moments(X, y) for X, y in groups]), k), tolerance)
    for _ in range(max_iter):
        going = search.going
        if len(going) == 0:
            break
        rows = zip([groups[g] for g in going], search.params(going), strict=True)
        search.take(going, irls.sums(np.array([pass_over(X, y, p) for (X, y), p in rows]), k))
    search.stop()
    rows = np.array([estimate(fit, k) for fit in irls.fits(search, refined(search, groups, k))])
    dims = irls.estimated(k, "z_stats", "odds_ratios")
    ends = np.cumsum([int(np.prod(shape)) for shape in dims.values()])[:-1]
    parts = zip(dims.items(), np.split(rows, ends, axis=1), strict=True)
    found = {name: part.reshape(len(groups), *shape) for (name, shape), part in parts}
    return search, SimpleNamespace(**found, **core.deviances(search))


def refined(search, groups, k):
    roots = np.full(search.hessian.shape, np.nan)
    if len(near := irls.nearly_collinear(search)):
        basis = irls.bases(search, near)
        rows = zip([groups[g] for g in near], search.basis_params(near, basis), strict=True)
        found = irls.sums(np.array([pass_over(X, y, p) for (X, y), p in rows]), k)
        roots[near] = irls.roots(search, near, basis, found)
    return roots


@pytest.fixture
def sample():
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(200), rng.normal(5, 2, 200), rng.normal(size=200)])
    y = (rng.random(200) < 1 / (1 + np.exp(-(X @ [1, -0.3, 1])))).astype(float)
    return X, y


def test_the_score_is_zero(sample):
    X, y = sample
    search, found = fit([sample])
    p = special.expit(X @ found.coef[0])
    assert core.WORDS[search.status[0]] == "converged"
    np.testing.assert_allclose((y - p) @ X, 0, atol=1e-10)
    covariance = np.linalg.inv(X.T @ (X * (p * (1 - p))[:, None]))
    np.testing.assert_allclose(found.variance_covariance[0], covariance, rtol=1e-9)
    np.testing.assert_allclose(found.std_err[0] ** 2, np.diag(covariance), rtol=1e-9)


def test_one_class_with_another_group_and_no_rows(sample):
    X, y = sample
    search, found = fit([(X, y), (X, np.zeros(200))])
    assert [core.WORDS[s] for s in search.status] == ["converged", "one class"]
    assert np.isnan(found.coef[1]).all()
    assert np.isnan(found.log_likelihood[1])
    assert not np.isnan(found.std_err[0]).any()


def test_separated_at_once(sample):
    X, _ = sample
    search, found = fit([(X, (X[:, 1] > 5).astype(float))])
    assert core.WORDS[search.status[0]] == "separated"
    assert (((X @ found.coef[0]) > 0) == (X[:, 1] > 5)).all()
    assert np.isnan(found.std_err).all()


@pytest.mark.parametrize("max_iter", [20, 60])
def test_separated_in_part(sample, max_iter):
    X, y = sample
    level = np.zeros(200)
    level[y == 1] = np.arange(int(y.sum())) < 5
    search, found = fit([(np.column_stack([X, level]), y)], max_iter=max_iter)
    assert core.WORDS[search.status[0]] == "partly separated"
    assert found.std_err[0, 3] > 100
    others, _ = fit([(X[level == 0], y[level == 0])])
    np.testing.assert_allclose(search.coef[0, 1:3], others.coef[0, 1:], rtol=1e-4)


@pytest.mark.parametrize("out", [1e3, 1e5, 1e6])
def test_a_row_far_out_separates_nothing(sample, out):
    """Its logit moves by more than others long after the likelihood has come to rest."""
    X, y = sample
    X = X.copy()
    X[0, 2] = out * (2 * y[0] - 1)
    search, found = fit([(X, y)], max_iter=50)
    assert core.WORDS[search.status[0]] == "converged"
    p = special.expit(X @ found.coef[0])
    np.testing.assert_allclose((y - p) @ X / np.abs(X).sum(axis=0), 0, atol=1e-10)


def test_not_converged(sample):
    search, found = fit([sample], max_iter=2)
    assert (core.WORDS[search.status[0]], search.iterations[0]) == ("not converged", 2)
    assert not np.isnan(found.std_err).any()


def test_a_step_too_far_is_halved(sample):
    """Newton's first step from 0 overshoots, where a row lies far out on the wrong side."""
    X, y = sample
    X = X.copy()
    X[:, 2] = np.where(np.arange(200) == 0, 4000, X[:, 2])
    y = y.copy()
    y[0] = 0
    search, found = fit([(X, y)], max_iter=50)
    assert core.WORDS[search.status[0]] == "converged"
    p = special.expit(X @ found.coef[0])
    np.testing.assert_allclose((y - p) @ X / np.abs(X).max(axis=0), 0, atol=1e-8)


def test_combinations_of_features_before():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 100))
    X = np.column_stack([np.ones(100), a, np.full(100, 7.0), b, a - 2 * b + 3, b**2])
    y = (rng.random(100) < 0.5).astype(float)
    _, found = fit([(X, y)])
    assert np.isnan(found.coef[0]).tolist() == [False, False, True, False, True, False]
    _, alone = fit([(X[:, [0, 1, 3, 5]], y)])
    np.testing.assert_allclose(found.coef[0, [0, 1, 3, 5]], alone.coef[0], rtol=1e-8)
    np.testing.assert_allclose(found.condition_no, alone.condition_no, rtol=1e-8)


def test_an_offset_is_no_combination():
    """Thousandths around 1e9: double precision has lost this difference of sums of squares."""
    rng = np.random.default_rng(4)
    x = 1e9 + rng.integers(0, 100, 50) / 128
    z = np.column_stack([np.ones(50), x])
    high = z.T @ z
    exact = np.array([[50, x.sum()], [x.sum(), sum(int(v * 128) ** 2 for v in x) / 128**2]])
    assert exact[1, 1] == high[1, 1]
    low = np.zeros((2, 2))
    low[1, 1] = float((sum(int(v * 128) ** 2 for v in x) - int(high[1, 1] * 128**2)) / 128**2)
    found = centred(high[None], low[None], np.array([[x.mean()]]))
    assert found.shape == (1, 1, 1)
    assert found[0, 0, 0] == pytest.approx(((x - x.mean()) ** 2).sum(), rel=1e-6)


def test_null_deviance_without_a_constant(sample):
    X, y = sample
    _, found = fit([(X[:, 1:], y)])
    assert found.null_deviance == pytest.approx(2 * 200 * np.log(2))
    halves = np.column_stack([X[:, 1] > 5, X[:, 1] <= 5, X[:, 2]]).astype(float)
    _, found = fit([(halves, y)])
    share = y.mean()
    assert found.null_deviance == pytest.approx(
        -400 * (share * np.log(share) + (1 - share) * np.log(1 - share))
    )


@pytest.mark.parametrize(
    ("p", "mark"), [(None, ""), (0.0005, "***"), (0.005, "**"), (0.03, "*"), (0.07, "."), (0.5, "")]
)
def test_stars(p, mark):
    assert stars(p) == mark
