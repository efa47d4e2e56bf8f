"""Perceptrons of several layers: C computes what scikit-learn's predict does."""

import pytest

from madpy.worker.estimators import ALGORITHMS
from tests.sk.scoring import GENERATED, SHIPPED, Data, Scorer, close, generated, shipped

QUICK = {"max_iter": 20, "hidden_layer_sizes": [20]}
FORMS = [
    {"activation": "tanh", "hidden_layer_sizes": [9, 4, 5]},
    {"activation": "logistic", "hidden_layer_sizes": 7, "solver": "lbfgs"},
    {"activation": "identity", "hidden_layer_sizes": [3, 3]},
    {"hidden_layer_sizes": [1]},
]


def check_numbers(sql, data, **hyperparams):
    scorer = Scorer(sql, "mlp", "regression", data, **{**QUICK, **hyperparams}).rows(data.X)
    close(scorer.several(), scorer.estimator.predict(data.X).reshape(len(data.X), -1))


def check_classes(sql, data, **hyperparams):
    scorer = Scorer(sql, "mlp", "classification", data, **{**QUICK, **hyperparams}).rows(data.X)
    assert scorer.classes() == [str(one) for one in scorer.estimator.predict(data.X)]
    close(scorer.probabilities(), scorer.estimator.predict_proba(data.X))


def test_regression(sql):
    for source in [*SHIPPED["regression"], *range(GENERATED)]:
        check_numbers(sql, shipped(source) if isinstance(source, str) else generated("regression", source))


def test_classes(sql):
    for source in [*SHIPPED["classification"], *range(GENERATED)]:
        check_classes(
            sql, shipped(source) if isinstance(source, str) else generated("classification", source)
        )


@pytest.mark.parametrize("hyperparams", FORMS, ids=str)
def test_hyperparameters_that_change_the_form(sql, hyperparams):
    check_numbers(sql, shipped("linnerud"), **hyperparams)
    for data in (shipped("iris"), shipped("breast_cancer")):
        check_classes(sql, Data(data.X[:, :3], data.y * 2 - 1), **hyperparams)


def test_one_column_and_one_row(sql):
    data = shipped("diabetes")
    check_numbers(sql, Data(data.X[:, 2:3], data.y))
    scorer = Scorer(sql, "mlp", "regression", data, **QUICK).rows(data.X[:1])
    close(scorer.numbers(), scorer.estimator.predict(data.X[:1]))


def test_poisson_loss(sql):
    data = shipped("diabetes")
    if "loss" in ALGORITHMS["mlp", "regression"].parameters:  # scikit-learn 1.7 or later
        check_numbers(sql, Data(data.X, data.y / 100), loss="poisson")
