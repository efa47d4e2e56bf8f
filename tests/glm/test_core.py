"""Likelihoods from deviances against scipy's densities, links, and the targets of families."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from madpy.modules.common.linear import irls
from madpy.modules.common.linear.families import FAMILIES, LINKS

Y = np.array([0.5, 1.2, 2.0, 3.1])
MEAN = np.array([0.7, 1.0, 2.5, 2.9])
W = np.array([1.0, 2, 1, 3])


def test_dimensions_of_what_is_said():
    assert irls.estimated(2, "t_stats") == {
        "condition_no": [],
        **{name: [2] for name in ("coef", "std_err", "t_stats", "p_values")},
        "variance_covariance": [2, 2],
    }


def likelihood(family, deviances, constants):
    return float(FAMILIES[family].log_likelihood((W * deviances).sum(), W.sum(), (W * constants).sum()))


def test_likelihood_of_gaussian():
    deviances = (Y - MEAN) ** 2
    scale = np.sqrt((W * deviances).sum() / W.sum())
    wanted = (W * stats.norm.logpdf(Y, MEAN, scale)).sum()
    assert likelihood("gaussian", deviances, 0 * Y) == pytest.approx(wanted, rel=1e-13)


def test_likelihood_of_gamma():
    deviances = 2 * ((Y - MEAN) / MEAN - np.log(Y / MEAN))
    shape = W.sum() / (W * deviances).sum()
    wanted = (W * stats.gamma.logpdf(Y, shape, scale=MEAN / shape)).sum()
    assert likelihood("gamma", deviances, np.log(Y)) == pytest.approx(wanted, rel=1e-12)


def test_likelihood_of_inverse_gaussian():
    deviances = (Y - MEAN) ** 2 / (MEAN**2 * Y)
    scale = W.sum() / (W * deviances).sum()
    wanted = (W * stats.invgauss.logpdf(Y, MEAN / scale, scale=scale)).sum()
    assert likelihood("inverse_gaussian", deviances, np.log(Y)) == pytest.approx(wanted, rel=1e-12)


def test_likelihood_of_poisson():
    counts = np.array([0.0, 1, 2, 3])
    saturated = stats.poisson.logpmf(counts, counts)
    deviances = 2 * (saturated - stats.poisson.logpmf(counts, MEAN))
    wanted = (W * stats.poisson.logpmf(counts, MEAN)).sum()
    assert likelihood("poisson", deviances, saturated) == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize(
    ("link", "inverse"),
    [
        ("identity", lambda eta: eta),
        ("log", np.exp),
        ("inverse", lambda eta: 1 / eta),
        ("sqrt", np.square),
        ("sqr_inverse", lambda eta: eta**-0.5),
        ("logit", stats.logistic.cdf),
        ("probit", stats.norm.cdf),
        ("cloglog", stats.gumbel_l.cdf),
    ],
)
def test_links(link, inverse):
    mean = np.array([0.01, 0.4, 0.97])
    np.testing.assert_allclose(inverse(LINKS[link](mean)), mean, rtol=1e-12)


def test_scipy_is_not_imported():
    """Loading scipy takes as long as a small fit takes in all."""
    code = "import sys; from madpy.modules.glm import driver, predict; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_which_targets_a_family_has():
    low, high = np.array([-1, 0, 0.5]), np.array([0, 1, 1.5])
    found = {name: family.has(low, high).tolist() for name, family in FAMILIES.items()}
    assert found == {
        "gaussian": [True, True, True],
        "binomial": [False, True, False],
        "poisson": [False, True, True],
        "gamma": [False, False, True],
        "inverse_gaussian": [False, False, True],
    }
