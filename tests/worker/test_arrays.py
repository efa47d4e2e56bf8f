"""Fits over arrays of a device make the models that scikit-learn does, to 1e-9 of an array's largest number.

A logistic regression is as near as its solver's `tol` lets it be: its decisions agree to 1e-4.
"""

import warnings

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from madpy.worker.estimators import ALGORITHMS
from madpy.worker.estimators.arrays import fit_of, kmeans, neighbors
from tests.sk.scoring import GENERATED, SHIPPED, Data, generated, shipped
from tests.worker.devices import DEVICES, NUMPY

TOLERANCE = 1e-9
FORMS = {
    ("linear", "regression"): [{}, {"fit_intercept": False}],
    ("ridge", "regression"): [{}, {"alpha": 10.0, "fit_intercept": False}, {"alpha": 0.1, "solver": "svd"}],
    ("kmeans", "clustering"): [
        {},
        {"n_clusters": 1},
        {"n_clusters": 15, "init": "random", "algorithm": "elkan", "n_init": 3},
    ],
    ("pca", "decomposition"): [
        {},
        {"n_components": 1, "whiten": True},
        {"n_components": 0.7, "svd_solver": "full"},
        {"n_components": 1, "svd_solver": "randomized", "power_iteration_normalizer": "QR"},
    ],
    ("lda", "classification"): [{}, {"priors": [0.2, 0.8]}],
    ("naive_bayes", "classification"): [{}, {"var_smoothing": 0.1}],
}
NEIGHBORS = {"regression": KNeighborsRegressor, "classification": KNeighborsClassifier}
WAYS = [
    {},
    {"weights": "distance"},
    {"metric": "manhattan"},
    {"metric": "chebyshev"},
    {"p": 3.0, "n_neighbors": 3},
    {"n_neighbors": 19},
]


@pytest.fixture(params=DEVICES)
def device(request):
    return DEVICES[request.param]()


def sources(task):
    """All data sets for a task; those without a target are of the other two."""
    kind = task if task in SHIPPED else "classification"
    for source in [*SHIPPED[kind], *range(GENERATED)]:
        data = shipped(source) if isinstance(source, str) else generated(kind, source)
        yield data if task == kind else Data(data.X, None)


def fitted(device, name, task, hyperparams, data, weights=None):
    """One estimator that scikit-learn fits, and one that the device does."""
    algorithm = ALGORITHMS[name, task]
    theirs, ours = (algorithm.build(hyperparams, 0) for _ in range(2))
    y = None if data.y is None else np.asarray(data.y, float)
    given = {"y": y, "sample_weight": weights}
    run = fit_of(name, task, ours)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.fit(data.X, **{key: value for key, value in given.items() if value is not None})
        run(ours, device, data.X, y, weights)
    return theirs, ours


def equal(algorithm, theirs, ours, tolerance=TOLERANCE):
    expected, found = algorithm.form(theirs), algorithm.form(ours)
    assert (found.kind, found.outputs) == (expected.kind, expected.outputs)
    for one, other in zip(found.arrays, expected.arrays, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * np.abs(other).max(initial=0))


@pytest.mark.parametrize(("name", "task"), FORMS)
def test_models_are_scikit_learns(device, name, task):
    algorithm = ALGORITHMS[name, task]
    for data in sources(task):
        for hyperparams in FORMS[name, task]:
            if "priors" in hyperparams and len(np.unique(data.y)) != 2:
                continue
            equal(algorithm, *fitted(device, name, task, hyperparams, data))


@pytest.mark.parametrize("name", ["linear", "ridge", "kmeans", "naive_bayes"])
def test_weights(device, name):
    (task,) = [task for known, task in FORMS if known == name]
    for data in sources(task):
        weights = np.random.default_rng(1).uniform(0.1, 3, len(data.X))
        equal(ALGORITHMS[name, task], *fitted(device, name, task, {}, data, weights))


def test_logistic_regression(device):
    for data in sources("classification"):
        X = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0).clip(1e-9)
        hyperparams = {"C": 0.1, "tol": 1e-7, "max_iter": 1000}
        theirs, ours = fitted(device, "linear", "classification", hyperparams, Data(X, data.y))
        np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-4)


@pytest.mark.parametrize("task", NEIGHBORS)
@pytest.mark.parametrize("hyperparams", WAYS, ids=str)
def test_neighbors(device, task, hyperparams):
    """Rows at equal distances are chosen as they come: predictions are compared where there are none."""
    for data in sources(task):
        theirs, ours = (NEIGHBORS[task](algorithm="kd_tree", **hyperparams) for _ in range(2))
        theirs.fit(data.X, data.y)
        fit_of("nearest_neighbors", task, ours)(ours, device, data.X, data.y, None)
        more = min(theirs.n_neighbors + 1, len(data.X))
        distances, _ = theirs.kneighbors(data.X, more)
        found, numbers = ours.kneighbors(data.X)
        np.testing.assert_allclose(found, distances[:, : theirs.n_neighbors], rtol=1e-13)
        assert ours.kneighbors(data.X, return_distance=False).tolist() == numbers.tolist()
        clear = np.diff(distances, axis=1).min(axis=1) > 1e-12
        if clear.any():
            X = data.X[clear]
            np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-12)


def test_more_neighbors_than_are_taken_one_by_one(device):
    data = shipped("diabetes")
    theirs, ours = (KNeighborsRegressor(neighbors.FEW + 1, algorithm="kd_tree") for _ in range(2))
    theirs.fit(data.X, data.y)
    neighbors.fit(ours, device, data.X, data.y, None)
    np.testing.assert_allclose(ours.predict(data.X), theirs.predict(data.X), rtol=1e-12)


def test_features_that_depend_on_each_other(device):
    """Least squares of minimal norm, as scikit-learn has it; and more features than rows."""
    X = shipped("diabetes").X
    y = shipped("diabetes").y
    for columns, rows in ((np.hstack([X, X[:, :2] + X[:, 2:4]]), 400), (X, 5)):
        data = Data(columns[:rows], y[:rows])
        for name in ("linear", "ridge"):
            equal(ALGORITHMS[name, "regression"], *fitted(device, name, "regression", {}, data))


def test_several_targets_one_column_and_one_row(device):
    data = shipped("linnerud")
    for name in ("linear", "ridge"):
        algorithm = ALGORITHMS[name, "regression"]
        equal(algorithm, *fitted(device, name, "regression", {}, data))
        equal(algorithm, *fitted(device, name, "regression", {}, Data(data.X[:, :1], data.y[:, 0])))
        equal(algorithm, *fitted(device, name, "regression", {}, Data(data.X[:1], data.y[:1, 0])))


def test_centers_without_rows(device):
    """Rows that are equal to each other: of 6 different ones, the 8 clusters are two too many."""
    X = np.repeat(np.arange(12.0).reshape(6, 2) ** 2, 5, axis=0)
    hyperparams = {"n_clusters": 8, "init": "random", "n_init": 5}
    for rows in (X, X[:20], X[10:]):
        theirs, ours = fitted(device, "kmeans", "clustering", hyperparams, Data(rows, None))
        assert ours.inertia_ == pytest.approx(theirs.inertia_, abs=1e-20)
        assert np.unique(ours.cluster_centers_, axis=0) == pytest.approx(
            np.unique(theirs.cluster_centers_, axis=0)
        )


def test_fewer_rows_than_clusters(device):
    estimator = ALGORITHMS["kmeans", "clustering"].build({}, 0)
    with pytest.raises(ValueError, match="n_samples=3 should be >= n_clusters=8"):
        kmeans.fit(estimator, device, np.ones((3, 2)), None, None)


def test_rows_in_several_blocks(monkeypatch):
    monkeypatch.setattr(kmeans, "MOST_NUMBERS", 100)
    monkeypatch.setattr(neighbors, "MOST_NUMBERS", 1000)
    data = shipped("iris")
    equal(ALGORITHMS["kmeans", "clustering"], *fitted(NUMPY, "kmeans", "clustering", {}, Data(data.X, None)))
    theirs, ours = (KNeighborsClassifier(algorithm="kd_tree") for _ in range(2))
    theirs.fit(data.X, data.y)
    neighbors.fit(ours, NUMPY, data.X, data.y, None)
    assert ours.predict(data.X).tolist() == theirs.predict(data.X).tolist()


@pytest.mark.parametrize(
    ("name", "task", "hyperparams"),
    [
        ("linear", "regression", {"positive": True}),
        ("ridge", "regression", {"positive": True}),
        ("ridge", "regression", {"solver": "sag"}),
        ("pca", "decomposition", {"svd_solver": "arpack"}),
        ("linear", "classification", {"solver": "saga"}),
        ("lda", "classification", {"solver": "eigen"}),
        ("lasso", "regression", {}),
    ],
)
def test_what_only_scikit_learn_fits(name, task, hyperparams):
    assert fit_of(name, task, ALGORITHMS[name, task].build(hyperparams, 0)) is None
