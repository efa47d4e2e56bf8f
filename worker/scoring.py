"""Fits judged: the predictions of an estimator for rows, and the figures of these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.worker import metrics
from madpy.worker.columns import Floats
from madpy.worker.fit import MOST_SCORED, Job
from madpy.worker.fitted import Fitted, Rows, predictions
from madpy.worker.prepared import Prepared
from madpy.worker.reasons import rows_as_reason

MOST_SHARES = 10_000_000  # probabilities at once, which take 8 bytes each


@dataclass(frozen=True)
class Predicted:
    """Predictions of a supervised model: for classes their codes, and the probabilities of `classes`."""

    truth: NDArray[Any]
    values: NDArray[Any]
    weights: Floats | None
    shares: Floats | None = None
    classes: NDArray[Any] | None = None


class Scorer:
    """Scores fits of a job; `names` are those of its targets, `num_classes` is how many codes there are."""

    def __init__(self, job: Job, names: list[str], num_classes: int) -> None:
        self._job = job
        self._names = names
        self._num_classes = num_classes

    def training(self, fitted: Fitted, rows: Rows) -> metrics.Figures:
        """Return figures over the rows of the fit, or over some of them where scoring is slow."""
        few = slice(MOST_SCORED if self._job.algorithm.slow_to_score else None)
        weights = None if rows.weights is None else rows.weights[few]
        some = Rows(rows.X[few], rows.y[few], weights, 0)
        labels = getattr(fitted.estimator, "labels_", None)
        own = None if labels is None else labels[few]
        with rows_as_reason(fitted.prepared, rows.y, fitted.names):
            return self._figures(fitted, fitted.prepared.first(few.stop), some, own)

    def others(self, fitted: Fitted, rows: Rows) -> tuple[metrics.Figures, Predicted | None]:
        """Return figures over other rows than those of the fit, and their predictions; none without rows."""
        if not len(rows.X):
            return {}, None
        X = Prepared(rows.X, self._job.inputs, fitted.learned)
        with rows_as_reason(X, rows.y, fitted.names):
            if self._job.targets:
                predicted = self._predicted(fitted.estimator, X, rows)
                return self.judged(predicted), predicted
            return self._figures(fitted, X, rows, None), None

    def pooled(
        self, parts: Sequence[Predicted | None], figures: Sequence[metrics.Figures]
    ) -> metrics.Figures:
        """Return figures of all predictions together; without predictions the means of the parts' figures."""
        there = [one for one in parts if one is not None]
        if there:
            return self.judged(_together(there))
        names = dict.fromkeys(name for one in figures for name in one)
        return {
            name: float(np.mean([one[name] for one in figures]))
            if all(one.get(name) is not None for one in figures)
            else None
            for name in names
        }

    def judged(self, predicted: Predicted) -> metrics.Figures:
        """Return the figures of predictions."""
        if self._job.task == "regression":
            return metrics.regression(predicted.truth, predicted.values, predicted.weights, self._names)
        figures = metrics.classification(
            predicted.truth, predicted.values, self._num_classes, predicted.weights
        )
        if predicted.shares is None or predicted.classes is None:
            return figures
        if not np.isin(predicted.truth, predicted.classes).all():  # a class that the fit has not seen
            return figures | {"roc_auc": None, "log_loss": None}
        place = np.searchsorted(predicted.classes, predicted.truth)
        return figures | metrics.probabilities(place, predicted.shares, predicted.weights)

    def _predicted(self, estimator: Any, X: Prepared, rows: Rows) -> Predicted:
        values = predictions(estimator, X)
        if self._job.task == "regression":
            return Predicted(rows.y, np.reshape(values, rows.y.shape), rows.weights)
        truth, codes = rows.y[:, 0].astype(np.int64), values.astype(np.int64)
        classes = np.asarray(estimator.classes_).astype(np.int64)
        if not hasattr(estimator, "predict_proba") or len(X) * len(classes) > MOST_SHARES:
            return Predicted(truth, codes, rows.weights)
        return Predicted(truth, codes, rows.weights, estimator.predict_proba(X.whole), classes)

    def _figures(
        self, fitted: Fitted, prepared: Prepared, rows: Rows, labels: NDArray[Any] | None
    ) -> metrics.Figures:
        """Return figures over prepared rows; `labels` are their clusters where the fit has them."""
        estimator = fitted.estimator
        if self._job.targets:
            return self.judged(self._predicted(estimator, prepared, rows))
        X = prepared.whole
        if self._job.task == "decomposition":
            return metrics.decomposition(X, estimator.inverse_transform(estimator.transform(X)))
        if labels is None:
            if not hasattr(estimator, "predict"):  # only the rows of its fit have clusters
                return {}
            labels = np.asarray(estimator.predict(X))
        centers = getattr(estimator, "cluster_centers_", None)
        return metrics.clustering(X, labels, centers, rows.weights, self._job.seed)


def _together(parts: Sequence[Predicted]) -> Predicted:
    """Return the predictions of several parts as one; a class unknown to a part has probability 0."""
    truth = np.concatenate([one.truth for one in parts])
    values = np.concatenate([one.values for one in parts])
    weights = _joined([one.weights for one in parts])
    seen = _joined([one.classes for one in parts])
    classes = np.unique(seen) if seen is not None else np.zeros(0)
    if not len(classes) or len(truth) * len(classes) > MOST_SHARES:
        return Predicted(truth, values, weights)
    shares = np.zeros((len(truth), len(classes)))
    at = 0
    for one in parts:
        rows = np.arange(at, at + len(one.truth))[:, None]
        if one.shares is not None and one.classes is not None:
            shares[rows, np.searchsorted(classes, one.classes)] = one.shares
        at += len(one.truth)
    return Predicted(truth, values, weights, shares, classes)


def _joined(parts: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    """Return parts one after the other; None if one is missing."""
    there = [one for one in parts if one is not None]
    return np.concatenate(there) if len(there) == len(parts) else None
