"""Classifiers with a normal distribution for each class: quadratic discriminant analysis and naive Bayes."""

from typing import Any

import numpy as np
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB

from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.linear_classes import PRIORS
from madpy.worker.estimators.parameters import Choice, OneOf, Real, supported
from madpy.worker.layout import KIND_GAUSSIAN


def _form(widths: Any, means: Any, scalings: Any, constants: Any, priors: Any) -> Form:
    with np.errstate(divide="ignore"):  # a prior may be 0
        logs = np.log(np.asarray(priors, float))
    floats = [np.asarray(one, float).ravel() for one in (means, scalings, constants, logs)]
    return Form(KIND_GAUSSIAN, len(logs), [np.array(widths, np.int32), *floats])


def _quadratic(estimator: Any) -> Form:
    parts = list(zip(estimator.rotations_, estimator.scalings_, strict=True))
    matrices = [rotation * scaling**-0.5 for rotation, scaling in parts]
    return _form(
        [matrix.shape[1] for matrix in matrices],
        estimator.means_,
        np.concatenate([matrix.ravel() for matrix in matrices]),
        [np.sum(np.log(scaling)) for _, scaling in parts],
        estimator.priors_,
    )


def _independent(estimator: Any) -> Form:
    variances = estimator.var_
    constants = [-0.5 * np.sum(np.log(2.0 * np.pi * own)) for own in variances]
    return _form([0] * len(variances), estimator.theta_, variances, constants, estimator.class_prior_)


ALGORITHMS = [
    Algorithm(
        "qda", "classification", QuadraticDiscriminantAnalysis, _quadratic,
        supported(
            QuadraticDiscriminantAnalysis,
            {
                "solver": Choice("svd", "eigen"), "shrinkage": OneOf(Real(0, 1), Choice("auto", None)),
                "reg_param": Real(0, 1), "priors": PRIORS, "tol": Real(0),
            },
        ),
        takes_weights=False,
    ),
    Algorithm(
        "naive_bayes", "classification", GaussianNB, _independent,
        {"priors": PRIORS, "var_smoothing": Real(0)}, scale="none",
    ),
]  # fmt: skip
