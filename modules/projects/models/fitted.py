"""Models of projects: found by the name of a project or by their number, their bytes checked and read."""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.modules.projects.catalogue import get_project
from madpy.modules.projects.models.layout import (
    MISSING_NAN,
    MISSING_NAN_ONLY,
    MODEL_SK,
    TASK_CLASSIFICATION,
    TASK_CLUSTERING,
    TASK_DECOMPOSITION,
    TASK_REGRESSION,
)
from madpy.modules.projects.schema import own
from madpy.ports.postgres.model import unpack
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill
from madpy.records import Record

# Places of the arrays that every model of scikit-learn has (modules/sk/sk.h).
FORM, SHAPE, ENDS, TEXTS, NAME_ENDS, NAMES, INPUTS, NUMBERS, VALUES, OWN = range(10)
INPUT_INTS, INPUT_DOUBLES = 4, 3
TASKS = {
    TASK_REGRESSION: "regression",
    TASK_CLASSIFICATION: "classification",
    TASK_CLUSTERING: "clustering",
    TASK_DECOMPOSITION: "decomposition",
}

SCORERS = {
    "regression": "sk_predict_all",
    "classification": "sk_predict_class",
    "clustering": "sk_predict",
    "decomposition": "sk_predict_all",
}


class Fitted(Record):
    """The content of a model: what its header says, and its arrays."""

    header: dict[str, Any]
    arrays: list[NDArray[Any]]

    @property
    def kind(self) -> int:
        return int(self.arrays[FORM][0])

    @property
    def task(self) -> str:
        return TASKS[int(self.arrays[FORM][1])]

    @property
    def columns(self) -> int:
        """Return how many columns the inputs become."""
        return int(self.arrays[FORM][2])

    @property
    def outputs(self) -> int:
        return int(self.arrays[FORM][3])

    @property
    def takes_nan(self) -> bool:
        return int(self.arrays[FORM][4]) in (MISSING_NAN, MISSING_NAN_ONLY)

    @property
    def takes_infinity(self) -> bool:
        """Tell whether infinite numbers are values as others are, and not missing."""
        return int(self.arrays[FORM][4]) == MISSING_NAN_ONLY

    @property
    def classes(self) -> list[str]:
        """Return the labels of the classes, none for another task."""
        return _texts(self.arrays[ENDS], self.arrays[TEXTS])[: int(self.arrays[SHAPE][0])]

    @property
    def class_type(self) -> str | None:
        """Return the type of the target of a classification."""
        classes = self.header.get("classes")
        return str(classes.get("type")) if isinstance(classes, dict) else None

    @property
    def inputs(self) -> list[str]:
        """Return the names of the inputs, in the order of training."""
        return _texts(self.arrays[NAME_ENDS], self.arrays[NAMES])

    @property
    def levels(self) -> list[list[str]]:
        """Return the levels of each input, none for a number."""
        texts = iter(_texts(self.arrays[ENDS], self.arrays[TEXTS])[int(self.arrays[SHAPE][0]) :])
        return [[next(texts) for _ in range(int(count))] for count in self.arrays[SHAPE][1:]]

    @property
    def features(self) -> list[dict[str, Any]]:
        """Return name, column and levels of each feature as the training wrote them."""
        features = self.header.get("features")
        return features if isinstance(features, list) else []


class Kept(Record):
    """A model of a project that the caller may use, and where the tables of projects have it."""

    id: int
    project_id: int
    project: str
    task: str
    algorithm: str
    snapshot_id: int
    fitted: Fitted

    def item(self, db: Database) -> str:
        """Return SQL of the bytes of the model, which a statement reads once."""
        return model_item(db, self.id)


def model_item(db: Database, number: int) -> str:
    """Return SQL of the bytes of a model, by its number."""
    return fill("(SELECT model FROM {own:i}.models WHERE id = {id:l})", {"own": own(db), "id": number})


def deployed_model(db: Database, project: str) -> Kept:
    """Return the model that predicts for a project."""
    entry = get_project(db, project)
    if entry.deployed_model is None:
        raise MadpyError(
            f'no model of project "{project}" is deployed',
            sqlstate="55000",
            hint="call deploy(project, 'best_score')",
        )
    return get_model(db, entry.deployed_model)


def get_model(db: Database, number: int | None) -> Kept:
    """Return the model with this number; raise an error if the caller may use none, or if its fit failed."""
    rows = db.execute(
        """
        SELECT m.id, m.project_id, p.name AS project, p.task, m.algorithm, m.snapshot_id, m.model
        FROM {own:i}.models AS m JOIN {own:i}.projects AS p ON p.id = m.project_id WHERE m.id = {id:l}
        """,
        own=own(db),
        id=number,
    )
    if not rows:
        raise MadpyError(
            f"model {number} does not exist", sqlstate="42704", hint="choose one from the view trained_models"
        )
    model = rows[0].pop("model")
    if model is None:
        raise MadpyError(
            f"the training of model {number} failed",
            sqlstate="55000",
            hint="choose another one from the view trained_models",
        )
    fitted = read_model(bytes(model))
    score(db, fitted, bytes(model), None)
    return Kept(**rows[0], fitted=fitted)


def read_model(data: bytes) -> Fitted:
    """Return the content of a model of scikit-learn; raise an error for other or damaged bytes."""
    header, arrays = unpack(data, MODEL_SK)
    if len(arrays) < OWN or len(arrays[FORM]) < 5 or int(arrays[FORM][1]) not in TASKS:
        raise MadpyError("this model is damaged: its contents cannot be read", sqlstate="22P03")
    return Fitted(header, arrays)


def score(db: Database, fitted: Fitted, data: bytes, row: list[str] | None) -> None:
    """Have the scorer in C check all arrays of a model and score a row; None has no prediction."""
    db.execute(
        "SELECT {schema:i}.{scorer:i}({data:b}, {row:l}::text[])",
        scorer=SCORERS[fitted.task],
        data=data,
        row=row,
    )


def _texts(ends: NDArray[Any], texts: NDArray[Any]) -> list[str]:
    data = np.ascontiguousarray(texts, "<i4").tobytes()
    places = [0, *ends.tolist()]
    return [data[start:end].decode(errors="replace") for start, end in itertools.pairwise(places)]
