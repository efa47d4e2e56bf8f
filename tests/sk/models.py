"""A small model of every kind and task, made without a server, for hostile tests and the fuzzer."""

import warnings
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack
from madpy.worker.estimators import ALGORITHMS
from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.form import Form
from madpy.worker.layout import KIND_BAYES
from madpy.worker.learning import learn
from madpy.worker.model import arrays_of
from madpy.worker.moments import moments_of
from madpy.worker.preparation import Input, Rule
from madpy.worker.prepared import Prepared

INPUTS = [Input("a", None), Input("b", None), Input("c", ["v0", "v1", "v2", "v3"])]
SMALL = {"n_estimators": 3, "max_depth": 3, "hidden_layer_sizes": [4, 3], "n_init": 1, "n_clusters": 3}
ROWS = 50
MOST_BYTES = 16_000  # of a model: altered bytes of a longer one are rarely those that matter


@cache
def small_models() -> dict[str, bytes]:
    """Return models by algorithm, task and number of classes: one for each function `form`."""
    models = {}
    forms = set()
    with threadpool_limits(1):
        for one in ALGORITHMS.values():
            for classes in (2, 3) if one.task == "classification" else (0,):
                if (one.form, one.task, classes) in forms:
                    continue
                model = _model(one, classes)
                if model is not None and len(model) < MOST_BYTES:
                    forms.add((one.form, one.task, classes))
                    models[f"{one.name} {one.task} {classes}".removesuffix(" 0")] = model
    return models | {f"nb classification {classes}": _bayes(classes) for classes in (2, 3)}


def _bayes(classes: int) -> bytes:
    """Return a model of naive Bayes, which no algorithm of scikit-learn makes, with numbers at random."""
    raw, target = _rows(classes)
    rules = [Rule(), Rule(), Rule(encode="ordinal")]
    learned, columns = learn(raw, target, moments_of(raw), INPUTS, rules, "classification", 0)
    X = Prepared(raw, INPUTS, learned, columns).whole
    rng = np.random.default_rng(classes)
    form = Form(KIND_BAYES, classes, [np.log(rng.random(classes)), rng.normal(size=(3 + 3 + 4) * classes)])
    labels = [f"y{code}" for code in range(classes)]
    arrays = arrays_of("classification", form, INPUTS, learned, labels, True, X.mean(axis=0))
    return pack(MODEL_SK, {"features": []}, arrays)


def _model(algorithm: Algorithm, classes: int) -> bytes | None:
    """Return the model of a fit over ROWS rows; None where the algorithm does not take these rows."""
    raw, target = _rows(classes)
    encode = "ordinal" if algorithm.task == "regression" else "target" if classes == 2 else "one_hot"
    rules = [Rule("mean", indicator=True), Rule(scale="min_max"), Rule(encode=encode)]
    hyperparams = {name: value for name, value in SMALL.items() if name in algorithm.parameters}
    learned, columns = learn(raw, target, moments_of(raw), INPUTS, rules, algorithm.task, 0)
    X = Prepared(raw, INPUTS, learned, columns).whole
    estimator = algorithm.build(hyperparams, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = (X, target[:, 0]) if algorithm.task in ("regression", "classification") else (X,)
        try:
            form = algorithm.form(estimator.fit(*given))
        except ValueError:
            return None
    labels = [f"y{code}" for code in range(classes)]
    arrays = arrays_of(algorithm.task, form, INPUTS, learned, labels, algorithm.takes_nan, X.mean(axis=0))
    return pack(MODEL_SK, {"features": []}, arrays)


def _rows(classes: int) -> tuple[Any, Any]:
    """Return features, shape (ROWS, 3), none below 0, and a target, shape (ROWS, 1)."""
    rng = np.random.default_rng(classes)
    raw = np.column_stack([rng.random((ROWS, 2)), rng.integers(0, 4, ROWS)])
    raw[::7, 0] = np.nan
    signal = raw[:, 1] + 0.3 * raw[:, 2] + 0.1 * rng.normal(size=ROWS)
    if classes:
        signal = np.searchsorted(np.quantile(signal, np.arange(1, classes) / classes), signal)
    return raw, signal[:, None].astype(float)
