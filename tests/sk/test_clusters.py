"""Clustering: C gives the labels of scikit-learn's predict, or those of the training."""

import numpy as np
import pytest

from tests.sk.scoring import GENERATED, SHIPPED, Data, Scorer, generated, shipped

FORMS = {
    "kmeans": [{}, {"n_clusters": 3, "algorithm": "elkan", "init": "random"}, {"n_clusters": 1}],
    "mini_batch_kmeans": [{}, {"n_clusters": 4, "batch_size": 20}],
    "birch": [{}, {"n_clusters": None, "threshold": 2.0}, {"branching_factor": 4}],
    "affinity_propagation": [{}, {"damping": 0.9}],
    "dbscan": [{}, {"eps": 10.0, "min_samples": 2}, {"eps": 5.0, "metric": "manhattan"}],
}
SOURCES = [*SHIPPED["regression"], *SHIPPED["classification"], *range(GENERATED)]


def labels(scorer, X):
    return scorer.estimator.labels_ if scorer.algorithm.name == "dbscan" else scorer.estimator.predict(X)


@pytest.mark.parametrize("name", FORMS)
def test_labels(sql, name):
    for source in SOURCES:
        X = (shipped(source) if isinstance(source, str) else generated("classification", source)).X
        X = X[: 200 if name == "affinity_propagation" else None]
        for hyperparams in FORMS[name]:
            scorer = Scorer(sql, name, "clustering", Data(X, None), **hyperparams).rows(X)
            assert scorer.numbers().tolist() == labels(scorer, X).tolist()


@pytest.mark.parametrize("name", FORMS)
def test_one_column_and_one_row(sql, name):
    X = shipped("iris").X[:, 2:3]
    scorer = Scorer(sql, name, "clustering", Data(X, None)).rows(X[:1])
    assert scorer.numbers().tolist() == labels(scorer, X[:1]).tolist()[:1]


@pytest.mark.parametrize("name", ["kmeans", "mini_batch_kmeans", "birch", "affinity_propagation"])
def test_rows_that_were_not_trained_on(sql, name):
    X = shipped("iris").X
    scorer = Scorer(sql, name, "clustering", Data(X[::2], None)).rows(X[1::2])
    assert scorer.numbers().tolist() == scorer.estimator.predict(X[1::2]).tolist()


def test_dbscan_knows_only_rows_of_the_training(sql):
    X = np.array([[1, 1], [1, 1], [1, 2], [2, 1], [2, 2], [9, 9]], float)
    scorer = Scorer(sql, "dbscan", "clustering", Data(X, None), eps=1.5)
    scorer.rows(np.array([[1, 1], [9, 9], [1, 3], [0, 0], [99, 0]], float))
    assert scorer.answers("madlib.sk_predict(m.model, r.x)") == [0, -1, None, None, None]


@pytest.mark.filterwarnings("ignore")
def test_affinity_propagation_that_has_not_converged(sql):
    X = shipped("iris").X
    scorer = Scorer(sql, "affinity_propagation", "clustering", Data(X, None), max_iter=1).rows(X)
    assert scorer.numbers().tolist() == scorer.estimator.predict(X).tolist()
