"""Algorithms in ONNX beside the scorer in C: trees at the bounds of leaves, and unusual hyperparameters."""

import itertools

import pytest

from tests.projects.bounds import bounds
from tests.projects.kept import keep
from tests.projects.runtime import compare

AVERAGES = ("decision_tree", "random_forest", "extra_trees", "bagging")  # of probabilities
ENSEMBLES = {
    "decision_tree": {"max_depth": 4},
    "random_forest": {"n_estimators": 7, "max_depth": 4},
    "extra_trees": {"n_estimators": 5, "max_depth": 3},
    "gradient_boosting_trees": {"n_estimators": 9},
    "hist_gradient_boosting": {"max_iter": 9},
    "bagging": {"n_estimators": 3},
    "ada_boost": {"n_estimators": 5},
}


@pytest.mark.parametrize("algorithm", ENSEMBLES)
def test_trees_are_equal_at_the_bounds_of_every_leaf(sql, waves, algorithm):
    """Labels too: they would differ where sums of leaves are rounded in another way and classes are equal."""
    for target, task in (("y", "regression"), ("c", "classification")):
        model = keep(sql, "t", target, "a, b", algorithm, task, hyperparams=ENSEMBLES[algorithm])
        extremes = [-0.0, 1e39, -1e39, 1.7e308, 1e-46, 3.4028235677973366e38, None]
        edges = [*bounds(sql, model).tolist(), *extremes]
        rows = [*itertools.product(edges, (0.0, 0.001, None)), *itertools.product((0.0, -0.7, 0.7), edges)]
        is_exact = task == "regression" or algorithm in AVERAGES
        compare(sql, model, rows, is_exact)


@pytest.mark.parametrize(
    ("algorithm", "task", "hyperparams"),
    [
        ("gradient_boosting_trees", "regression", {"n_estimators": 1, "min_samples_leaf": 120}),
        ("random_forest", "regression", {"n_estimators": 90, "max_depth": 3}),
        ("random_forest", "classification", {"n_estimators": 2, "min_samples_leaf": 0.9}),
        ("hist_gradient_boosting", "regression", {"loss": "poisson"}),
        ("ada_boost", "regression", {"n_estimators": 1}),
        ("svm", "regression", {"epsilon": 100}),
        ("svm", "classification", {"kernel": "poly", "degree": 2, "coef0": 0.5}),
        ("svm", "classification", {"kernel": "sigmoid", "probability": True}),
        ("nu_svm", "classification", {"kernel": "linear", "nu": 0.2}),
        ("kernel_ridge", "regression", {"kernel": "laplacian"}),
        ("gaussian_process", "regression", {"kernel": "matern"}),
        ("stochastic_gradient_descent", "classification", {"loss": "modified_huber"}),
        ("stochastic_gradient_descent", "classification", {"loss": "log_loss"}),
        ("mlp", "regression", {"activation": "tanh", "hidden_layer_sizes": [5, 4, 3]}),
        ("affinity_propagation", "clustering", {"max_iter": 1}),
        ("pca", "decomposition", {"whiten": True}),
    ],
)  # fmt: skip
def test_unusual_models(sql, waves, algorithm, task, hyperparams):
    sql("UPDATE t SET y = abs(y)")
    target = {"regression": "y", "classification": "c"}.get(task)
    model = keep(sql, "t", target, "a, b", algorithm, task, hyperparams=hyperparams)
    rows = [*sql("SELECT a, b FROM t"), (None, 0.0), (0.3, float("inf"))]
    outputs = compare(sql, model, rows, is_exact=algorithm == "random_forest")
    assert "probabilities" not in outputs if algorithm == "svm" else outputs
