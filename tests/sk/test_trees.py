"""Trees: C adds the leaves that scikit-learn does, in its order, so that sums have the same bits."""

import json

import numpy as np
import pytest

from tests.sk.scoring import GENERATED, SHIPPED, Data, Scorer, generated, shipped

NAMES = [
    "decision_tree", "random_forest", "extra_trees", "bagging", "gradient_boosting_trees",
    "hist_gradient_boosting", "ada_boost",
]  # fmt: skip
SEVERAL = {"decision_tree", "random_forest", "extra_trees"}
WITH_NAN = [name for name in NAMES if name not in ("gradient_boosting_trees", "ada_boost")]
AVERAGED = {"decision_tree", "random_forest", "extra_trees", "bagging"}
FEW = {"hist_gradient_boosting": {"max_iter": 11, "min_samples_leaf": 3}, "decision_tree": {}}
OTHERS = [
    ("decision_tree", {"max_leaf_nodes": 7, "splitter": "random", "max_features": "sqrt"}),
    ("random_forest", {"n_estimators": 5, "max_depth": 2, "max_samples": 0.5}),
    ("extra_trees", {"n_estimators": 17, "bootstrap": True, "ccp_alpha": 0.01}),
    ("bagging", {"n_estimators": 9, "max_features": 0.5, "bootstrap_features": True, "max_depth": 4}),
    ("bagging", {"n_estimators": 8, "max_samples": 5}),
    ("gradient_boosting_trees", {"n_estimators": 12, "init": "zero", "learning_rate": 0.3}),
    ("gradient_boosting_trees", {"n_estimators": 12, "subsample": 0.5, "max_features": 1.0}),
    ("hist_gradient_boosting", {"max_iter": 20, "max_bins": 7, "max_leaf_nodes": None}),
    ("hist_gradient_boosting", {"max_iter": 200, "early_stopping": True, "min_samples_leaf": 2}),
    ("ada_boost", {"n_estimators": 12, "max_depth": 4, "learning_rate": 0.3}),
]
LOSSES = [("gradient_boosting_trees", loss) for loss in ("absolute_error", "huber", "quantile")] + [
    ("hist_gradient_boosting", loss) for loss in ("absolute_error", "gamma", "poisson")
]


def few(name):
    """Hyperparameters for a small model."""
    return FEW.get(name, {"n_estimators": 11})


def equal(found, expected):
    np.testing.assert_array_equal(found, expected)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def beyond(X):
    """The rows, and rows between and outside them, in which float32 and float64 differ."""
    rng = np.random.default_rng(1)
    return np.vstack([X, X + rng.normal(size=X.shape) * X.std(axis=0), X * (1 + 1e-8)])


def check_classes(scorer, X):
    """Compare classes, probabilities and, where there are some, decisions."""
    estimator = scorer.rows(X).estimator
    assert scorer.classes() == [str(one) for one in estimator.predict(X)]
    same = equal if scorer.algorithm.name in AVERAGED else close
    same(scorer.probabilities(), estimator.predict_proba(X))
    if scorer.algorithm.name not in AVERAGED:
        equal(scorer.decisions(), estimator.decision_function(X).reshape(len(X), -1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("source", SHIPPED["regression"])
def test_regression_of_shipped_data(sql, name, source):
    data = shipped(source)
    y = data.y if data.y.ndim == 1 or name in SEVERAL else data.y[:, 0]
    scorer = Scorer(sql, name, "regression", Data(data.X, y), **few(name)).rows(beyond(data.X))
    expected = scorer.estimator.predict(beyond(data.X))
    equal(scorer.several(), expected.reshape(len(expected), -1))


@pytest.mark.parametrize("name", NAMES)
def test_regression_of_generated_data(sql, name):
    for number in range(GENERATED):
        data = generated("regression", number)
        scorer = Scorer(sql, name, "regression", data, **few(name)).rows(data.X)
        equal(scorer.numbers(), scorer.estimator.predict(data.X))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("source", SHIPPED["classification"])
def test_classes_of_shipped_data(sql, name, source):
    data = shipped(source)
    check_classes(Scorer(sql, name, "classification", data, **few(name)), beyond(data.X))


@pytest.mark.parametrize("name", NAMES)
def test_classes_of_generated_data(sql, name):
    for number in range(GENERATED):
        data = generated("classification", number)
        check_classes(Scorer(sql, name, "classification", data, **few(name)), data.X)


@pytest.mark.parametrize(("name", "hyperparams"), OTHERS, ids=lambda one: str(one)[:40])
def test_hyperparameters(sql, name, hyperparams):
    data = shipped("diabetes")
    scorer = Scorer(sql, name, "regression", data, **hyperparams).rows(beyond(data.X))
    equal(scorer.numbers(), scorer.estimator.predict(beyond(data.X)))
    for source in ("wine", "breast_cancer"):
        data = shipped(source)
        check_classes(Scorer(sql, name, "classification", data, **hyperparams), beyond(data.X))


@pytest.mark.parametrize(("name", "loss"), LOSSES)
def test_losses(sql, name, loss):
    data = shipped("diabetes")
    scorer = Scorer(sql, name, "regression", data, loss=loss, **few(name)).rows(beyond(data.X))
    same = close if loss in ("gamma", "poisson") else equal
    same(scorer.numbers(), scorer.estimator.predict(beyond(data.X)))


def test_exponential_loss(sql):
    name = "gradient_boosting_trees"
    data = shipped("breast_cancer")
    check_classes(Scorer(sql, name, "classification", data, loss="exponential", **few(name)), data.X)


@pytest.mark.parametrize("name", WITH_NAN)
def test_missing_values(sql, name):
    """NaN goes where the fit has sent it, also in a column that had none."""
    rng = np.random.default_rng(0)
    for task, source in (("regression", "diabetes"), ("classification", "iris")):
        data = shipped(source)
        X = data.X.copy()
        X[rng.random(X.shape) < 0.2] = np.nan
        X[:, 1] = data.X[:, 1]
        scorer = Scorer(sql, name, task, Data(X, data.y), **few(name))
        X[::3, 1] = np.nan
        if task == "classification":
            check_classes(scorer, X)
        else:
            equal(scorer.rows(X).numbers(), scorer.estimator.predict(X))


@pytest.mark.parametrize("name", NAMES)
def test_one_column_and_one_row(sql, name):
    data = generated("regression", 3)
    scorer = Scorer(sql, name, "regression", Data(data.X[:, :1], data.y), **few(name)).rows(data.X[:1, :1])
    equal(scorer.numbers(), scorer.estimator.predict(data.X[:1, :1]))


@pytest.mark.parametrize("name", NAMES)
def test_trained_in_sql(sql, name):
    """Text classes and a category, which is an ordinal code here, end to end."""
    from madpy.worker.estimators import ALGORITHMS

    rng = np.random.default_rng(2)
    x, color = rng.normal(size=80), rng.integers(0, 3, 80)
    y = np.where(x + color > 1, "many", np.where(x < 0, "few", "some"))
    sql("CREATE TABLE things (n integer, x double precision, color text, y text)")
    colors = ["blue", "green", "red"]
    sql.connection.inserttable("things", [(n, float(x[n]), colors[color[n]], str(y[n])) for n in range(80)])
    given = json.dumps(few(name))
    sql(f"SELECT madlib.sk_train('things', 'model', 'y', 'x, color', '{name}', '{given}')")
    estimator = ALGORITHMS[name, "classification"].build(few(name), 0)
    estimator.fit(np.column_stack([x, color]), y)
    predicted = sql("SELECT madlib.sk_predict_class(model, x, color) FROM things, model ORDER BY n")
    assert [row[0] for row in predicted] == estimator.predict(np.column_stack([x, color])).tolist()
