"""Agreement with scikit-learn: statistics and probabilities of GaussianNB and CategoricalNB."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.naive_bayes import CategoricalNB, GaussianNB
from sklearn.preprocessing import StandardScaler

from tests.nb.conftest import call

DATA = {"iris": load_iris, "wine": load_wine, "digits": load_digits}


@pytest.fixture
def columns(load):
    """Make table t of y, x0, x1, ... and give the list of the features."""

    def make(X, y, kind=float):
        X = np.asarray(X)
        names = [f"x{j}" for j in range(X.shape[1])]
        load(y=[int(v) for v in y], **{n: [kind(v) for v in X[:, j]] for j, n in enumerate(names)})
        return ", ".join(names)

    return make


def probabilities(sql, output="m", source="t"):
    """Rows in the order of the table, classes in theirs."""
    features = sql.value(f"SELECT array_to_string(feature_names, ',') FROM {output}_summary LIMIT 1")
    rows = sql(
        "SELECT (SELECT array_agg(probability)"
        f" FROM madlib.nb_predict_prob(model, ARRAY[{features}]::float8[]))"
        f" FROM {source}, {output}_summary ORDER BY {source}.ctid"
    )
    return np.array([row[0] for row in rows])


@pytest.mark.parametrize("name", DATA)
def test_statistics(sql, columns, nb, name):
    """The added variance is relative to each feature here, and to the largest of all in scikit-learn."""
    X, y = DATA[name](return_X_y=True)
    nb(columns(X, y))
    expected = GaussianNB(var_smoothing=0).fit(X, y)
    rows = sql("SELECT mean, variance FROM m ORDER BY class::int, substr(feature, 2)::int")
    found = np.array(rows).reshape(len(expected.classes_), X.shape[1], 2)
    np.testing.assert_allclose(found[:, :, 0], expected.theta_, rtol=1e-13)
    np.testing.assert_allclose(found[:, :, 1], expected.var_, rtol=1e-11, atol=1e-13)
    added = sql.value("SELECT added_variance FROM m_summary")
    assert added == pytest.approx(1e-9 * X.var(axis=0), rel=1e-12)


@pytest.mark.parametrize("name", DATA)
def test_gaussian(sql, columns, nb, name):
    """Compare with features of variance 1, so that scikit-learn adds as much to each of them."""
    X, y = DATA[name](return_X_y=True)
    X = StandardScaler().fit_transform(X)
    features = columns(X, y)
    nb(features)
    expected = GaussianNB().fit(X, y)
    priors = [row[0] for row in sql("SELECT DISTINCT ON (class::int) prior FROM m ORDER BY class::int")]
    np.testing.assert_allclose(priors, expected.class_prior_, rtol=1e-15)
    np.testing.assert_allclose(probabilities(sql), expected.predict_proba(X), rtol=1e-6, atol=1e-12)
    sql("SELECT madlib.nb_predict('m', 't', 'p')")
    assert [row[0] for row in sql("SELECT prediction FROM p ORDER BY ctid")] == expected.predict(X).tolist()


@pytest.mark.parametrize("smoothing", [1.0, 0.1, 10.0])
def test_categorical(sql, columns, nb, smoothing):
    """Digits, whose pixels are numbers from 0 to 16, of which not each has all."""
    X, y = load_digits(return_X_y=True)
    X = np.unique(X[:, ::4], return_inverse=True)[1].reshape(len(X), -1)
    X = np.stack([np.unique(column, return_inverse=True)[1] for column in X.T], axis=1)
    features = columns(X, y, int)
    nb(features, categorical_cols=features, smoothing=smoothing)
    expected = CategoricalNB(alpha=smoothing).fit(X, y)
    rows = sql("SELECT probability FROM m ORDER BY substr(feature, 2)::int, class::int, value::int")
    wanted = np.concatenate([np.exp(logs).ravel() for logs in expected.feature_log_prob_])
    np.testing.assert_allclose([row[0] for row in rows], wanted, rtol=1e-13)
    np.testing.assert_allclose(probabilities(sql), expected.predict_proba(X), rtol=1e-9, atol=1e-14)


def test_groups_are_trainings_of_their_own(sql, columns, nb):
    X, y = load_iris(return_X_y=True)
    columns(X, y)
    sql("ALTER TABLE t ADD g text; UPDATE t SET g = CASE WHEN x0 < 5.5 THEN NULL ELSE 'it''s long' END")
    nb("x0, x1, x2, x3", grouping_cols="g")
    for condition in ("IS NULL", "IS NOT NULL"):
        sql(f"CREATE VIEW part AS SELECT * FROM t WHERE g {condition}")
        sql(call("x0, x1, x2, x3", source="part", output="n"))
        figures = "SELECT class, prior, feature, mean, variance, count FROM {} ORDER BY 1, 3"
        assert sql(figures.format(f"m WHERE g {condition}")) == sql(figures.format("n"))
        sql("DROP VIEW part; DROP TABLE n, n_summary")
