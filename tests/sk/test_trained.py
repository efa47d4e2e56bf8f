"""sk_train and sk_predict from end to end: a table's predictions are those of the same fit in the test."""

import json
import warnings

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
}
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


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "task"), ALGORITHMS, ids=map("-".join, ALGORITHMS))
def test_table(sql, flowers, name, task):
    options = OPTIONS.get(name, {})
    target, y = {
        "regression": ("'d'", flowers.X[:, 3]),
        "classification": ("'name'", flowers.y.astype(float)),
    }.get(task, ("NULL", None))
    algorithm = ALGORITHMS[name, task]
    estimator = algorithm.build(algorithm_options(algorithm, options), 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(flowers.X[:, :3].copy(), *([] if y is None else [y]))
    sql("SET client_min_messages = error")
    sql(
        f"SELECT madlib.sk_train('flowers', 'm', {target}, 'a, b, c', '{name}', '{json.dumps(options)}',"
        f" seed => 7, task => '{task}')"
    )
    sql("SELECT madlib.sk_predict('m', 'flowers', 'p')")
    found = [row[0] for row in sql("SELECT prediction FROM p ORDER BY id")]
    X = flowers.X[:, :3].copy()
    if task == "classification":
        assert found == NAMES[estimator.predict(X).astype(int)].tolist()
    elif task == "clustering":
        expected = estimator.labels_ if name == "dbscan" else estimator.predict(X)
        assert found == expected.tolist()
    elif name == "nmf":
        close(np.array(found, float), np.vstack([estimator.transform(row[None]) for row in X]))
    else:
        close(np.array(found, float), (estimator.predict if y is not None else estimator.transform)(X))


def algorithm_options(algorithm, options):
    return {key: algorithm.parameters[key].checked(value) for key, value in options.items()}
