"""Decompositions: a row becomes its components."""

import numpy as np
from sklearn.decomposition import NMF, PCA, TruncatedSVD

from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.linear import linear_form
from madpy.worker.estimators.parameters import Boolean, Choice, Integer, OneOf, Parameter, Real
from madpy.worker.layout import KIND_FACTORS

AT_RANDOM: dict[str, Parameter] = {
    "n_oversamples": Integer(1),
    "power_iteration_normalizer": Choice("auto", "QR", "LU", "none"),
    "tol": Real(0),
}


def _projection(estimator: PCA) -> Form:
    components = estimator.components_
    scale = np.ones(len(components))
    if estimator.whiten:
        scale = np.maximum(np.sqrt(estimator.explained_variance_), np.finfo(float).eps)
    means = (estimator.mean_.reshape(1, -1) @ components.T)[0]
    return linear_form(components / scale[:, None], -means / scale)


def _products(estimator: TruncatedSVD) -> Form:
    return linear_form(estimator.components_, np.zeros(len(estimator.components_)))


def _factors(estimator: NMF) -> Form:
    """Return the components, and what scikit-learn's coordinate descent makes of them and the penalties."""
    components = np.ascontiguousarray(estimator.components_, float)
    columns = components.shape[1]
    transposed = np.ascontiguousarray(components.T)
    products = transposed.T @ transposed
    products.flat[:: len(products) + 1] += columns * estimator.alpha_W * (1.0 - estimator.l1_ratio)
    numbers = np.array([columns * estimator.alpha_W * estimator.l1_ratio, estimator.tol], float)
    iterations = np.array([estimator.max_iter], np.int32)
    return Form(KIND_FACTORS, len(components), [components.ravel(), products.ravel(), numbers, iterations])


ALGORITHMS = [
    Algorithm(
        "pca", "decomposition", PCA, _projection,
        {
            "n_components": OneOf(Integer(1), Real(0, 1, above=True, below=True), Choice("mle", None)),
            "whiten": Boolean(), "iterated_power": OneOf(Integer(0), Choice("auto")), **AT_RANDOM,
            "svd_solver": Choice("auto", "full", "covariance_eigh", "arpack", "randomized"),
        },
        is_seeded=True, takes_weights=False,
    ),
    Algorithm(
        "truncated_svd", "decomposition", TruncatedSVD, _products,
        {
            "n_components": Integer(1), "algorithm": Choice("randomized", "arpack"),
            "n_iter": Integer(0), **AT_RANDOM,
        },
        is_seeded=True, takes_weights=False,
    ),
    Algorithm(
        "nmf", "decomposition", NMF, _factors,
        {
            "n_components": OneOf(Integer(1), Choice("auto", None)),
            "init": Choice("random", "nndsvd", "nndsvda", "nndsvdar", None),
            "tol": Real(0), "max_iter": Integer(1, 1_000_000), "alpha_W": Real(0),
            "alpha_H": OneOf(Real(0), Choice("same")), "l1_ratio": Real(0, 1),
        },
        scale="min_max",
        is_seeded=True, takes_weights=False,
    ),
]  # fmt: skip
