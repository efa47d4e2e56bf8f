"""Nearest neighbours: the rows of the training, and the k-d tree over them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.kernels import in_blocks
from madpy.worker.estimators.parameters import Choice, Integer, Parameter, Real
from madpy.worker.layout import (
    KIND_NEIGHBORS,
    METRIC_CHEBYSHEV,
    METRIC_EUCLIDEAN,
    METRIC_MANHATTAN,
    METRIC_MINKOWSKI,
    WEIGHTS_DISTANCE,
    WEIGHTS_UNIFORM,
)

METRICS = {
    "euclidean": METRIC_EUCLIDEAN,
    "manhattan": METRIC_MANHATTAN,
    "chebyshev": METRIC_CHEBYSHEV,
    "minkowski": METRIC_MINKOWSKI,
}
WEIGHTS = {"uniform": WEIGHTS_UNIFORM, "distance": WEIGHTS_DISTANCE}
PARAMETERS: dict[str, Parameter] = {
    "n_neighbors": Integer(1),
    "weights": Choice(*WEIGHTS),
    "metric": Choice(*METRICS),
    "p": Real(1, 1000),
    "leaf_size": Integer(1),
}


def _form(estimator: Any) -> Form:
    data, order, nodes, bounds = map(np.asarray, estimator._tree.get_arrays())
    y = np.asarray(estimator._y, float).reshape(len(data), -1)
    metric = METRICS[estimator.effective_metric_]
    shape = [metric, WEIGHTS[estimator.weights], estimator.n_neighbors, len(data), len(nodes)]
    tree = np.stack([nodes["idx_start"], nodes["idx_end"], nodes["is_leaf"]], axis=1)
    return Form(
        KIND_NEIGHBORS,
        y.shape[1],
        [
            np.array(shape, np.int32),
            tree.astype(np.int32).ravel(),
            np.swapaxes(bounds, 0, 1).ravel(),  # least and greatest of a node side by side
            in_blocks(data[order]),
            y[order].ravel(),
            np.array([estimator.effective_metric_params_.get("p", 2)], float),
        ],
    )


def _algorithm(task: str, estimator: Callable[..., Any]) -> Algorithm:
    return Algorithm(
        "nearest_neighbors", task, estimator, _form, PARAMETERS,
        # Distances by a tree are sums of differences; brute force rounds them otherwise.
        fixed={"algorithm": "kd_tree"},
        takes_weights=False, several_targets=task == "regression", slow_to_score=True,
    )  # fmt: skip


ALGORITHMS = [
    _algorithm("regression", KNeighborsRegressor),
    _algorithm("classification", KNeighborsClassifier),
]
