"""Models whose arrays were altered, with a right checksum: an error or a number, and never a crash."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pg
import pytest

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack, unpack
from madpy.worker.estimators import ALGORITHMS
from tests.sk.scoring import Data, packed, shipped

OWN = 9  # SK_OWN: the first array of the kind
EXAMPLES = {
    ("linear", "classification"): {},
    ("qda", "classification"): {},
    ("naive_bayes", "classification"): {},
    ("mlp", "classification"): {"hidden_layer_sizes": (4, 3), "max_iter": 5},
    ("kmeans", "clustering"): {"n_clusters": 3},
    ("dbscan", "clustering"): {},
    ("nmf", "decomposition"): {"n_components": 3},
}
INTEGERS = (-(2**31), -1, 0, 1, 2, 5, 7, 1_000_000, 2**31 - 1)
STATES = ("22P03", "22021", "22023", "22003", "42809")
FUNCTIONS = ("sk_predict", "sk_predict_all", "sk_predict_class", "sk_decision", "sk_predict_prob")


def model(name: str, task: str, **hyperparams: Any) -> list[Any]:
    """Return the arrays of a model of iris data."""
    data = shipped("iris")
    algorithm = ALGORITHMS[name, task]
    estimator = algorithm.build(hyperparams, 0).fit(data.X, data.y)
    subject = data if task == "classification" else Data(data.X, None)
    return list(unpack(packed(algorithm, estimator, subject), MODEL_SK)[1])


def altered(arrays: list[Any]) -> Iterator[list[Any]]:
    """Yield the arrays with one of them changed: shorter, longer, empty, or with another number in it."""
    for number, array in enumerate(arrays):
        changes = [array[:0], array[:-1], np.concatenate([array, array[:1]]), np.tile(array, 3)]
        if array.dtype.kind == "i":
            for at in range(min(len(array), 8)):
                for value in INTEGERS:
                    changes.append(array.copy())
                    changes[-1][at] = value
        else:
            changes += [np.full_like(array, value) for value in (np.nan, np.inf, -1e308, 0)]
        for change in changes:
            yield [*arrays[:number], change, *arrays[number + 1 :]]
    yield arrays[:-1]
    yield arrays[:OWN]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "task"), EXAMPLES, ids=map("-".join, EXAMPLES))
def test_altered_arrays(sql, name, task):
    backend = sql("SELECT pg_backend_pid()")[0][0]
    sql("SET statement_timeout = '20s'")
    errors = 0
    for arrays in altered(model(name, task, **EXAMPLES[name, task])):
        data = pack(MODEL_SK, {"features": []}, arrays).hex()
        for function in FUNCTIONS:
            try:
                sql(f"SELECT madlib.{function}('\\x{data}'::bytea, 5.1, 3.5, 1.4, 0.2)")
            except pg.Error as error:
                errors += 1
                assert error.sqlstate in STATES, str(error)
    assert errors > 0
    assert sql("SELECT pg_backend_pid()")[0][0] == backend


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "task"), EXAMPLES, ids=map("-".join, EXAMPLES))
def test_the_kind_of_another_model(sql, name, task):
    """Each kind reads the arrays of every other one."""
    arrays = model(name, task, **EXAMPLES[name, task])
    for kind in {*range(1, 12), 99} - {int(arrays[0][0])}:
        first = arrays[0].copy()
        first[0] = kind
        data = pack(MODEL_SK, {"features": []}, [first, *arrays[1:]]).hex()
        with pytest.raises(pg.Error, match=r"damaged|one class or cluster"):
            sql(f"SELECT madlib.sk_predict_all('\\x{data}'::bytea, 5.1, 3.5, 1.4, 0.2)")
