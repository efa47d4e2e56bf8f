"""Normal distributions of classes: C computes what scikit-learn's predict does."""

import numpy as np
import pytest

from madpy.worker.estimators import ALGORITHMS
from tests.sk.scoring import GENERATED, SHIPPED, Data, Scorer, close, generated, shipped

FORMS = {
    "naive_bayes": [{}, {"var_smoothing": 0.1}],
    "qda": [{"tol": 1e-12}, {"tol": 1e-12, "reg_param": 0.1}],
}
SHRINKAGE = {"solver": "eigen", "shrinkage": 0.1}  # of scikit-learn 1.8 and later


def has_covariances(data):
    """Tell whether each class has more rows than there are columns, and no constant column."""
    classes = [data.X[data.y == one] for one in np.unique(data.y)]
    return all(len(rows) > data.X.shape[1] + 1 and rows.std(axis=0).all() for rows in classes)


ENOUGH = [n for n in range(3 * GENERATED) if has_covariances(generated("classification", n))][:GENERATED]


def check(sql, name, data, **hyperparams):
    scorer = Scorer(sql, name, "classification", data, **hyperparams).rows(data.X)
    estimator = scorer.estimator
    assert scorer.classes() == [str(one) for one in estimator.predict(data.X)]
    close(scorer.probabilities(), estimator.predict_proba(data.X))
    if name == "qda":
        close(scorer.decisions(), estimator.decision_function(data.X).reshape(len(data.X), -1))


@pytest.mark.parametrize("name", FORMS)
def test_classes(sql, name):
    for source in [*SHIPPED["classification"], *ENOUGH]:
        if (name, source) == ("qda", "digits"):  # some of its columns are constant
            continue
        data = shipped(source) if isinstance(source, str) else generated("classification", source)
        for hyperparams in FORMS[name]:
            check(sql, name, data, **hyperparams)


@pytest.mark.parametrize("source", SHIPPED["classification"])
def test_shrunk_covariances(sql, source):
    if "shrinkage" in ALGORITHMS["qda", "classification"].parameters:
        check(sql, "qda", shipped(source), **SHRINKAGE)


@pytest.mark.parametrize("name", FORMS)
def test_priors_one_column_and_other_labels(sql, name):
    data = shipped("iris")
    check(sql, name, data, priors=[0.2, 0.5, 0.3])
    check(sql, name, Data(data.X[:, :1], data.y * 5 - 2))


def test_naive_bayes_has_no_decisions(sql):
    scorer = Scorer(sql, "naive_bayes", "classification", shipped("iris")).rows(shipped("iris").X[:1])
    with pytest.raises(Exception, match="has no decision values"):
        scorer.decisions()


@pytest.mark.parametrize("columns", [1, 7, 8, 9, 64, 128, 129, 300, 1000])
def test_sums_are_those_of_numpy(sql, columns):
    rng = np.random.default_rng(columns)
    X = rng.normal(size=(60, columns)) * 10.0 ** rng.integers(-3, 4, columns)
    data = Data(X, np.arange(60) % 2)
    scorer = Scorer(sql, "naive_bayes", "classification", data).rows(X[:20])
    close(scorer.probabilities(), scorer.estimator.predict_proba(X[:20]))
