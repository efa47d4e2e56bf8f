"""Perceptrons of several layers."""

import inspect
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.parameters import (
    Boolean,
    Choice,
    Integer,
    OneOf,
    Parameter,
    Real,
    Several,
    supported,
)
from madpy.worker.layout import (
    ACTIVATION_EXP,
    ACTIVATION_IDENTITY,
    ACTIVATION_LOGISTIC,
    ACTIVATION_RELU,
    ACTIVATION_SOFTMAX,
    ACTIVATION_TANH,
    KIND_NETWORK,
)

NUMBERS = {
    "identity": ACTIVATION_IDENTITY,
    "logistic": ACTIVATION_LOGISTIC,
    "tanh": ACTIVATION_TANH,
    "relu": ACTIVATION_RELU,
    "exp": ACTIVATION_EXP,
    "softmax": ACTIVATION_SOFTMAX,
}
SIZE = Integer(1, 100_000)
SHARE = Real(0, 1, below=True)
COMMON: dict[str, Parameter] = {
    "hidden_layer_sizes": OneOf(Several(SIZE), SIZE),
    "activation": Choice("relu", "tanh", "logistic", "identity"),
    "solver": Choice("adam", "lbfgs", "sgd"),
    "alpha": Real(0),
    "batch_size": OneOf(Integer(1), Choice("auto")),
    "learning_rate": Choice("constant", "invscaling", "adaptive"),
    "learning_rate_init": Real(0, above=True),
    "power_t": Real(0),
    "max_iter": Integer(1, 1_000_000),
    "max_fun": Integer(1),
    "shuffle": Boolean(),
    "tol": Real(0),
    "momentum": Real(0, 1),
    "nesterovs_momentum": Boolean(),
    "early_stopping": Boolean(),
    "validation_fraction": SHARE,
    "beta_1": SHARE,
    "beta_2": SHARE,
    "epsilon": Real(0, above=True),
    "n_iter_no_change": Integer(1),
}
LOSS: dict[str, Parameter] = {"loss": Choice("squared_error", "poisson")}


def _network(estimator: Any) -> Form:
    sizes = [len(estimator.coefs_[0]), *(len(own) for own in estimator.intercepts_)]
    activations = [NUMBERS[estimator.activation], NUMBERS[estimator.out_activation_]]
    weights = np.concatenate([one.ravel() for one in estimator.coefs_])
    biases = np.concatenate(estimator.intercepts_)
    return Form(KIND_NETWORK, sizes[-1], [np.array(activations + sizes, np.int32), weights, biases])


def _takes_weights(estimator: Any) -> bool:
    return "sample_weight" in inspect.signature(estimator.fit).parameters


ALGORITHMS = [
    Algorithm(
        "mlp", "regression", MLPRegressor, _network, supported(MLPRegressor, {**COMMON, **LOSS}),
        is_seeded=True, several_targets=True, takes_weights=_takes_weights(MLPRegressor),
    ),
    Algorithm(
        "mlp", "classification", MLPClassifier, _network, COMMON,
        is_seeded=True, takes_weights=_takes_weights(MLPClassifier),
    ),
]  # fmt: skip
