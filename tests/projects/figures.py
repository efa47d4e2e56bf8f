"""Figures of evaluate, and those of sklearn.metrics over the same predictions."""

import numpy as np
from sklearn import metrics

from tests.projects.kept import quoted

PETALS = "sepal_length, sepal_width, petal_length"


def figures(sql, *arguments):
    """Return the rows of evaluate by their parts."""
    given = ", ".join(str(one) if isinstance(one, int) else quoted(one) for one in arguments)
    result = {}
    for row in sql.rows(f"SELECT * FROM pgml.evaluate({given})"):
        result.setdefault(row["part"], []).append(row)
    return result


def metric(rows):
    return {row["name"]: row["value"] for row in rows["metric"]}


def regression_metrics(truth, predicted):
    return {
        "r2": metrics.r2_score(truth, predicted),
        "mse": metrics.mean_squared_error(truth, predicted),
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "mae": metrics.mean_absolute_error(truth, predicted),
        "median_absolute_error": metrics.median_absolute_error(truth, predicted),
        "max_error": metrics.max_error(truth, predicted),
        "explained_variance": metrics.explained_variance_score(truth, predicted),
    }


def classification_metrics(truth, predicted, shares, classes):
    """Figures of sklearn.metrics; of two classes those of the second one, as evaluate has them."""
    average = {"average": "binary", "pos_label": classes[1]} if len(classes) == 2 else {"average": "macro"}
    score = shares[:, 1] if len(classes) == 2 else shares
    hit = (truth == classes[1]).astype(int)
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "mcc": metrics.matthews_corrcoef(truth, predicted),
        **{
            name: function(truth, predicted, zero_division=0, **average)
            for name, function in (
                ("precision", metrics.precision_score),
                ("recall", metrics.recall_score),
                ("f1", metrics.f1_score),
            )
        },
        "f1_macro": metrics.f1_score(truth, predicted, average="macro"),
        "log_loss": metrics.log_loss(truth, shares, labels=classes),
        "roc_auc": metrics.roc_auc_score(truth, score, multi_class="ovr"),
        "brier": metrics.brier_score_loss(hit, score) if len(classes) == 2
        else ((shares - (truth[:, None] == np.array(classes))) ** 2).sum(axis=1).mean(),
    }  # fmt: skip
