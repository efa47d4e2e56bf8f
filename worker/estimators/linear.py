"""Linear models: what they predict is a sum of products, and for classes what a link makes of it."""

from typing import Any

import numpy as np
from sklearn import linear_model

from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.parameters import Boolean, Choice, Integer, OneOf, Real
from madpy.worker.layout import (
    KIND_LINEAR,
    LINK_IDENTITY,
    LINK_LOGIT,
    LINK_SOFTMAX,
)

POSITIVE = Real(0, above=True)
ITERATIONS = Integer(1, 1_000_000)
TOL = Real(0)


def linear_form(coef: Any, intercept: Any, link: int = LINK_IDENTITY) -> Form:
    """Return the form of coefficients, shape (outputs, columns) or (columns,), and intercepts."""
    rows = np.atleast_2d(np.asarray(coef, float))
    constants = np.broadcast_to(np.asarray(intercept, float).ravel(), (len(rows),))
    return Form(
        KIND_LINEAR, len(rows), [np.array([link], np.int32), rows.ravel(), np.ascontiguousarray(constants)]
    )


def _regression(estimator: Any) -> Form:
    return linear_form(estimator.coef_, estimator.intercept_)


def _logistic(estimator: Any) -> Form:
    link = LINK_LOGIT if len(estimator.classes_) == 2 else LINK_SOFTMAX
    return linear_form(estimator.coef_, estimator.intercept_, link)


ALGORITHMS = [
    Algorithm(
        "linear", "regression", linear_model.LinearRegression, _regression,
        {"fit_intercept": Boolean(), "positive": Boolean()},
        fixed={"tol": 1e-14}, several_targets=True,
    ),
    Algorithm(
        "ridge", "regression", linear_model.Ridge, _regression,
        {
            "alpha": Real(0), "fit_intercept": Boolean(), "max_iter": OneOf(ITERATIONS, Choice(None)),
            "tol": TOL, "positive": Boolean(),
            "solver": Choice("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"),
        },
        is_seeded=True, several_targets=True, scale="standard",
    ),
    Algorithm(
        "linear", "classification", linear_model.LogisticRegression, _logistic,
        {
            "C": POSITIVE, "fit_intercept": Boolean(), "max_iter": ITERATIONS, "tol": POSITIVE,
            "class_weight": Choice("balanced", None), "l1_ratio": Real(0, 1),
            "solver": Choice("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga"),
        },
        is_seeded=True,
    ),
]  # fmt: skip
