"""Linear models: C computes what scikit-learn's predict does, on all its data sets and on generated ones."""

import numpy as np
import pytest

from tests.sk.scoring import GENERATED, SHIPPED, Scorer, generated, shipped

REGRESSIONS = ["linear", "ridge"]
CLASSIFIERS = ["linear"]


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("source", SHIPPED["regression"])
def test_regression_of_shipped_data(sql, name, source):
    data = shipped(source)
    scorer = Scorer(sql, name, "regression", data).rows(data.X)
    expected = scorer.estimator.predict(data.X)
    close(scorer.several(), expected.reshape(len(data.X), -1))


@pytest.mark.parametrize("name", REGRESSIONS)
def test_regression_of_generated_data(sql, name):
    for number in range(GENERATED):
        data = generated("regression", number)
        scorer = Scorer(sql, name, "regression", data).rows(data.X)
        close(scorer.numbers(), scorer.estimator.predict(data.X))


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("source", [*SHIPPED["classification"], *range(GENERATED)])
def test_classes(sql, name, source):
    data = shipped(source) if isinstance(source, str) else generated("classification", source)
    scorer = Scorer(sql, name, "classification", data).rows(data.X)
    assert scorer.classes() == [str(one) for one in scorer.estimator.predict(data.X)]
    close(scorer.probabilities(), scorer.estimator.predict_proba(data.X))
    close(scorer.decisions(), scorer.estimator.decision_function(data.X).reshape(len(data.X), -1))
