"""Against the result sets that statsmodels keeps of R's glm, and against statsmodels, on the same data.

R stops where the deviance changes by 1e-8 of itself.  With a canonical link convergence is quadratic, and
what R prints has seven digits or all; with another link it is linear, and R's coefficients have four to six.
statsmodels is told to go on until its coefficients stay, which ours agree with to ten digits.
"""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.genmod.tests.results import results_glm

from tests.glm.peer import agrees, fitted


def longley():
    data = sm.datasets.longley.load()
    return data.endog, data.exog


def star98():
    data = sm.datasets.star98.load()
    trials = data.endog.sum(axis=1)
    return data.endog.iloc[:, 0] / trials, data.exog, {"w": trials}


def scotland():
    data = sm.datasets.scotland.load()
    return data.endog, data.exog


def cpunish():
    data = sm.datasets.cpunish.load()
    exog = data.exog.copy()
    exog.iloc[:, 3] = np.log(exog.iloc[:, 3])
    return data.endog, exog


def own(result):
    """The data that a result set has itself; its last column is the constant."""
    exog = np.asarray(result.exog, float)
    return result.endog, exog[:, :-1] if (exog[:, -1] == 1).all() else exog


# by result set: family, link, data, and the tolerance of what R prints
CASES = {
    "Longley": ("gaussian", "identity", longley, 1e-7),
    "Star98": ("binomial", "logit", star98, 5e-7),
    "Lbw": ("binomial", "logit", own, 5e-7),
    "Scotvote": ("gamma", "inverse", scotland, 1e-6),
    "Cpunish": ("poisson", "log", cpunish, 1e-5),
    "CancerLog": ("gamma", "log", own, 1e-4),
    "CancerIdentity": ("gamma", "identity", own, 1e-4),
    "InvGauss": ("inverse_gaussian", "sqr_inverse", own, 2e-6),
    "InvGaussLog": ("inverse_gaussian", "log", own, 1e-4),
    "InvGaussIdentity": ("inverse_gaussian", "identity", own, 2e-4),
}


@pytest.mark.parametrize("name", CASES)
def test_result_sets(load_arrays, train, name):
    family, link, data, rel = CASES[name]
    wanted = getattr(results_glm, name)()
    y, X, *more = data(wanted) if data is own else data()
    features = load_arrays(y, X, **(more[0] if more else {}))
    (model,) = train(features, family, link=link, weights="w" if more else None)
    trials = np.asarray(more[0]["w"]) if more else None
    agrees(
        model,
        fitted(y, sm.add_constant(np.asarray(X, float)), family, link, freq_weights=trials),
        classes=not more,
    )

    np.testing.assert_allclose(np.roll(model["coef"], -1), np.asarray(wanted.params, float), rtol=rel)
    np.testing.assert_allclose(
        np.roll(model["std_err"], -1), np.asarray(wanted.bse, float), rtol=max(rel, 2e-5)
    )
    for ours, theirs in (("deviance", wanted.deviance), ("null_deviance", wanted.null_deviance)):
        assert model[ours] == pytest.approx(theirs, rel=1e-5), ours
    assert model["dispersion"] == pytest.approx(wanted.scale, rel=1e-4)
    if name != "Star98":  # whose likelihood in R counts the orders of successes
        assert model["aic"] == pytest.approx(wanted.aic_R, rel=1e-4)
