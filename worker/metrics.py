"""Figures that judge predictions, by which candidates of a comparison are ranked.

Definitions are those of sklearn.metrics, computed from few passes over the rows: classes from one table of
counts, numbers from their errors.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

Floats = NDArray[np.float64]
Figures = dict[str, Any]

# The figures of each task and which of two values is better; the first one is the default.
BETTER = {
    "regression": {
        "r2": "higher", "mse": "lower", "rmse": "lower", "mae": "lower", "median_absolute_error": "lower",
        "max_error": "lower", "explained_variance": "higher",
    },
    "classification": {
        "f1": "higher", "accuracy": "higher", "balanced_accuracy": "higher", "precision": "higher",
        "recall": "higher", "mcc": "higher", "roc_auc": "higher", "log_loss": "lower",
    },
    "clustering": {
        "silhouette": "higher", "calinski_harabasz": "higher", "davies_bouldin": "lower", "inertia": "lower",
    },
    "decomposition": {"explained_variance": "higher"},
}  # fmt: skip
MOST_SILHOUETTE = 5000  # rows, since each is compared with each
MOST_CONFUSED = 200  # classes whose confusions are written down


def regression(truth: Floats, predicted: Floats, weights: Floats | None, names: list[str]) -> Figures:
    """Return figures of predicted numbers, shape (n, t); of several targets the means, and those of each."""
    own = [_numbers(truth[:, j], predicted[:, j], weights) for j in range(len(names))]
    if len(own) == 1:
        return finite(own[0])
    means = {name: sum(one[name] for one in own) / len(own) for name in own[0]}
    each = [{"name": name, **finite(one)} for name, one in zip(names, own, strict=True)]
    return {**finite(means), "targets": each}


def _numbers(truth: Floats, predicted: Floats, weights: Floats | None) -> dict[str, float]:
    with np.errstate(all="ignore"):  # squares of large numbers overflow, and such a figure is left out
        error = truth - predicted
        size = np.abs(error)
        mse = float(np.average(error * error, weights=weights))
        around = truth - np.average(truth, weights=weights)
        spread = float(np.average(around * around, weights=weights))
        if truth.min() == truth.max():  # the mean of equal numbers is rounded
            spread = 0.0
        bias = float(np.average(error, weights=weights))
        error -= bias
        scatter = float(np.average(error * error, weights=weights))
        median = (
            np.median(size)
            if weights is None
            else metrics.median_absolute_error(truth, predicted, sample_weight=weights)
        )
        return {
            "r2": _share(mse, spread) if len(truth) > 1 else math.nan,
            "mse": mse,
            "rmse": mse**0.5,
            "mae": float(np.average(size, weights=weights)),
            "median_absolute_error": float(median),
            "max_error": float(size.max()),
            "explained_variance": _share(scatter, spread),
        }


def _share(left: float, whole: float) -> float:
    """Return how much of a variance is explained; of none, all or nothing, as scikit-learn has it."""
    return 1 - left / whole if whole else float(left == 0)


def classification(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], count: int, weights: Floats | None
) -> Figures:
    """Return figures of predicted classes, codes below `count`.

    Precision, recall and f1 are those of the second of two classes, else means over the classes.
    """
    counts = np.bincount(truth * count + predicted, weights, count * count).reshape(count, count)
    right, of_truth, of_predicted = np.diag(counts).astype(float), counts.sum(axis=1), counts.sum(axis=0)
    total = float(counts.sum())
    recall = _ratio(right, of_truth)
    own = {
        "precision": _ratio(right, of_predicted),
        "recall": recall,
        "f1": _ratio(2 * right, of_truth + of_predicted),
    }
    there = of_truth + of_predicted > 0
    figures = {name: float(one[1] if count == 2 else one[there].mean()) for name, one in own.items()}
    figures |= {
        "accuracy": float(right.sum()) / total,
        "balanced_accuracy": float(recall[of_truth > 0].mean()),
        "mcc": _correlation(right, of_truth, of_predicted, total),
    }
    return {**finite(figures), **({"confusion": counts.tolist()} if count <= MOST_CONFUSED else {})}


def _ratio(part: Floats, whole: Any) -> Floats:
    result: Floats = np.divide(part, whole, out=np.zeros(len(part)), where=np.asarray(whole) > 0)
    return result


def _correlation(right: Floats, of_truth: Any, of_predicted: Any, total: float) -> float:
    """Return the correlation of Matthews, for any number of classes (Gorodkin 2004)."""
    both = float(right.sum()) * total - float(of_truth.astype(float) @ of_predicted)
    spreads = [total**2 - float(one.astype(float) @ one) for one in (of_truth, of_predicted)]
    return both / (spreads[0] * spreads[1]) ** 0.5 if min(spreads) > 0 else 0.0


def probabilities(truth: NDArray[np.int64], shares: Floats, weights: Floats | None) -> Figures:
    """Return figures of the probabilities of each class, shape (n, classes).

    The area under the curve is that of the second of two classes, else the mean over each against the rest;
    there is none if a class has no row.
    """
    own = shares[np.arange(len(truth)), truth]
    least = np.finfo(float).eps
    loss = float(np.average(-np.log(np.clip(own, least, 1 - least)), weights=weights))
    classes = shares.shape[1]
    area = math.nan
    if len(np.unique(truth)) == classes > 1:
        areas = [
            metrics.roc_auc_score(truth == code, shares[:, code], sample_weight=weights)
            for code in ([1] if classes == 2 else range(classes))
        ]
        area = float(np.mean(areas))
    return finite({"roc_auc": area, "log_loss": loss})


def clustering(
    X: Floats, labels: NDArray[Any], centers: Floats | None, weights: Floats | None, seed: int
) -> Figures:
    """Return figures of clusters, each row with its label; the label of noise counts as a cluster."""
    figures = {"silhouette": math.nan, "calinski_harabasz": math.nan, "davies_bouldin": math.nan}
    if 1 < len(np.unique(labels)) < len(X):
        figures["calinski_harabasz"] = float(metrics.calinski_harabasz_score(X, labels))
        figures["davies_bouldin"] = float(metrics.davies_bouldin_score(X, labels))
        some = np.arange(len(X))
        if len(X) > MOST_SILHOUETTE:
            some = np.sort(np.random.default_rng(seed).choice(len(X), MOST_SILHOUETTE, replace=False))
        if 1 < len(np.unique(labels[some])) < len(some):
            figures["silhouette"] = float(metrics.silhouette_score(X[some], labels[some]))
    if centers is not None:
        distances = ((X - centers[labels]) ** 2).sum(axis=1)
        figures["inertia"] = float(distances.sum() if weights is None else distances @ weights)
    return finite(figures)


def decomposition(X: Floats, restored: Floats) -> Figures:
    """Return the share of the variance of all columns that components keep."""
    spread = float(((X - X.mean(axis=0)) ** 2).sum())
    return finite({"explained_variance": _share(float(((X - restored) ** 2).sum()), spread)})


def finite(figures: dict[str, float]) -> Figures:
    """Return figures as JSON has them: None for one that is not finite."""
    return {name: one if math.isfinite(one) else None for name, one in figures.items()}
