"""A model by statsmodels."""

import warnings

import numpy as np
import statsmodels.api as sm
from statsmodels.genmod.families import links
from statsmodels.tools.sm_exceptions import DomainWarning

FAMILIES = {
    "gaussian": sm.families.Gaussian,
    "binomial": sm.families.Binomial,
    "poisson": sm.families.Poisson,
    "gamma": sm.families.Gamma,
    "inverse_gaussian": sm.families.InverseGaussian,
}
LINKS = {
    "identity": links.Identity,
    "log": links.Log,
    "inverse": links.InversePower,
    "sqrt": links.Sqrt,
    "sqr_inverse": links.InverseSquared,
    "logit": links.Logit,
    "probit": links.Probit,
    "cloglog": links.CLogLog,
}


def fitted(y, X, family, link, start=None, **options):
    """A fit that goes on until its coefficients stay."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)  # that the link has means which the family has not
        model = sm.GLM(np.asarray(y, float), np.asarray(X), FAMILIES[family](LINKS[link]()), **options)
    has_dispersion = family not in ("binomial", "poisson")
    fit = model.fit(start_params=start, tol=1e-14, tol_criterion="params", maxiter=1000, use_t=has_dispersion)
    # errors are those of the iteration before: once more from the last
    again = model.fit(start_params=fit.params, maxiter=1, tol_criterion="params", use_t=has_dispersion)
    again.family_name = family
    return again


def agrees(model, fit, rel=1e-10, null=True, classes=True):
    """All that both of them say.  The likelihood is at the dispersion deviance / rows, as in R."""
    has_dispersion = fit.family_name not in ("binomial", "poisson")
    rows = fit.model.wnobs
    likelihood = fit.llf_scaled(fit.deviance / rows) if has_dispersion else fit.llf
    stats = "t_stats" if has_dispersion else "z_stats"
    wanted = {
        "coef": fit.params,
        "std_err": fit.bse,
        stats: fit.tvalues,
        "dispersion": fit.scale,
        "deviance": fit.deviance,
        "pearson_chi2": fit.pearson_chi2,
        "df_residual": fit.df_resid,
        "num_rows_processed": fit.nobs,
    }
    aic = 2 * (len(fit.params) + has_dispersion) - 2 * likelihood
    if classes:  # statsmodels has another likelihood for shares
        wanted |= {"log_likelihood": likelihood, "aic": aic}
    wanted |= {"null_deviance": fit.null_deviance} if null else {}
    for name, value in wanted.items():
        np.testing.assert_allclose(model[name], value, rtol=rel, err_msg=name)
    # digits of a small p-value are those of the statistic times its square
    np.testing.assert_allclose(model["p_values"], fit.pvalues, rtol=1e-7, atol=1e-12)
    scale = np.outer(fit.bse, fit.bse)
    np.testing.assert_allclose(model["variance_covariance"] / scale, fit.cov_params() / scale, atol=10 * rel)
    assert (model["converged"], model["status"]) == (True, "converged")
