"""Support vectors, kernel ridge and Gaussian processes: C computes what scikit-learn's predict does."""

import json

import numpy as np
import pytest

from tests.sk.scoring import GENERATED, SHIPPED, Data, Scorer, generated, shipped

REGRESSIONS = ["svm", "nu_svm", "kernel_ridge", "gaussian_process"]
CLASSIFIERS = ["svm", "nu_svm", "gaussian_process"]
FEASIBLE = {"nu_svm": {"nu": 0.1}}  # for the classes of every data set
KERNELS = ["linear", "poly", "rbf", "sigmoid"]
SHARES = 7730  # of error functions, without signs, in a probability of a Gaussian process
PROCESSES = [
    {"kernel": "rbf", "noise": 0.1},
    {"kernel": "matern", "nu": 0.5, "noise": 0.1},
    {"kernel": "matern", "nu": 1.5, "noise": 0.1, "constant": 2},
    {"kernel": "matern", "nu": 2.5, "noise": 0.1, "length_scale": 2},
    {"kernel": "rational_quadratic", "noise": 0.1, "mixture": 0.5},
    {"kernel": "dot_product", "noise": 0.1, "sigma_0": 0.5},
]


def scaled(data):
    """Standardised columns: products of others reach 1e16, and no sum of them has 12 digits."""
    return Data((data.X - data.X.mean(axis=0)) / np.where(data.X.std(axis=0), data.X.std(axis=0), 1), data.y)


def close(found, expected, size=0.0):
    """Agree to 12 digits, but for the rounding of terms whose sizes have this sum."""
    atol = 1e-12 * np.abs(expected).max() + 2e-15 * size
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=atol)


def terms(estimator):
    """The sum of coefficients without their signs: kernels here are about 1."""
    for name in ("dual_coef_", "alpha_"):
        if hasattr(estimator, name):
            size = np.abs(getattr(estimator, name)).sum()
            return float(size * np.max(getattr(estimator, "_y_train_std", 1)))
    return 0.0


def check_classes(scorer, X):
    estimator = scorer.rows(X).estimator
    assert scorer.classes() == [str(one) for one in estimator.predict(X)]
    if hasattr(estimator, "decision_function"):
        close(scorer.decisions(), estimator.decision_function(X).reshape(len(X), -1), terms(estimator))
    if hasattr(estimator, "predict_proba"):
        close(scorer.probabilities(), estimator.predict_proba(X), SHARES)


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("source", SHIPPED["regression"])
def test_regression_of_shipped_data(sql, name, source):
    data = scaled(shipped(source))
    y = data.y if data.y.ndim == 1 or "svm" not in name else data.y[:, 0]
    scorer = Scorer(sql, name, "regression", Data(data.X, y)).rows(data.X)
    expected = scorer.estimator.predict(data.X)
    close(scorer.several(), expected.reshape(len(data.X), -1), terms(scorer.estimator))


@pytest.mark.parametrize("name", REGRESSIONS)
def test_regression_of_generated_data(sql, name):
    for number in range(GENERATED):
        data = scaled(generated("regression", number))
        scorer = Scorer(sql, name, "regression", data).rows(data.X)
        close(scorer.numbers(), scorer.estimator.predict(data.X), terms(scorer.estimator))


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("source", SHIPPED["classification"])
def test_classes_of_shipped_data(sql, name, source):
    data = scaled(shipped(source))
    check_classes(Scorer(sql, name, "classification", data, **FEASIBLE.get(name, {})), data.X)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes_of_generated_data(sql, name):
    for number in range(GENERATED):
        data = scaled(generated("classification", number))
        check_classes(Scorer(sql, name, "classification", data, **FEASIBLE.get(name, {})), data.X)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", ["svm", "nu_svm"])
def test_kernels_of_support_vectors(sql, name, kernel):
    more = {"kernel": kernel, "gamma": 0.1, "coef0": 0.5, "degree": 2}
    for source in ("iris", "breast_cancer"):
        data = scaled(shipped(source))
        given = {**more, **FEASIBLE.get(name, {}), "probability": True, "class_weight": "balanced"}
        check_classes(Scorer(sql, name, "classification", data, **given), data.X)
    data = scaled(shipped("diabetes"))
    scorer = Scorer(sql, name, "regression", data, **more).rows(data.X)
    close(scorer.numbers(), scorer.estimator.predict(data.X), terms(scorer.estimator))


@pytest.mark.parametrize("kernel", [*KERNELS, "laplacian"])
def test_kernels_of_kernel_ridge(sql, kernel):
    data = scaled(shipped("diabetes"))
    for more in ({}, {"gamma": 0.05, "degree": 2.5 if kernel != "poly" else 4, "coef0": 2}):
        scorer = Scorer(sql, "kernel_ridge", "regression", data, kernel=kernel, **more).rows(data.X)
        close(scorer.numbers(), scorer.estimator.predict(data.X), terms(scorer.estimator))


@pytest.mark.parametrize("hyperparams", PROCESSES, ids=str)
def test_kernels_of_gaussian_processes(sql, hyperparams):
    data = scaled(shipped("diabetes"))
    few = Data(data.X[:80], data.y[:80])
    given = {**hyperparams, "normalize_y": True}
    scorer = Scorer(sql, "gaussian_process", "regression", few, **given).rows(data.X)
    close(scorer.numbers(), scorer.estimator.predict(data.X), terms(scorer.estimator))
    data = scaled(shipped("wine"))
    for y in (data.y, np.where(data.y == 1, 5, 2)):
        check_classes(
            Scorer(sql, "gaussian_process", "classification", Data(data.X, y), **hyperparams), data.X
        )


@pytest.mark.parametrize("name", REGRESSIONS)
def test_one_column_and_one_row(sql, name):
    data = scaled(generated("regression", 3))
    scorer = Scorer(sql, name, "regression", Data(data.X[:, :1], data.y)).rows(data.X[:1, :1])
    close(scorer.numbers(), scorer.estimator.predict(data.X[:1, :1]), terms(scorer.estimator))


def test_no_support_vectors(sql):
    """All rows are within epsilon: the constant is left."""
    data = scaled(generated("regression", 3))
    scorer = Scorer(sql, "svm", "regression", data, epsilon=1000).rows(data.X)
    close(scorer.numbers(), scorer.estimator.predict(data.X))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_trained_in_sql(sql, name):
    from madpy.worker.estimators import ALGORITHMS

    X = np.random.default_rng(2).normal(size=(60, 2))
    y = np.where(X.sum(axis=1) > 0.5, "many", np.where(X[:, 0] < 0, "few", "some"))
    sql("CREATE TABLE things (n integer, a double precision, b double precision, y text)")
    sql.connection.inserttable("things", [(n, *map(float, X[n]), str(y[n])) for n in range(60)])
    given = FEASIBLE.get(name, {})
    sql(f"SELECT madlib.sk_train('things', 'model', 'y', 'a, b', '{name}', '{json.dumps(given)}')")
    estimator = ALGORITHMS[name, "classification"].build(given, 0).fit(X, y)
    predicted = sql("SELECT madlib.sk_predict_class(model, a, b) FROM things, model ORDER BY n")
    assert [row[0] for row in predicted] == estimator.predict(X).tolist()
