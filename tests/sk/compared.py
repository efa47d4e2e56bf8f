"""Results of sk_compare, and metrics of scikit-learn to compare them with."""

import pytest
from sklearn import metrics

FEATURES = "a, b, c"
REGRESSION = {
    "r2": metrics.r2_score,
    "mse": metrics.mean_squared_error,
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "median_absolute_error": metrics.median_absolute_error,
    "explained_variance": metrics.explained_variance_score,
}


def tried(sql, columns="metrics"):
    return [row[0] if len(row) == 1 else row for row in sql(f"SELECT {columns} FROM o ORDER BY candidate")]


def close(found, expected):
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)
