"""Figures that judge predictions, for any number of rows in any order.  Pure: numpy only.

Definitions are those of sklearn.metrics.  Sums are rounded once, at their end (math.fsum), so that no figure
depends on the order in which rows are read.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Figures = dict[str, float]

# Figures of which a smaller value is better; of all others a larger one is.
LOWER_IS_BETTER = frozenset(
    (
        "mse",
        "rmse",
        "mae",
        "median_absolute_error",
        "max_error",
        "log_loss",
        "brier",
        "davies_bouldin",
        "inertia",
    )
)


def is_better(metric: str, score: float, other: float) -> bool:
    """Tell whether a score is better than another one, by more than rounding, in the metric's direction."""
    if math.isclose(score, other, rel_tol=1e-12):
        return False
    return score < other if metric in LOWER_IS_BETTER else score > other


def supervised(task: str, truth: Floats, predicted: Floats, shares: Floats, count: int) -> Figures:
    """Return the figures of a task with a target, by their names.

    `truth` and `predicted`, shape (n, targets), are numbers, or codes of classes below `count`; `shares` are
    the probabilities of classes, without columns where there are none.
    """
    if task == "regression":
        each = [regression(truth[:, j], predicted[:, j]) for j in range(truth.shape[1])]
        return {name: math.fsum(one[name] for one in each) / len(each) for name in each[0]}
    codes = truth[:, 0].astype(int)
    counts = confusion(codes, predicted[:, 0].astype(int), count)
    figures = classification(counts, by_class(counts), is_binary=count == 2)
    return figures | (probabilities(codes, shares) if shares.shape[1] else {})


def regression(truth: Floats, predicted: Floats) -> Figures:
    """Return figures of predicted numbers, shape (n,), n > 0."""
    error = truth - predicted
    mse = _mean(error * error)
    spread = _mean((truth - _mean(truth)) ** 2)
    scatter = _mean((error - _mean(error)) ** 2)
    size = np.abs(error)
    return {
        "r2": _share(mse, spread) if len(truth) > 1 else math.nan,
        "mse": mse,
        "rmse": math.sqrt(mse),
        "mae": _mean(size),
        "median_absolute_error": float(np.median(size)),
        "max_error": float(size.max()),
        "explained_variance": _share(scatter, spread),
    }


def _mean(values: Floats) -> float:
    try:
        return math.fsum(values.tolist()) / len(values)
    except (OverflowError, ValueError):  # a sum beyond the largest number, or of infinities
        return math.nan


def _share(left: float, whole: float) -> float:
    """Return the share of a variance that is explained; of no variance, all or nothing."""
    return 1 - left / whole if whole else float(left == 0)


def confusion(truth: Codes, predicted: Codes, count: int) -> Codes:
    """Return how many rows of each class (first index) were predicted as each class (second index)."""
    return np.bincount(truth * count + predicted, minlength=count * count).reshape(count, count)


def by_class(counts: Codes) -> dict[str, Floats]:
    """Return precision, recall, f1 and support of each class, given a confusion matrix."""
    right, of_truth, of_predicted = np.diag(counts).astype(float), counts.sum(axis=1), counts.sum(axis=0)
    return {
        "precision": _ratio(right, of_predicted),
        "recall": _ratio(right, of_truth),
        "f1": _ratio(2 * right, of_truth + of_predicted),
        "support": of_truth.astype(float),
    }


def classification(counts: Codes, own: dict[str, Floats], is_binary: bool) -> Figures:
    """Return figures of predicted classes; `own` is by_class.

    Precision, recall and f1 are those of the second of two classes, else means over the classes.
    """
    of_truth, of_predicted = counts.sum(axis=1), counts.sum(axis=0)
    seen = of_truth + of_predicted > 0
    macro = {name: _mean(own[name][seen]) for name in ("precision", "recall", "f1")}
    total = int(counts.sum())
    return {
        "accuracy": int(np.trace(counts)) / total,
        "balanced_accuracy": _mean(own["recall"][of_truth > 0]),
        **({name: float(own[name][1]) for name in macro} if is_binary else macro),
        **{f"{name}_macro": value for name, value in macro.items()},
        "mcc": _correlation(counts, total),
    }


def _ratio(part: Floats, whole: Codes) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _correlation(counts: Codes, total: int) -> float:
    """Return the correlation of Matthews, for any number of classes (Gorodkin 2004)."""
    rows, columns = counts.sum(axis=1).tolist(), counts.sum(axis=0).tolist()
    both = int(np.trace(counts)) * total - sum(r * c for r, c in zip(rows, columns, strict=True))
    spreads = [total**2 - sum(n * n for n in one) for one in (rows, columns)]
    return both / math.sqrt(spreads[0] * spreads[1]) if all(spreads) else 0.0


def probabilities(truth: Codes, shares: Floats) -> Figures:
    """Return figures of the probabilities of each class, shape (n, classes).

    The area under the ROC curve is that of the second of two classes, else the mean over each against the
    rest; NaN if a class has no row.  The Brier score of two classes is that of the second one.
    """
    classes = shares.shape[1]
    smallest = np.finfo(float).eps
    own = np.clip(shares[np.arange(len(truth)), truth], smallest, 1 - smallest)
    hit = truth[:, None] == np.arange(classes)
    squares = (shares - hit) ** 2
    subjects = [1] if classes == 2 else range(classes)
    areas = [area(*roc(hit[:, code], shares[:, code])[:2]) for code in subjects]
    return {
        "roc_auc": _mean(np.array(areas)),
        "log_loss": _mean(-np.log(own)),
        "brier": _mean(squares[:, 1] if classes == 2 else squares.sum(axis=1)),
    }


def roc(hit: NDArray[np.bool_], score: Floats) -> tuple[Codes, Codes, Floats]:
    """Return false and true positives at each threshold, falling from infinity on, and the thresholds."""
    thresholds, group = np.unique(-score, return_inverse=True)
    true = np.bincount(group, hit, len(thresholds)).astype(np.int64)
    false = np.bincount(group, ~hit, len(thresholds)).astype(np.int64)
    return (
        np.concatenate(([0], np.cumsum(false))),
        np.concatenate(([0], np.cumsum(true))),
        np.concatenate(([np.inf], -thresholds)),
    )


def area(false: Codes, true: Codes) -> float:
    """Return the area under a ROC curve by the trapezoidal rule; NaN without a positive or a negative row."""
    whole = 2 * int(false[-1]) * int(true[-1])
    twice = sum(np.multiply(np.diff(false), true[1:] + true[:-1], dtype=object).tolist())
    return twice / whole if whole else math.nan


def corners(false: Codes, true: Codes, most: int) -> NDArray[np.intp]:
    """Return the mean silhouette of rows, each compared with all (Rousseeuw 1987); NaN for one cluster."""
    bent = np.ones(len(false), bool)
    if len(false) > 2:
        bent[1:-1] = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
    (places,) = np.nonzero(bent)
    if len(places) > most:
        places = places[np.unique(np.linspace(0, len(places) - 1, most).astype(int))]
    return places


def calibration(hit: NDArray[np.bool_], score: Floats, bins: int) -> list[tuple[int, float, float, int]]:
    """Return number, mean probability, share of hits and rows of each interval that has rows.

    The intervals divide 0 to 1 into `bins` of equal width; a probability between two is of the lower one.
    """
    number = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], score)
    result = []
    for n in np.unique(number).tolist():
        inside = number == n
        rows = int(inside.sum())
        result.append((n + 1, _mean(score[inside]), int(hit[inside].sum()) / rows, rows))
    return result


def silhouette(points: Floats, labels: NDArray[Any]) -> float:
    """Return the mean silhouette of rows, each compared with each (Rousseeuw 1987); NaN for one."""
    clusters, own, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if not 1 < len(clusters) < len(labels):
        return math.nan
    values = []
    for row, point in enumerate(points):
        sums = np.bincount(own, np.sqrt(((points - point) ** 2).sum(axis=1)), len(clusters))
        if sizes[own[row]] == 1:
            values.append(0.0)
            continue
        inner = sums[own[row]] / (sizes[own[row]] - 1)
        outer = np.delete(sums / sizes, own[row]).min()
        values.append((outer - inner) / max(outer, inner) if max(outer, inner) > 0 else 0.0)
    return _mean(np.array(values))


def sample(count: int, most: int) -> Sequence[int]:
    """Return the numbers of at most `most` of `count` rows, spread evenly."""
    return range(count) if count <= most else np.linspace(0, count - 1, most).astype(int).tolist()
