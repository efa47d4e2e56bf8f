"""Gaussian processes, with kernels that a flat list of hyperparameters describes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels

from madpy.worker.errors import ROWS, WorkerError
from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.kernels import Machine, kernel_arrays, sums_form
from madpy.worker.estimators.parameters import Boolean, Choice, Integer, Number, OneOf, Parameter, Real
from madpy.worker.layout import (
    KERNEL_LINEAR,
    KERNEL_MATERN_1,
    KERNEL_MATERN_3,
    KERNEL_MATERN_5,
    KERNEL_QUADRATIC,
    KERNEL_RBF,
    KIND_LAPLACE,
)

MATERN = {0.5: KERNEL_MATERN_1, 1.5: KERNEL_MATERN_3, 2.5: KERNEL_MATERN_5}
MOST_NUMBERS = 2**26  # numbers in Cholesky factors
OF_KERNEL = ("kernel", "length_scale", "nu", "mixture", "sigma_0", "constant", "noise")


def _kernel(given: dict[str, Any]) -> Any:
    """Return the kernel of the hyperparameters, whose numbers are where a fit begins; None: the default."""
    if not any(name in given for name in OF_KERNEL):
        return None
    name, length = given.get("kernel", "rbf"), given.get("length_scale", 1.0)
    base = {
        "rbf": lambda: kernels.RBF(length),
        "matern": lambda: kernels.Matern(length, nu=given.get("nu", 1.5)),
        "rational_quadratic": lambda: kernels.RationalQuadratic(length, given.get("mixture", 1.0)),
        "dot_product": lambda: kernels.DotProduct(given.get("sigma_0", 1.0)),
    }[name]()
    kernel = kernels.ConstantKernel(given.get("constant", 1.0)) * base
    return kernel if given.get("noise") is None else kernel + kernels.WhiteKernel(given["noise"])


def _with_kernel(estimator: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes an estimator of the flat list."""

    def build(**given: Any) -> Any:
        own = {name: given.pop(name) for name in OF_KERNEL if name in given}
        return estimator(kernel=_kernel(own), **given)

    return build


def _machine(kernel: Any) -> tuple[int, Machine]:
    """Return the number of a fitted kernel and its parameters."""
    noise = 0.0
    if isinstance(kernel, kernels.Sum):
        kernel, noise = kernel.k1, float(kernel.k2.noise_level)
    factor, base = float(kernel.k1.constant_value), kernel.k2
    if isinstance(base, kernels.DotProduct):
        return KERNEL_LINEAR, (1.0, base.sigma_0**2, 1.0, factor, noise)
    inverse = float(base.length_scale) ** -2
    if isinstance(base, kernels.Matern):
        return MATERN[base.nu], (inverse, 0.0, 1.0, factor, noise)
    if isinstance(base, kernels.RationalQuadratic):
        return KERNEL_QUADRATIC, (inverse / (2 * base.alpha), 0.0, base.alpha, factor, noise)
    return KERNEL_RBF, (inverse / 2, 0.0, 1.0, factor, noise)


def _regression(estimator: Any) -> Form:
    kernel, machine = _machine(estimator.kernel_)
    rows = estimator.X_train_
    coef = estimator.alpha_.reshape(len(rows), -1).T
    return sums_form(kernel, machine, rows, coef, estimator._y_train_std, estimator._y_train_mean)


def _classes(estimator: Any) -> Form:
    classes = len(estimator.classes_)
    base = estimator.base_estimator_
    machines = [base] if classes == 2 else base.estimators_
    rows = machines[0].X_train_
    if len(machines) * len(rows) ** 2 > MOST_NUMBERS:
        raise WorkerError(
            f"a Gaussian process of {len(rows)} rows and {classes} classes is too large",
            ROWS,
            "train on fewer rows, or choose svm",
        )
    triangle = np.tril_indices(len(rows))
    parameters = [_machine(one.kernel_) for one in machines]
    return Form(
        KIND_LAPLACE,
        1,
        [
            *kernel_arrays(parameters[0][0], [machine for _, machine in parameters], rows),
            np.concatenate([np.concatenate([one.y_train_ - one.pi_, one.W_sr_]) for one in machines]),
            np.concatenate([one.L_[triangle] for one in machines]),
        ],
    )


LEVEL = Real(0, above=True)
KERNEL: dict[str, Parameter] = {
    "kernel": Choice("rbf", "matern", "rational_quadratic", "dot_product"),
    "length_scale": LEVEL,
    "nu": Number((0.5, 1.5, 2.5)),
    "mixture": LEVEL,
    "sigma_0": LEVEL,
    "constant": LEVEL,
    "noise": OneOf(LEVEL, Choice(None)),
    "optimizer": Choice("fmin_l_bfgs_b", None),
    "n_restarts_optimizer": Integer(0, 1000),
}

ALGORITHMS = [
    Algorithm(
        "gaussian_process", "regression", _with_kernel(GaussianProcessRegressor), _regression,
        {**KERNEL, "alpha": LEVEL, "normalize_y": Boolean()},
        takes_weights=False, several_targets=True, is_seeded=True, slow_to_score=True,
    ),
    Algorithm(
        "gaussian_process", "classification", _with_kernel(GaussianProcessClassifier), _classes,
        {**KERNEL, "max_iter_predict": Integer(1, 1_000_000)},
        takes_weights=False, is_seeded=True, slow_to_score=True,
    ),
]  # fmt: skip
