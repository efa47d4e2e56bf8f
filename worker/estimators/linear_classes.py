"""Linear classifiers: sums of products, and what a link makes of them."""

from typing import Any

from sklearn import discriminant_analysis, linear_model, svm

from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.descent import AT_RANDOM, VERSION, passive_aggressive
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.linear import (
    COST,
    FROM_ZERO,
    ITERATIONS,
    MOST_OF_LIBLINEAR,
    POSITIVE,
    TOL,
    linear_form,
)
from madpy.worker.estimators.parameters import Boolean, Choice, Integer, OneOf, Parameter, Real, Several
from madpy.worker.layout import (
    LINK_LOGIT,
    LINK_MARGIN,
    LINK_MODIFIED_HUBER,
    LINK_ONE_AGAINST_REST,
    LINK_SOFTMAX,
)

WEIGHTED: dict[str, Parameter] = {"class_weight": Choice("balanced", None)}
# Before this version the penalty had another argument, and this one no effect.
MIXED: dict[str, Parameter] = {"l1_ratio": Real(0, 1)} if VERSION >= (1, 8) else {}
LINKS_OF_LOSSES = {"log_loss": LINK_ONE_AGAINST_REST, "modified_huber": LINK_MODIFIED_HUBER}
PRIORS = OneOf(Several(Real(0, 1), 10_000), Choice(None))


def _logistic(estimator: Any) -> Form:
    link = LINK_LOGIT if len(estimator.classes_) == 2 else LINK_SOFTMAX
    return linear_form(estimator.coef_, estimator.intercept_, link)


def _margin(estimator: Any) -> Form:
    return linear_form(estimator.coef_, estimator.intercept_, LINK_MARGIN)


def _by_loss(estimator: Any) -> Form:
    link = LINKS_OF_LOSSES.get(estimator.loss, LINK_MARGIN)
    return linear_form(estimator.coef_, estimator.intercept_, link)


ALGORITHMS = [
    Algorithm(
        "linear", "classification", linear_model.LogisticRegression, _logistic,
        {
            "C": POSITIVE, "fit_intercept": Boolean(), "max_iter": ITERATIONS, "tol": POSITIVE,
            **MIXED, **WEIGHTED,
            "solver": Choice("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga"),
        },
        is_seeded=True,
    ),
    Algorithm(
        "ridge", "classification", linear_model.RidgeClassifier, _margin,
        {
            "alpha": Real(0), "fit_intercept": Boolean(), "max_iter": OneOf(ITERATIONS, Choice(None)),
            "tol": TOL, "positive": Boolean(), **WEIGHTED,
            "solver": Choice("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"),
        },
        is_seeded=True,
    ),
    Algorithm(
        "stochastic_gradient_descent", "classification", linear_model.SGDClassifier, _by_loss,
        {
            **AT_RANDOM, "alpha": Real(0), "average": OneOf(Boolean(), Integer(1)), "epsilon": Real(0),
            "loss": Choice(
                "hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "squared_error",
                "huber", "epsilon_insensitive", "squared_epsilon_insensitive",
            ),
            "penalty": Choice("l2", "l1", "elasticnet", None), "l1_ratio": Real(0, 1),
            "learning_rate": Choice("constant", "optimal", "invscaling", "adaptive"),
            "eta0": POSITIVE, "power_t": Real(), **WEIGHTED,
        },
        is_seeded=True,
    ),
    Algorithm(
        "perceptron", "classification", linear_model.Perceptron, _margin,
        {
            **AT_RANDOM, "alpha": Real(0), "eta0": POSITIVE, "l1_ratio": Real(0, 1), **WEIGHTED,
            "penalty": Choice("l2", "l1", "elasticnet", None),
        },
        is_seeded=True,
    ),
    Algorithm(
        "passive_aggressive", "classification", passive_aggressive("classification"), _margin,
        {
            **AT_RANDOM, "C": POSITIVE, "average": OneOf(Boolean(), Integer(1)),
            "loss": Choice("hinge", "squared_hinge"), **WEIGHTED,
        },
        is_seeded=True, takes_weights=False,
    ),
    Algorithm(
        "linear_svm", "classification", svm.LinearSVC, _margin,
        {
            "C": COST, "tol": POSITIVE, "intercept_scaling": COST, "max_iter": FROM_ZERO,
            "penalty": Choice("l2", "l1"), "loss": Choice("squared_hinge", "hinge"),
            "dual": OneOf(Boolean(), Choice("auto")), "multi_class": Choice("ovr", "crammer_singer"),
            "fit_intercept": Boolean(), **WEIGHTED,
        },
        is_seeded=True, largest=MOST_OF_LIBLINEAR,
    ),
    Algorithm(
        "lda", "classification", discriminant_analysis.LinearDiscriminantAnalysis, _logistic,
        {
            "solver": Choice("svd", "lsqr", "eigen"), "priors": PRIORS, "tol": TOL,
            "shrinkage": OneOf(Real(0, 1), Choice("auto", None)), "n_components": Integer(1),
        },
        takes_weights=False,
    ),
]  # fmt: skip
