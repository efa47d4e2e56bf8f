"""Linear regressions: what they predict is a sum of products."""

from typing import Any

import numpy as np
from sklearn import linear_model, svm

from madpy.worker.estimators import by_pieces
from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.descent import AT_RANDOM, passive_aggressive
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.parameters import Boolean, Choice, Integer, OneOf, Parameter, Real
from madpy.worker.layout import KIND_LINEAR, LINK_IDENTITY

POSITIVE = Real(0, above=True)
ITERATIONS = Integer(1, 1_000_000)
FROM_ZERO = Integer(0, 1_000_000)
TOL = Real(0, 1e100)
COMMON: dict[str, Parameter] = {"fit_intercept": Boolean()}
NORMS: dict[str, Parameter] = {
    "alpha": Real(0),
    "max_iter": ITERATIONS,
    "tol": TOL,
    "positive": Boolean(),
    **COMMON,
}
DESCENT: dict[str, Parameter] = {**NORMS, "selection": Choice("cyclic", "random")}
ANGLES: dict[str, Parameter] = {
    "eps": Real(0),
    "fit_path": Boolean(),
    "jitter": OneOf(Real(0), Choice(None)),
    **COMMON,
}
PRIORS: dict[str, Parameter] = {
    "alpha_1": Real(0),
    "alpha_2": Real(0),
    "lambda_1": Real(0),
    "lambda_2": Real(0),
}
# liblinear does not end where fourth powers times C overflow, or vanish.
MOST_OF_LIBLINEAR = 1e50
COST = Real(1e-15, 1e15)
FIXED = {"compute_score": False}
EXACT = {"tol": 1e-14} if "tol" in linear_model.LinearRegression._parameter_constraints else {}


def linear_form(coef: Any, intercept: Any, link: int = LINK_IDENTITY) -> Form:
    """Return the form of coefficients, shape (outputs, columns) or (columns,), and intercepts."""
    rows = np.atleast_2d(np.asarray(coef, float))
    constants = np.broadcast_to(np.asarray(intercept, float).ravel(), (len(rows),))
    return Form(
        KIND_LINEAR, len(rows), [np.array([link], np.int32), rows.ravel(), np.ascontiguousarray(constants)]
    )


def _regression(estimator: Any) -> Form:
    return linear_form(estimator.coef_, estimator.intercept_)


def _consensus(estimator: Any) -> Form:
    return _regression(estimator.estimator_)


ALGORITHMS = [
    Algorithm(
        "linear", "regression", by_pieces.Linear, _regression,
        {"fit_intercept": Boolean(), "positive": Boolean()},
        fixed=EXACT, several_targets=True,
    ),
    Algorithm(
        "ridge", "regression", by_pieces.Ridge, _regression,
        {
            **NORMS, "max_iter": OneOf(ITERATIONS, Choice(None)),
            "solver": Choice("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"),
        },
        is_seeded=True, several_targets=True,
    ),
    Algorithm(
        "lasso", "regression", linear_model.Lasso, _regression, DESCENT,
        is_seeded=True, several_targets=True,
    ),
    Algorithm(
        "elastic_net", "regression", linear_model.ElasticNet, _regression,
        {**DESCENT, "l1_ratio": Real(0, 1)},
        is_seeded=True, several_targets=True,
    ),
    Algorithm(
        "least_angle", "regression", linear_model.Lars, _regression,
        {**ANGLES, "n_nonzero_coefs": Integer(1)},
        is_seeded=True, several_targets=True, takes_weights=False,
    ),
    Algorithm(
        "lasso_least_angle", "regression", linear_model.LassoLars, _regression,
        {**ANGLES, "alpha": Real(0), "max_iter": FROM_ZERO, "positive": Boolean()},
        is_seeded=True, several_targets=True, takes_weights=False,
    ),
    Algorithm(
        "orthogonal_matching_pursuit", "regression", linear_model.OrthogonalMatchingPursuit, _regression,
        {
            "n_nonzero_coefs": OneOf(Integer(1), Choice(None)), "tol": OneOf(Real(0), Choice(None)), **COMMON,
        },
        several_targets=True, takes_weights=False,
    ),
    Algorithm(
        "bayesian_ridge", "regression", linear_model.BayesianRidge, _regression,
        {
            **PRIORS, "max_iter": ITERATIONS, "tol": POSITIVE, "alpha_init": OneOf(Real(0), Choice(None)),
            "lambda_init": OneOf(Real(0), Choice(None)), **COMMON,
        },
        fixed=FIXED,
    ),
    Algorithm(
        "automatic_relevance_determination", "regression", linear_model.ARDRegression, _regression,
        {**PRIORS, "max_iter": ITERATIONS, "tol": TOL, "threshold_lambda": Real(0), **COMMON},
        fixed=FIXED, takes_weights=False,
    ),
    Algorithm(
        "stochastic_gradient_descent", "regression", linear_model.SGDRegressor, _regression,
        {
            **AT_RANDOM, "alpha": Real(0), "average": OneOf(Boolean(), Integer(1)), "epsilon": Real(0),
            "loss": Choice(
                "squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"
            ),
            "penalty": Choice("l2", "l1", "elasticnet", None), "l1_ratio": Real(0, 1),
            "learning_rate": Choice("constant", "optimal", "invscaling", "adaptive"),
            "eta0": POSITIVE, "power_t": Real(),
        },
        is_seeded=True,
    ),
    Algorithm(
        "passive_aggressive", "regression", passive_aggressive("regression"), _regression,
        {
            **AT_RANDOM, "C": POSITIVE, "average": OneOf(Boolean(), Integer(1)), "epsilon": Real(0),
            "loss": Choice("epsilon_insensitive", "squared_epsilon_insensitive"),
        },
        is_seeded=True, takes_weights=False,
    ),
    Algorithm(
        "ransac", "regression", linear_model.RANSACRegressor, _consensus,
        {
            "min_samples": OneOf(Integer(1), Real(0, 1, above=True), Choice(None)),
            "residual_threshold": OneOf(Real(0), Choice(None)), "max_trials": FROM_ZERO,
            "max_skips": Integer(0), "stop_n_inliers": Integer(0), "stop_score": Real(),
            "stop_probability": Real(0, 1), "loss": Choice("absolute_error", "squared_error"),
        },
        is_seeded=True, several_targets=True,
    ),
    Algorithm(
        "theil_sen", "regression", linear_model.TheilSenRegressor, _regression,
        {
            "max_subpopulation": Integer(1), "n_subsamples": OneOf(Integer(1), Choice(None)),
            "max_iter": FROM_ZERO, "tol": TOL, **COMMON,
        },
        is_seeded=True, takes_weights=False,
    ),
    Algorithm(
        "huber", "regression", linear_model.HuberRegressor, _regression,
        {"epsilon": Real(1, 1e100), "max_iter": FROM_ZERO, "alpha": Real(0), "tol": TOL, **COMMON},
    ),
    Algorithm(
        "quantile", "regression", linear_model.QuantileRegressor, _regression,
        {
            "quantile": Real(0, 1, above=True, below=True), "alpha": Real(0),
            "solver": Choice("highs", "highs-ds", "highs-ipm"), **COMMON,
        },
    ),
    Algorithm(
        "linear_svm", "regression", svm.LinearSVR, _regression,
        {
            "epsilon": Real(0), "tol": POSITIVE, "C": COST, "intercept_scaling": COST,
            "loss": Choice("epsilon_insensitive", "squared_epsilon_insensitive"),
            "dual": OneOf(Boolean(), Choice("auto")), "max_iter": FROM_ZERO, **COMMON,
        },
        is_seeded=True, largest=MOST_OF_LIBLINEAR,
    ),
]  # fmt: skip
