"""How many passes a fit takes where features say nothing or little of the target."""

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
