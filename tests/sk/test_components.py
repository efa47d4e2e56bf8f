"""Decompositions: C computes what scikit-learn's transform does, nmf for each row alone."""

import numpy as np
import pytest

from tests.sk.scoring import GENERATED, SHIPPED, Data, Scorer, close, generated, shipped

FORMS = {
    "pca": [{}, {"n_components": 1, "whiten": True}, {"n_components": 0.7, "svd_solver": "full"}],
    "truncated_svd": [{"n_components": 1}, {"n_components": 1, "algorithm": "arpack"}],
    "nmf": [{}, {"n_components": 2, "alpha_W": 1e-6, "l1_ratio": 0.4}, {"n_components": 1, "init": "random"}],
}
SOURCES = [*SHIPPED["regression"], *SHIPPED["classification"], *range(GENERATED)]


def data_of(source, name):
    X = (shipped(source) if isinstance(source, str) else generated("regression", source)).X
    return np.abs(X) if name == "nmf" else X


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.filterwarnings("ignore")
def test_components(sql, name):
    for source in SOURCES:
        X = data_of(source, name)
        if name == "truncated_svd" and X.shape[1] == 1:  # which it does not take
            X = np.hstack([X, X**2])
        for hyperparams in FORMS[name]:
            scorer = Scorer(sql, name, "decomposition", Data(X, None), **hyperparams).rows(X[:50])
            if name == "nmf":
                expected = np.vstack([scorer.estimator.transform(row[None]) for row in X[:50]])
            else:
                expected = scorer.estimator.transform(X[:50])
            close(scorer.several(), expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FORMS)
def test_one_row_that_was_not_trained_on(sql, name):
    X = shipped("iris").X
    scorer = Scorer(sql, name, "decomposition", Data(X[1:], None)).rows(X[:1])
    close(scorer.several(), scorer.estimator.transform(X[:1]))


def test_nmf_takes_no_negative_numbers(sql):
    X = shipped("iris").X
    scorer = Scorer(sql, "nmf", "decomposition", Data(X, None)).rows(-X[:1])
    with pytest.raises(Exception, match="and this model takes none below 0"):
        scorer.several()
