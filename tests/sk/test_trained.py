"""sk_train and sk_predict from end to end: a table's predictions are those of the same fit in the test."""

import json

import numpy as np
import pytest

from madpy.worker.estimators import ALGORITHMS
from tests.sk.scoring import close, shipped

OPTIONS = {
    "mlp": {"hidden_layer_sizes": [5], "max_iter": 30},
    "theil_sen": {"max_subpopulation": 100},
    "dbscan": {"eps": 0.7, "min_samples": 3},
    "kmeans": {"n_clusters": 3},
    "pca": {"n_components": 2, "whiten": True},
    # rows that are equal make the matrix singular without noise: its solution depends on the order of sums
    ("gaussian_process", "regression"): {"alpha": 0.1},
}


def options_of(name, task):
    return OPTIONS.get((name, task), OPTIONS.get(name, {}))


NAMES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture
def flowers(sql):
    """Return the iris data, which lie in the table flowers."""
    data = shipped("iris")
    sql("CREATE TABLE flowers (id integer, a float8, b float8, c float8, d float8, name text)")
    names = NAMES[data.y].tolist()
    rows = [(n, *row, name) for n, (row, name) in enumerate(zip(data.X.tolist(), names, strict=True))]
    sql.connection.inserttable("flowers", rows)
    return data


def fitted(name, task, data, is_weighted):
    """Return the estimator that sk_train has to fit, and the columns it was given."""
    algorithm = ALGORITHMS[name, task]
    options = {key: algorithm.parameters[key].checked(value) for key, value in options_of(name, task).items()}
    X = data.X[:, :3].copy()
    target = {"regression": {"y": data.X[:, 3]}, "classification": {"y": data.y.astype(float)}}.get(task, {})
    weights = {"sample_weight": 1.0 + np.arange(len(X)) % 3} if is_weighted else {}
    return algorithm.build(options, 7).fit(X, **target, **weights), X


def predicted(sql, name, task, weights):
    """Train on the table flowers and predict it."""
    target = {"regression": "'d'", "classification": "'name'"}.get(task, "NULL")
    sql("SET client_min_messages = error")
    sql(
        f"SELECT madlib.sk_train('flowers', 'm', {target}, 'a, b, c', '{name}',"
        f" '{json.dumps(options_of(name, task))}', seed => 7, task => '{task}', weights => {weights})"
    )
    sql("SELECT madlib.sk_predict('m', 'flowers', 'p')")
    return [row[0] for row in sql("SELECT prediction FROM p ORDER BY id")]


def check(found, estimator, X, name, task):
    if task == "classification":
        assert found == NAMES[estimator.predict(X).astype(int)].tolist()
    elif task == "clustering":
        assert found == (estimator.labels_ if name == "dbscan" else estimator.predict(X)).tolist()
    elif name == "nmf":
        close(np.array(found, float), np.vstack([estimator.transform(row[None]) for row in X]))
    else:
        predict = estimator.predict if task == "regression" else estimator.transform
        close(np.array(found, float), predict(X))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "task"), ALGORITHMS, ids=map("-".join, ALGORITHMS))
def test_table(sql, flowers, name, task):
    estimator, X = fitted(name, task, flowers, is_weighted=False)
    check(predicted(sql, name, task, "NULL"), estimator, X, name, task)


WEIGHTED = [key for key, one in ALGORITHMS.items() if one.takes_weights]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "task"), WEIGHTED, ids=map("-".join, WEIGHTED))
def test_weights(sql, flowers, name, task):
    estimator, X = fitted(name, task, flowers, is_weighted=True)
    check(predicted(sql, name, task, "'1 + id % 3'"), estimator, X, name, task)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["kmeans", "dbscan", "birch"])
def test_clusters_of_groups(sql, flowers, name):
    sql("UPDATE flowers SET a = NULL WHERE id = 3")
    sql(f"SELECT madlib.sk_train('flowers', 'm', NULL, 'a, b', '{name}', grouping_cols => 'name')")
    assert sql("SELECT name, num_rows_processed, num_missing_rows_skipped FROM m ORDER BY 1") == [
        ("setosa", 49, 1),
        ("versicolor", 50, 0),
        ("virginica", 50, 0),
    ]
    sql("SELECT madlib.sk_predict('m', 'flowers', 'p')")
    for group, own in enumerate(NAMES):
        X = flowers.X[(flowers.y == group) & (np.arange(150) != 3), :2]
        expected = ALGORITHMS[name, "clustering"].build({}, 0).fit(X)
        labels = expected.labels_ if name == "dbscan" else expected.predict(X)
        rows = sql(f"SELECT prediction FROM p WHERE name = '{own}' AND id <> 3 ORDER BY id")
        assert [row[0] for row in rows] == labels.tolist()
    assert sql("SELECT prediction FROM p WHERE id = 3") == [(None,)]
