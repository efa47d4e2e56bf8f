"""Models over kernels of rows: support vector machines and kernel ridge."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import svm
from sklearn.kernel_ridge import KernelRidge

from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.parameters import Boolean, Choice, Integer, OneOf, Parameter, Real
from madpy.worker.layout import (
    KERNEL_BLOCK,
    KERNEL_LAPLACIAN,
    KERNEL_LINEAR,
    KERNEL_POLYNOMIAL,
    KERNEL_RBF,
    KERNEL_SIGMOID,
    KIND_KERNEL,
    KIND_SVM,
)

KERNELS = {
    "linear": KERNEL_LINEAR,
    "poly": KERNEL_POLYNOMIAL,
    "rbf": KERNEL_RBF,
    "sigmoid": KERNEL_SIGMOID,
    "laplacian": KERNEL_LAPLACIAN,
}
Machine = tuple[float, float, float, float, float]  # gamma, coef0, degree, factor, noise


def kernel_arrays(kernel: int, machines: Sequence[Machine], rows: Any) -> list[NDArray[Any]]:
    """Return the first arrays of a kind over kernels; rows have the shape (n, columns)."""
    shape = [kernel, len(rows), len(machines)]
    return [np.array(shape, np.int32), np.array(machines, float).ravel(), in_blocks(rows)]


def in_blocks(rows: Any) -> NDArray[np.float64]:
    """Return rows in blocks, column by column in each; zeros fill the last block up."""
    data = np.asarray(rows, float)
    count, columns = data.shape
    blocks = -(-count // KERNEL_BLOCK)
    filled = np.zeros((blocks * KERNEL_BLOCK, columns))
    filled[:count] = data
    return filled.reshape(blocks, KERNEL_BLOCK, columns).swapaxes(1, 2).ravel()


def sums_form(kernel: int, machine: Machine, rows: Any, coef: Any, scale: Any, constant: Any) -> Form:
    """Return the form of sums of kernels; coefficients have the shape (outputs, n)."""
    outputs = len(coef)
    both = [np.broadcast_to(np.asarray(one, float).ravel(), (outputs,)) for one in (scale, constant)]
    arrays = kernel_arrays(kernel, [machine], rows)
    return Form(KIND_KERNEL, outputs, [*arrays, np.asarray(coef, float).ravel(), np.concatenate(both)])


def _machine(estimator: Any) -> tuple[int, Machine]:
    kernel = KERNELS[estimator.kernel]
    gamma = 1.0 if kernel == KERNEL_LINEAR else estimator._gamma
    coef0 = 0.0 if kernel == KERNEL_LINEAR else estimator.coef0
    return kernel, (gamma, coef0, estimator.degree, 1.0, 0.0)


def _support_regression(estimator: Any) -> Form:
    kernel, machine = _machine(estimator)
    rows = estimator.support_vectors_
    return sums_form(kernel, machine, rows, estimator._dual_coef_, 1.0, estimator._intercept_)


def _support_classes(estimator: Any) -> Form:
    kernel, machine = _machine(estimator)
    constants = [estimator._intercept_, estimator._probA, estimator._probB]
    classes = len(estimator.classes_)
    return Form(
        KIND_SVM,
        1 if classes == 2 else classes,
        [
            *kernel_arrays(kernel, [machine], estimator.support_vectors_),
            np.asarray(estimator._n_support, np.int32),
            np.asarray(estimator._dual_coef_, float).ravel(),
            np.concatenate([np.asarray(one, float).ravel() for one in constants]),
        ],
    )


def _kernel_ridge(estimator: Any) -> Form:
    kernel = KERNELS[estimator.kernel]
    rows = estimator.X_fit_
    gamma = 1 / rows.shape[1] if estimator.gamma is None else estimator.gamma
    machine = (1.0, 0.0) if kernel == KERNEL_LINEAR else (gamma, estimator.coef0)
    coef = estimator.dual_coef_.reshape(len(rows), -1).T
    return sums_form(kernel, (*machine, estimator.degree, 1.0, 0.0), rows, coef, 1.0, 0.0)


POSITIVE = Real(0, above=True)
SUPPORT: dict[str, Parameter] = {
    "kernel": Choice("linear", "poly", "rbf", "sigmoid"),
    "degree": Integer(0, 1000),
    "gamma": OneOf(Real(0), Choice("scale", "auto")),
    "coef0": Real(),
    "tol": POSITIVE,
    "shrinking": Boolean(),
    "max_iter": Integer(-1),
}
OF_CLASSES: dict[str, Parameter] = {
    "class_weight": Choice("balanced", None),
    "probability": Boolean(),
}
SHARE = Real(0, 1, above=True)
# libsvm's own limit, which scikit-learn leaves out: with a large C on classes that overlap it would not end.
FIXED = {"max_iter": 10_000_000}

ALGORITHMS = [
    Algorithm(
        "svm", "regression", svm.SVR, _support_regression,
        {**SUPPORT, "C": POSITIVE, "epsilon": Real(0)}, slow_to_score=True, fixed=FIXED,
    ),
    Algorithm(
        "svm", "classification", svm.SVC, _support_classes,
        {**SUPPORT, **OF_CLASSES, "C": POSITIVE}, is_seeded=True, slow_to_score=True, fixed=FIXED,
    ),
    Algorithm(
        "nu_svm", "regression", svm.NuSVR, _support_regression,
        {**SUPPORT, "C": POSITIVE, "nu": SHARE}, slow_to_score=True, fixed=FIXED,
    ),
    Algorithm(
        "nu_svm", "classification", svm.NuSVC, _support_classes,
        {**SUPPORT, **OF_CLASSES, "nu": SHARE}, is_seeded=True, slow_to_score=True, fixed=FIXED,
    ),
    Algorithm(
        "kernel_ridge", "regression", KernelRidge, _kernel_ridge,
        {
            "alpha": Real(0), "kernel": Choice(*KERNELS), "gamma": OneOf(Real(0), Choice(None)),
            "degree": Real(0, 1000), "coef0": Real(),
        },
        several_targets=True, slow_to_score=True,
    ),
]  # fmt: skip
