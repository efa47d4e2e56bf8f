"""evaluate: the figures of a model over the rows of a relation, one in a row."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.catalogue import find_project
from madpy.modules.projects.evaluation import measures
from madpy.modules.projects.evaluation.predicted import Predicted, read_rows, supervised_figures
from madpy.modules.projects.evaluation.queries import SUPERVISED, Subject, check_no_features, of_model
from madpy.modules.projects.evaluation.tables import of_table
from madpy.modules.projects.models.fitted import Kept, deployed_model
from madpy.modules.projects.snapshots import snapshot_of, test_rows
from madpy.modules.projects.tables.found import find_table
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server

BINS = 10  # intervals of a calibration curve
MOST_POINTS = 200  # points of a ROC curve
MOST_CURVES = 50  # classes that have curves
MOST_COMPARED = 3000  # rows of a silhouette, each of which is compared with each

Row = dict[str, Any]


@in_server("evaluate", is_set=True, module="projects")
def evaluate(
    db: Database, model: str | None, relation: str | None, y_column_name: str | None, features: str | None
) -> list[Row]:
    """Return the figures of the deployed model of a project, or of a model table, over a relation."""
    name = str(helper.check_not_null("model", model))
    if find_project(db, name) is not None:
        check_no_features(features)
        return evaluated(db, deployed_model(db, name), relation, y_column_name)
    db.progress("evaluate: reading")
    table = find_table(db, name)
    source = helper.check_source(db, relation, "relation")
    subject = of_table(db, table, source, y_column_name, features)
    return _figures_of(db, subject)


def evaluated(db: Database, model: Kept, relation: str | None, y_column_name: str | None) -> list[Row]:
    """Return the figures of a model of a project; without a relation over the rows for testing."""
    db.progress("evaluate: reading")
    taken = snapshot_of(db, model.snapshot_id)
    if relation is None:
        source, where = test_rows(db, taken, model.task, is_relation_taken=True)
    else:
        source, where = helper.check_source(db, relation, "relation"), None
    return _figures_of(db, of_model(db, model, source, taken.y_column_name, y_column_name, where=where))


def _figures_of(db: Database, subject: Subject) -> list[Row]:
    rows = read_rows(db, subject.query, subject.labels, subject.class_type)
    if not len(rows.predicted):
        raise MadpyError("no row has both a target and a prediction", hint="give other rows")
    return [*figures(subject, rows)]


def figures(subject: Subject, rows: Predicted) -> Iterator[Row]:
    """Yield what is known of predictions, by the task of the model."""
    yield _row("rows", "num_rows", value=len(rows.predicted))
    yield _row("rows", "num_rows_skipped", value=rows.num_skipped)
    if subject.task in SUPERVISED:
        for name, value in supervised_figures(subject.task, rows).items():
            yield _row("metric", name, value=value)
    if subject.task == "regression" and rows.truth.shape[1] > 1:
        yield from _targets(rows, subject.targets)
    elif subject.task == "classification":
        yield from _classes(rows, len(subject.labels))
    elif subject.task == "clustering":
        yield from _clustering(rows)
    elif subject.task == "decomposition":
        for n, column in enumerate(rows.predicted.T, 1):
            yield _row("component", str(n), value=float(np.var(np.sort(column))))


def _row(part: str, name: str, class_name: str | None = None, value: float = math.nan, **more: Any) -> Row:
    known = {"x": None, "threshold": None, "num_rows": None, **more}
    return {
        "part": part,
        "name": name,
        "class": class_name,
        "value": None if math.isnan(value) else value,
        **known,
    }


def _targets(rows: Predicted, targets: Sequence[str]) -> Iterator[Row]:
    for j, target in enumerate(targets):
        for name, value in measures.regression(rows.truth[:, j], rows.predicted[:, j]).items():
            yield _row("target", name, target, value)


def _classes(rows: Predicted, trained: int) -> Iterator[Row]:
    """Yield the figures of each class, its predictions, and curves of the first `trained` classes."""
    truth, predicted = rows.truth[:, 0].astype(int), rows.predicted[:, 0].astype(int)
    labels = rows.labels
    counts = measures.confusion(truth, predicted, len(labels))
    own = measures.by_class(counts)
    for name, values in own.items():
        for label, value in zip(labels, values.tolist(), strict=True):
            yield _row("class", name, label, value)
    for i, j in np.argwhere(counts).tolist():
        yield _row("confusion", labels[j], labels[i], int(counts[i, j]))
    if rows.shares.shape[1] and trained <= MOST_CURVES:
        for code in [1] if trained == 2 else range(trained):
            yield from _curves(truth == code, rows.shares[:, code], labels[code])


def _curves(hit: Any, score: measures.Floats, label: str) -> Iterator[Row]:
    """Yield the points of a ROC curve and of a calibration curve of a class."""
    false, true, thresholds = measures.roc(hit, score)
    if false[-1] and true[-1]:
        for n, place in enumerate(measures.corners(false, true, MOST_POINTS).tolist(), 1):
            yield _row(
                "roc", str(n), label, int(true[place]) / int(true[-1]), x=int(false[place]) / int(false[-1]),
                threshold=float(thresholds[place]),
            )  # fmt: skip
    for n, mean, share, count in measures.calibration(hit, score, BINS):
        yield _row("calibration", str(n), label, share, x=mean, num_rows=count)


def _clustering(rows: Predicted) -> Iterator[Row]:
    """Yield the sizes of clusters, and the silhouette of a sample, the same for any order of rows."""
    labels = rows.predicted[:, 0]
    if rows.points.shape[1]:
        order = np.lexsort((*rows.points.T, labels))[measures.sample(len(labels), MOST_COMPARED)]
        yield _row("metric", "silhouette", value=measures.silhouette(rows.points[order], labels[order]))
    numbers, sizes = np.unique(labels, return_counts=True)
    for number, size in zip(numbers.tolist(), sizes.tolist(), strict=True):
        yield _row("cluster", "size", f"{number:g}", size)
