"""How many passes a fit takes where features say little of the target, and where the model is not theirs."""

import numpy as np
import pytest

from tests.glm.peer import LINKS, agrees, fitted

MODELS = [
    ("poisson", "log"),
    ("poisson", "sqrt"),
    ("gamma", "inverse"),
    ("gamma", "log"),
    ("inverse_gaussian", "sqr_inverse"),
    ("inverse_gaussian", "log"),
    ("gaussian", "log"),
    ("gaussian", "inverse"),
    ("binomial", "probit"),
]


def targets(family, rows):
    rng = np.random.default_rng(11)
    y = rng.poisson(3, rows) if family == "poisson" else rng.gamma(2, size=rows)
    return y.astype(float) if family != "binomial" else (y > 2).astype(float)


@pytest.mark.parametrize(("family", "link"), MODELS)
@pytest.mark.parametrize("features", ["ARRAY[1]", "ARRAY[5]"])
def test_a_constant_alone(load_arrays, train, family, link, features):
    """The mean is known before the first pass: a second one has its sums."""
    y = targets(family, 300)
    load_arrays(y, np.ones((300, 0)))
    (model,) = train(features, family, link=link, max_iter=3)
    assert model["num_iterations"] <= 2 and model["converged"]
    (coef,) = model["coef"]
    np.testing.assert_allclose(LINKS[link]().inverse(coef * float(features[6])), y.mean(), rtol=1e-12)


@pytest.mark.parametrize(("family", "link"), MODELS)
def test_features_that_say_nothing(load_arrays, train, family, link):
    """At most 10 passes, where halving a first step that is too long took up to 40."""
    y, X = targets(family, 5000), np.random.default_rng(12).random((5000, 2))
    features = load_arrays(y, X)
    (model,) = train(features, family, link=link)
    assert model["num_iterations"] <= 10
    agrees(model, fitted(y, np.column_stack([np.ones(5000), X]), family, link), rel=1e-9)


def misfits(rows):
    """Targets whose means are far from exp(X b), and features; halving steps took more than 200 passes."""
    rng = np.random.default_rng(13)
    columns = [rng.uniform(-2, 2, rows), rng.random(rows), rng.exponential(size=rows)]
    X = np.column_stack([np.ones(rows), *columns])
    skewed = np.exp(3 * X[:, 1]) * (0.02 + rng.exponential(size=rows)) + 5 * (X[:, 2] > 0.9)
    curved = 0.01 + 10 * np.abs(X[:, 1]) ** 3 * rng.exponential(size=rows)
    return X, {"skewed": skewed, "curved": curved}


@pytest.mark.parametrize("name", ["skewed", "curved"])
@pytest.mark.parametrize("family", ["gamma", "inverse_gaussian"])
def test_a_model_that_is_not_that_of_the_targets(load_arrays, train, family, name):
    """At most 30 passes, to where the derivatives of the likelihood are 0, with errors by its formula."""
    X, all_targets = misfits(5000)
    y = all_targets[name]
    (model,) = train(load_arrays(y, X[:, 1:]), family, link="log")
    assert model["converged"] and model["num_iterations"] <= 30
    mean = np.exp(X @ model["coef"])
    variance = mean**2 if family == "gamma" else mean**3
    information = (X * (mean**2 / variance)[:, None]).T @ X
    score = X.T @ ((y - mean) * mean / variance)
    dispersion = ((y - mean) ** 2 / variance).sum() / (len(y) - X.shape[1])
    errors = np.sqrt(np.diagonal(np.linalg.inv(information)) * dispersion)
    np.testing.assert_allclose(np.linalg.solve(information, score) / errors, 0, atol=1e-9)
    np.testing.assert_allclose(model["std_err"], errors, rtol=1e-9)
