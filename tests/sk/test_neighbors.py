"""Nearest neighbours: C finds the rows that scikit-learn's tree does, of several as near the same."""

import numpy as np
import pytest

from tests.sk.scoring import GENERATED, SHIPPED, Data, Scorer, generated, shipped

NAME = "nearest_neighbors"
OTHERS = [
    {"weights": "distance"},
    {"n_neighbors": 1},
    {"n_neighbors": 17, "leaf_size": 2, "weights": "distance"},
    {"metric": "manhattan"},
    {"metric": "chebyshev", "weights": "distance"},
    {"metric": "minkowski", "p": 3.5, "weights": "distance"},
    {"p": 1},
]


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def check_classes(scorer, X):
    estimator = scorer.rows(X).estimator
    assert scorer.classes() == [str(one) for one in estimator.predict(X)]
    close(scorer.probabilities(), estimator.predict_proba(X))


@pytest.mark.parametrize("hyperparams", [{}, *OTHERS], ids=str)
@pytest.mark.parametrize("source", SHIPPED["regression"])
def test_regression_of_shipped_data(sql, source, hyperparams):
    data = shipped(source)
    scorer = Scorer(sql, NAME, "regression", data, **hyperparams).rows(data.X)
    close(scorer.several(), scorer.estimator.predict(data.X).reshape(len(data.X), -1))


@pytest.mark.parametrize("hyperparams", [{}, *OTHERS], ids=str)
@pytest.mark.parametrize("source", SHIPPED["classification"])
def test_classes_of_shipped_data(sql, source, hyperparams):
    """Iris and digits have many rows at the same distance."""
    data = shipped(source)
    half = Data(data.X[::2], data.y[::2])
    check_classes(Scorer(sql, NAME, "classification", half, **hyperparams), data.X)


def test_generated_data(sql):
    for number in range(GENERATED):
        data = generated("regression", number)
        scorer = Scorer(sql, NAME, "regression", data).rows(data.X)
        close(scorer.numbers(), scorer.estimator.predict(data.X))
        data = generated("classification", number)
        check_classes(Scorer(sql, NAME, "classification", data, weights="distance"), data.X)


def test_all_rows_and_one_column(sql):
    data = generated("regression", 3)
    data = Data(data.X[:, :1], data.y)
    scorer = Scorer(sql, NAME, "regression", data, n_neighbors=len(data.X)).rows(data.X[:1])
    close(scorer.numbers(), scorer.estimator.predict(data.X[:1]))


def test_trained_in_sql(sql):
    from madpy.worker.estimators import ALGORITHMS

    X = np.random.default_rng(2).normal(size=(60, 2))
    y = np.where(X.sum(axis=1) > 0.5, "many", np.where(X[:, 0] < 0, "few", "some"))
    sql("CREATE TABLE things (n integer, a double precision, b double precision, y text)")
    sql.connection.inserttable("things", [(n, *map(float, X[n]), str(y[n])) for n in range(60)])
    sql(f"SELECT madlib.sk_train('things', 'model', 'y', 'a, b', '{NAME}')")
    estimator = ALGORITHMS[NAME, "classification"].build({}, 0).fit(X, y)
    predicted = sql("SELECT madlib.sk_predict_class(model, a, b) FROM things, model ORDER BY n")
    assert [row[0] for row in predicted] == estimator.predict(X).tolist()
