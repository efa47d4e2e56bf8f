"""Linear models: C computes what scikit-learn's predict does, on all its data sets and on generated ones."""

import pytest

from madpy.worker.estimators.linear import ALGORITHMS as REGRESSIONS
from madpy.worker.estimators.linear_classes import ALGORITHMS as CLASSIFIERS
from tests.sk.scoring import GENERATED, SHIPPED, Data, Scorer, close, generated, shipped

SGD = "stochastic_gradient_descent"
ROUNDS = {"theil_sen": {"max_subpopulation": 200}}  # the default takes seconds for each data set
MANY = [one.name for one in REGRESSIONS if one.several_targets]
FORMS = [
    *((SGD, {"loss": loss}) for loss in ("log_loss", "modified_huber", "squared_hinge", "huber")),
    (SGD, {"average": 10, "learning_rate": "adaptive", "eta0": 0.1, "penalty": "elasticnet"}),
    ("passive_aggressive", {"loss": "squared_hinge"}),
    ("ridge", {"class_weight": "balanced", "solver": "lsqr"}),
    ("linear", {"fit_intercept": False, "C": 0.01}),
    ("linear_svm", {"multi_class": "crammer_singer", "fit_intercept": False, "max_iter": 50}),
    ("linear_svm", {"penalty": "l1"}),
    ("lda", {"solver": "lsqr", "shrinkage": "auto"}),
    ("lda", {"solver": "eigen", "shrinkage": 0.2, "n_components": 1}),
]


def check_classes(sql, name, data, **hyperparams):
    scorer = Scorer(sql, name, "classification", data, **hyperparams).rows(data.X)
    assert scorer.classes() == [str(one) for one in scorer.estimator.predict(data.X)]
    close(scorer.decisions(), scorer.estimator.decision_function(data.X).reshape(len(data.X), -1))
    if hasattr(scorer.estimator, "predict_proba"):
        close(scorer.probabilities(), scorer.estimator.predict_proba(data.X))
    else:
        with pytest.raises(Exception, match="has no probabilities"):
            scorer.probabilities()


@pytest.mark.parametrize("name", [one.name for one in REGRESSIONS])
def test_regression_of_shipped_data(sql, name):
    for source in SHIPPED["regression"]:
        data = shipped(source)
        if data.y.ndim > 1 and name not in MANY:
            data = Data(data.X, data.y[:, 0])
        scorer = Scorer(sql, name, "regression", data, **ROUNDS.get(name, {})).rows(data.X)
        close(scorer.several(), scorer.estimator.predict(data.X).reshape(len(data.X), -1))


@pytest.mark.parametrize("name", [one.name for one in REGRESSIONS])
def test_regression_of_generated_data(sql, name):
    for number in range(GENERATED):
        data = generated("regression", number)
        scorer = Scorer(sql, name, "regression", data, **ROUNDS.get(name, {})).rows(data.X)
        close(scorer.numbers(), scorer.estimator.predict(data.X))


@pytest.mark.parametrize("name", [one.name for one in CLASSIFIERS])
def test_classes(sql, name):
    for source in [*SHIPPED["classification"], *range(GENERATED)]:
        data = shipped(source) if isinstance(source, str) else generated("classification", source)
        check_classes(sql, name, data)


@pytest.mark.parametrize(("name", "hyperparams"), FORMS, ids=str)
def test_hyperparameters_that_change_the_form(sql, name, hyperparams):
    for data in (shipped("iris"), shipped("breast_cancer"), generated("classification", 4)):
        check_classes(sql, name, Data(data.X, data.y * 3 - 1), **hyperparams)


@pytest.mark.parametrize("name", [one.name for one in CLASSIFIERS])
def test_one_column_and_one_row(sql, name):
    data = shipped("iris")
    scorer = Scorer(sql, name, "classification", Data(data.X[:, 2:3], data.y)).rows(data.X[:1, 2:3])
    assert scorer.classes() == [str(one) for one in scorer.estimator.predict(data.X[:1, 2:3])]
