"""Arrays of models that nobody has trained: an error or a number, never a crash."""

import numpy as np
import pg
import pytest

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack, unpack
from tests.sk.scoring import Scorer, generated

MODELS = [
    ("random_forest", {"n_estimators": 3}),
    ("hist_gradient_boosting", {"max_iter": 3}),
    ("ada_boost", {"n_estimators": 3}),
    ("svm", {"probability": True}),
    ("gaussian_process", {}),
    ("nearest_neighbors", {}),
]
NUMBERS = {
    "i": [-(2**31), -2, -1, 0, 1, 2, 3, 7, 255, 2**16, 2**27, 2**31 - 1],
    "f": [np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5, 1.0, 1e300, -1e300, 1e-310],
}
CHANGES = 400
OWN = 9  # SK_OWN of sk.h


def altered(rng, arrays):
    """Change one to three numbers, or the length of an array, of the form and of the kind."""
    arrays = [one.copy() for one in arrays]
    for _ in range(rng.integers(1, 4)):
        n = rng.choice([0, *range(OWN, len(arrays))])
        one = arrays[n]
        if rng.random() < 0.15:
            arrays[n] = one[: rng.integers(len(one) + 1)] if rng.random() < 0.5 else np.append(one, one[:3])
        elif len(one):
            one[rng.integers(len(one))] = rng.choice(NUMBERS[one.dtype.kind])
    return arrays


@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize(("name", "hyperparams"), MODELS, ids=[name for name, _ in MODELS])
def test_altered_arrays(sql, name, hyperparams, task):
    data = generated(task, 5)
    given = {} if task == "regression" and name == "svm" else hyperparams
    scorer = Scorer(sql, name, task, data, **given).rows(data.X[:3])
    header, arrays = unpack(sql("SELECT model FROM scored_model")[0][0], MODEL_SK)
    rng = np.random.default_rng(0)
    answers = [scorer.several] if task == "regression" else [scorer.classes, scorer.probabilities]
    outcomes = set()
    for number in range(CHANGES):
        model = pack(MODEL_SK, header, altered(rng, arrays))
        sql(f"UPDATE scored_model SET model = '\\x{model.hex()}'")
        try:
            answers[number % len(answers)]()
            outcomes.add("answer")
        except pg.DatabaseError as error:
            assert "model" in str(error), error
            outcomes.add("error")
    assert outcomes == {"answer", "error"}
    assert sql("SELECT 1") == [(1,)]
