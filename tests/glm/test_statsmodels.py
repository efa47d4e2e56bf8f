"""Every family and link against statsmodels: weights, offsets, groups, both feeds, and no constant."""

import numpy as np
import pytest
import statsmodels.api as sm

from madpy.modules.common.linear.families import FAMILIES
from tests.glm.peer import LINKS, agrees, fitted

PAIRS = [(family, link) for family, what in FAMILIES.items() for link in what.links]


def sample(family, link, rows=400, constant=2):
    """Targets whose mean is a function of x1 and x2 by this link."""
    rng = np.random.default_rng(rows + len(family) + len(link))
    X = np.tanh(rng.normal(size=(rows, 2)))
    predictor = (0 if family == "binomial" else constant) + X @ [0.2, -0.3]
    mean = LINKS[link]().inverse(predictor)
    y = {
        "gaussian": lambda: rng.normal(mean, 0.05),
        "binomial": lambda: (rng.random(rows) < mean).astype(float),
        "poisson": lambda: rng.poisson(mean).astype(float),
        "gamma": lambda: rng.gamma(20, mean / 20),
        "inverse_gaussian": lambda: rng.wald(mean, 40),
    }[family]()
    return y, X, rng


def start_of(link, k):
    """Where statsmodels begins, for links that it does not find a beginning for itself."""
    return np.array([2.0] + [0] * (k - 1)) if link == "log" else None


@pytest.mark.parametrize("memory", [0, 1000])
@pytest.mark.parametrize(("family", "link"), PAIRS)
def test_families_and_links(sql, load_arrays, train, family, link, memory):
    y, X, _ = sample(family, link)
    features = load_arrays(y, X)
    sql(f"SET madpy.store_memory = {memory}")
    (model,) = train(features, family, link=link)
    agrees(model, fitted(y, sm.add_constant(X), family, link, start_of(link, 3)))


@pytest.mark.parametrize(("family", "link"), PAIRS)
def test_weights_and_offset(load_arrays, train, family, link):
    """Frequency weights, and an offset beside an array of features."""
    y, X, rng = sample(family, link)
    w, o = rng.integers(1, 5, len(y)), rng.normal(size=len(y)) * 0.05
    load_arrays(y, X, w=w, o=o)
    (model,) = train("ARRAY[1, x1, x2]", family, link=link, weights="w", offset="o")
    design = sm.add_constant(X)
    fit = fitted(y, design, family, link, start_of(link, 3), freq_weights=w, offset=o)
    agrees(model, fit)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_constant(load_arrays, train, family):
    """R's null model is then the predictor 0, which has a mean for the links here."""
    link = {"binomial": "probit"}.get(family, "log")
    y, X, _ = sample(family, link, constant=0)
    features = load_arrays(y, X)
    (model,) = train(f"ARRAY[{features}, x1 * x2]", family, link=link)
    fit = fitted(y, np.column_stack([X, X[:, 0] * X[:, 1]]), family, link, np.zeros(3))
    agrees(model, fit, null=False)
    none = np.full(len(y), LINKS[link]().inverse(0.0))
    assert model["null_deviance"] == pytest.approx(fit.model.family.deviance(y, none), rel=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_constant_that_is_not_the_first(load_arrays, train, family):
    y, X, _ = sample(family, FAMILIES[family].links[0])
    load_arrays(y, X)
    (model,) = train("ARRAY[x1, x2, 1]", family)
    design = np.column_stack([X, np.ones(len(y))])
    agrees(model, fitted(y, design, family, FAMILIES[family].links[0]))


@pytest.mark.parametrize("memory", [0, 1000])
def test_groups(sql, load_arrays, train, memory):
    y, X, rng = sample("poisson", "log")
    g = rng.integers(0, 3, len(y))
    features = load_arrays(y, X, g=g)
    sql(f"SET madpy.store_memory = {memory}")
    models = train(features, "poisson", order="g", grouping_cols="g")
    for group, model in enumerate(models):
        agrees(model, fitted(y[g == group], sm.add_constant(X[g == group]), "poisson", "log"))


def test_counts_with_exposures_of_many_sizes(load_arrays, train):
    """Offsets of logarithms of exposures from 1 to 10 million; targets over five orders of magnitude."""
    rng = np.random.default_rng(1)
    x, o = rng.normal(size=500), rng.uniform(0, 16, 500)
    y = rng.poisson(np.exp(-3 + 0.7 * x + o))
    features = load_arrays(y, x[:, None], o=o)
    (model,) = train(features, "poisson", offset="o")
    agrees(model, fitted(y, sm.add_constant(x), "poisson", "log", np.array([-3, 0.7]), offset=o))


def test_features_that_are_nearly_collinear_and_far_from_zero(load_arrays, train):
    rng = np.random.default_rng(2)
    x = rng.normal(size=300)
    X = np.column_stack([1e6 + x, x + 1e-4 * rng.normal(size=300)])
    y = rng.gamma(5, np.exp(0.3 * x) / 5)
    features = load_arrays(y, X)
    (model,) = train(features, "gamma", link="log")
    centred = sm.add_constant(X - [1e6, 0])
    fit = fitted(y, centred, "gamma", "log")
    np.testing.assert_allclose(model["coef"][1:], fit.params[1:], rtol=1e-8)
    np.testing.assert_allclose(model["std_err"][1:], fit.bse[1:], rtol=1e-8)


def test_a_perfect_fit(load_arrays, train):
    x = np.arange(20.0)
    features = load_arrays(3 + 2 * x, x[:, None])
    (model,) = train(features, "gaussian")
    assert model["coef"] == pytest.approx([3, 2], rel=1e-13)
    assert model["deviance"] == pytest.approx(0, abs=1e-20)
    assert model["status"] == "converged"
