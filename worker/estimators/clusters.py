"""Clustering: a row has the label of the nearest center; dbscan knows the rows of its training only."""

from typing import Any

import numpy as np
from sklearn import cluster
from sklearn.utils.extmath import row_norms

from madpy.worker.errors import WorkerError
from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.parameters import Choice, Integer, OneOf, Parameter, Real
from madpy.worker.layout import KIND_CENTERS, KIND_KNOWN

POSITIVE = Real(0, above=True)
MOST_NUMBERS = 50_000_000  # in a model of known rows: 400 MB, which a server can dump
CENTERS: dict[str, Parameter] = {
    "n_clusters": Integer(1),
    "init": Choice("k-means++", "random"),
    "n_init": OneOf(Integer(1), Choice("auto")),
    "max_iter": Integer(1, 1_000_000),
    "tol": Real(0),
}


def _nearest(centers: Any, labels: Any) -> Form:
    rows = np.ascontiguousarray(centers, float)
    return Form(KIND_CENTERS, 1, [np.asarray(labels, np.int32), rows.ravel(), row_norms(rows, squared=True)])


def _centers(estimator: Any) -> Form:
    centers = estimator.cluster_centers_
    return _nearest(centers, np.arange(len(centers)))


def _subclusters(estimator: Any) -> Form:
    return _nearest(estimator.subcluster_centers_, estimator.subcluster_labels_)


class KnownRows(cluster.DBSCAN):  # type: ignore[misc]
    """DBSCAN that keeps the rows it was fitted on: rows with equal columns have equal labels."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> "KnownRows":
        super().fit(X, y, sample_weight)
        self.rows_, first = np.unique(X, axis=0, return_index=True)
        self.row_labels_ = self.labels_[first]
        return self


def _known(estimator: KnownRows) -> Form:
    rows = np.ascontiguousarray(estimator.rows_, float)
    if rows.size > MOST_NUMBERS:
        raise WorkerError(
            f"a model of {len(rows)} rows with {rows.shape[1]} columns is too large",
            "54000",
            "train on fewer rows, or choose kmeans or birch",
        )
    return Form(KIND_KNOWN, 1, [np.asarray(estimator.row_labels_, np.int32), rows.ravel()])


ALGORITHMS = [
    Algorithm(
        "kmeans", "clustering", cluster.KMeans, _centers,
        {**CENTERS, "algorithm": Choice("lloyd", "elkan")},
        is_seeded=True,
    ),
    Algorithm(
        "mini_batch_kmeans", "clustering", cluster.MiniBatchKMeans, _centers,
        {
            **CENTERS, "batch_size": Integer(1), "max_no_improvement": OneOf(Integer(0), Choice(None)),
            "init_size": OneOf(Integer(1), Choice(None)), "reassignment_ratio": Real(0, 1),
        },
        fixed={"compute_labels": False}, is_seeded=True,
    ),
    Algorithm(
        "birch", "clustering", cluster.Birch, _subclusters,
        {
            "threshold": Real(0, 1e100, above=True), "branching_factor": Integer(2),
            "n_clusters": OneOf(Integer(1), Choice(None)),
        },
        fixed={"compute_labels": False}, takes_weights=False,
    ),
    Algorithm(
        "affinity_propagation", "clustering", cluster.AffinityPropagation, _centers,
        {
            "damping": Real(0.5, 1, below=True), "max_iter": Integer(1, 1_000_000),
            "convergence_iter": Integer(1), "preference": OneOf(Real(), Choice(None)),
        },
        is_seeded=True, takes_weights=False,
    ),
    Algorithm(
        "dbscan", "clustering", KnownRows, _known,
        {
            "eps": POSITIVE, "min_samples": Integer(1), "p": OneOf(POSITIVE, Choice(None)),
            "metric": Choice("euclidean", "manhattan", "chebyshev", "minkowski", "cosine"),
            "algorithm": Choice("auto", "ball_tree", "kd_tree", "brute"), "leaf_size": Integer(1),
        },
    ),
]  # fmt: skip
