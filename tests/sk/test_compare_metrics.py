"""Metrics of sk_compare: they are those of scikit-learn, run here on the same rows."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from tests.sk.compared import REGRESSION, close, tried


@pytest.mark.parametrize("weights", [None, "w"])
def test_regression_on_a_holdout(sql, rows, compare, weights):
    result = compare(
        "y", "linear", {"algorithm": "ridge", "hyperparams": {"alpha": 50}}, holdout="held", weights=weights
    )
    held, w = rows["held"], rows["w"] if weights else np.ones(200)
    for estimator, found in zip([LinearRegression(), Ridge(alpha=50)], tried(sql), strict=True):
        estimator.fit(rows["X"][~held], rows["y"][~held], sample_weight=w[~held])
        predicted = estimator.predict(rows["X"][held])
        pair = rows["y"][held], predicted
        close(found, {name: run(*pair, sample_weight=w[held]) for name, run in REGRESSION.items()})
        close(found, {"max_error": metrics.max_error(*pair)})
    assert (result["task"], result["metric"], result["best_candidate"]) == ("regression", "r2", 1)
    assert result["best_score"] == tried(sql)[0]["r2"]
    assert tried(sql, "num_rows_processed, num_test_rows") == [(150, 50)] * 2


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("target", ["pair", "three"])
def test_classification_on_a_holdout(sql, rows, compare, target, weights):
    compare(target, "linear", holdout="held", weights=weights)
    held, y = rows["held"], rows[target].astype(int)
    w = rows["w"] if weights else np.ones(200)
    model = LogisticRegression().fit(rows["X"][~held], y[~held], sample_weight=w[~held])
    truth, predicted, shares = y[held], model.predict(rows["X"][held]), model.predict_proba(rows["X"][held])
    of = {"sample_weight": w[held]}
    average = {"average": "binary" if target == "pair" else "macro"}
    scores = shares[:, 1] if target == "pair" else shares
    (found,) = tried(sql)
    expected = {
        "accuracy": metrics.accuracy_score(truth, predicted, **of),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted, **of),
        "f1": metrics.f1_score(truth, predicted, **average, **of),
        "precision": metrics.precision_score(truth, predicted, **average, **of),
        "recall": metrics.recall_score(truth, predicted, **average, **of),
        "mcc": metrics.matthews_corrcoef(truth, predicted, **of),
        "log_loss": metrics.log_loss(truth, shares, **of),
    }
    if target == "pair" or not weights:
        expected["roc_auc"] = metrics.roc_auc_score(truth, scores, multi_class="ovr", **of)
    close(found, expected)
    assert found["confusion"] == metrics.confusion_matrix(truth, predicted, **of).tolist()


def test_several_targets(sql, rows, compare):
    compare("y, a * b", "linear", holdout="held", features="a, b")
    held, X = rows["held"], rows["X"][:, :2]
    y = np.column_stack([rows["y"], X[:, 0] * X[:, 1]])
    predicted = LinearRegression().fit(X[~held], y[~held]).predict(X[held])
    (found,) = tried(sql)
    close(found, {name: run(y[held], predicted) for name, run in REGRESSION.items()})
    assert [one["name"] for one in found["targets"]] == ["y", "a * b"]
    close(found["targets"][1], {"r2": metrics.r2_score(y[held, 1], predicted[:, 1])})


def test_clusters(sql, rows, compare):
    candidates = [{"algorithm": "kmeans", "hyperparams": {"n_clusters": k}} for k in (2, 3)]
    result = compare(None, *candidates)
    sql("SELECT madlib.sk_train('t', 'm', NULL, 'a, b, c', 'kmeans', '{\"n_clusters\": 3}')")
    labels = [n for (n,) in sql("SELECT madlib.sk_predict(model, a, b, c) FROM t, m ORDER BY id")]
    found = tried(sql)[1]
    for name, run in [
        ("silhouette", metrics.silhouette_score),
        ("calinski_harabasz", metrics.calinski_harabasz_score),
        ("davies_bouldin", metrics.davies_bouldin_score),
    ]:
        close(found, {name: run(rows["X"], labels)})
    close(found, {"inertia": sql.value("SELECT details FROM m")["inertia"]})
    assert result["metric"] == "silhouette"
    assert compare(None, *candidates, metric="inertia")["best_candidate"] == 2  # less is better


def test_components(sql, rows, compare):
    compare(None, *({"algorithm": "pca", "hyperparams": {"n_components": k}} for k in (1, 2)))
    ratios = [sum(one["explained_variance_ratio"]) for one in tried(sql, "details")]
    assert tried(sql, "score") == pytest.approx(ratios, rel=1e-9)
    compare(None, {"algorithm": "pca", "hyperparams": {"n_components": 2}}, holdout="held")
    assert 0.5 < tried(sql, "score")[0] < 1
