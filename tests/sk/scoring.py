"""Scoring in C beside scikit-learn's own: one estimator, fitted here, asked both ways for the same rows."""

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn import datasets

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack
from madpy.worker.estimators import ALGORITHMS
from madpy.worker.learning import learn
from madpy.worker.model import arrays_of
from madpy.worker.moments import moments_of
from madpy.worker.preparation import Input, Rule

MOST_ROWS = 400  # of a data set, so that the slowest algorithms take seconds
# Data sets that scikit-learn ships, by their tasks.
SHIPPED = {
    "regression": ("diabetes", "linnerud"),
    "classification": ("iris", "wine", "breast_cancer", "digits"),
}
GENERATED = 30


@dataclass(frozen=True)
class Data:
    """Features (n, k), and a target (n,) or several (n, t); classes are 0, 1, ..."""

    X: Any
    y: Any


@cache
def shipped(name: str) -> Data:
    """A data set that scikit-learn ships: at most MOST_ROWS rows of it, taken evenly."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    rows = np.linspace(0, len(X) - 1, min(MOST_ROWS, len(X))).astype(int)
    return Data(np.asarray(X, float)[rows], np.asarray(y)[rows])


def generated(task: str, number: int) -> Data:
    """A data set made from a number: 20 to 200 rows, 1 to 12 features of different scales, some with ties."""
    rng = np.random.default_rng(number)
    rows, features = int(rng.integers(20, 200)), int(rng.integers(1, 13))
    X = rng.normal(size=(rows, features)) * 10.0 ** rng.integers(-2, 3, features)
    tied = rng.random(features) < 0.3
    X[:, tied] = np.round(X[:, tied])
    signal = X @ (rng.normal(size=features) / X.std(axis=0).clip(0.1)) + rng.normal(size=rows)
    if task == "regression":
        return Data(X, signal)
    classes = int(rng.integers(2, 5))
    return Data(X, np.searchsorted(np.quantile(signal, np.arange(1, classes) / classes), signal))


def packed(algorithm: Any, estimator: Any, data: Data) -> bytes:
    """The model of a fitted estimator, as sk_train writes it, of features x0, x1, ... that are numbers."""
    inputs = [Input(f"x{j}", None) for j in range(data.X.shape[1])]
    target = (
        np.zeros((len(data.X), 1)) if data.y is None else np.asarray(data.y, float).reshape(len(data.X), -1)
    )
    rules = [Rule()] * len(inputs)
    learned, _ = learn(data.X, target, moments_of(data.X), inputs, rules, algorithm.task, 0)
    labels = [str(one) for one in estimator.classes_] if algorithm.task == "classification" else []
    arrays = arrays_of(
        algorithm.task,
        algorithm.form(estimator),
        inputs,
        learned,
        labels,
        algorithm.takes_nan,
        data.X.mean(axis=0),
    )
    return pack(MODEL_SK, {"features": []}, arrays)


def close(found: Any, expected: Any) -> None:
    """Assert that numbers agree to 12 digits, those near 0 to 12 digits of the largest."""
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


class Scorer:
    """One estimator, and the answers of the SQL functions for rows."""

    def __init__(self, sql: Any, name: str, task: str, data: Data, **hyperparams: Any) -> None:
        self.algorithm = ALGORITHMS[name, task]
        self.estimator = self.algorithm.build(hyperparams, 0)
        target = () if data.y is None else (data.y,)
        with warnings.catch_warnings():  # of a fit that has not converged: it is scored all the same
            warnings.simplefilter("ignore")
            self.estimator.fit(data.X, *target)
        self._sql = sql
        sql("DROP TABLE IF EXISTS scored_model, scored_rows")
        sql("CREATE TABLE scored_model (model bytea)")
        sql(f"INSERT INTO scored_model VALUES ('\\x{packed(self.algorithm, self.estimator, data).hex()}')")

    def rows(self, X: Any) -> "Scorer":
        """Take these rows as those that are asked for."""
        self._sql("DROP TABLE IF EXISTS scored_rows")
        self._sql("CREATE TABLE scored_rows (n integer, x double precision[])")
        texts = [(n, "{" + ",".join(map(repr, row)) + "}") for n, row in enumerate(X.tolist())]
        self._sql.connection.inserttable("scored_rows", texts)
        return self

    def answers(self, expression: str) -> list[Any]:
        """Evaluate SQL over m.model and r.x for each row, in order."""
        rows = self._sql(f"SELECT {expression} FROM scored_rows AS r, scored_model AS m ORDER BY r.n")
        return [row[0] for row in rows]

    def numbers(self) -> Any:
        return np.array(self.answers("madlib.sk_predict(m.model, r.x)"), float)

    def several(self) -> Any:
        return np.array(self.answers("madlib.sk_predict_all(m.model, r.x)"), float)

    def classes(self) -> list[str]:
        return self.answers("madlib.sk_predict_class(m.model, r.x)")

    def decisions(self) -> Any:
        return np.array(self.answers("madlib.sk_decision(m.model, r.x)"), float)

    def probabilities(self) -> Any:
        return np.array(
            self.answers("(SELECT array_agg(p.probability) FROM madlib.sk_predict_prob(m.model, r.x) AS p)"),
            float,
        )
