"""Targets and predictions of the rows of a relation, by a model of a project or a table of a training."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.helper.checks.expressions import check_expressions
from madpy.helper.features.terms import checked_number
from madpy.modules.projects.evaluation import measures
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.scan.store import Store
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill
from madpy.ports.postgres.session.types import NUMBERS, text_item
from madpy.records import Record

Floats = NDArray[np.float64]


class Query(Record):
    """SQL of what is compared: a relation and, over it, items of each row."""

    relation: str  # items of FROM
    truth: list[str]
    predicted: list[str]
    shares: list[str]  # probabilities of the classes
    points: list[str]  # coordinates of the row, for clusters
    where: str = "true"  # condition for the rows that count


class Predicted(Record):
    """Rows with a target and a prediction; of classes the codes, places in `labels`."""

    truth: Floats  # shape (n, t)
    predicted: Floats  # shape (n, t)
    shares: Floats  # shape (n, classes); no columns without probabilities
    points: Floats  # shape (n, d)
    labels: list[str]
    num_skipped: int


def supervised_figures(task: str, rows: Predicted) -> dict[str, float]:
    """Return the figures of a task with a target, by their names."""
    return measures.supervised(task, rows.truth, rows.predicted, rows.shares, len(rows.labels))


def target_items(
    source: Source, given: str | None, trained: Sequence[str] | None, is_class: bool
) -> list[str]:
    """Return SQL of the targets: expressions that the caller wrote, or the columns of the training."""
    text = given
    if text is None:
        if not trained or any(name not in source.columns for name in trained):
            raise MadpyError("y_column_name must not be NULL", hint="name the column that the model predicts")
        text = ", ".join(fill("{name:i}", {"name": name}) for name in trained)
    targets = check_expressions(source, text, "y_column_name", "any")
    if is_class:
        return [text_item(item, kind) for item, kind in zip(targets.items, targets.types, strict=True)]
    return [
        checked_number(name, item, kind)
        for name, item, kind in zip(targets.names, targets.items, targets.types, strict=True)
    ]


def read_rows(db: Database, query: Query, labels: Sequence[str], class_type: str | None) -> Predicted:
    """Read all rows of a query once; rows without a target or a prediction are skipped and counted."""
    items = [*query.truth, *query.predicted, *query.shares, *query.points]
    number = db.value(
        "SELECT {schema:i}.__store_fill({query:l})",
        query=fill(
            "SELECT {items:q} FROM {relation:q} WHERE {where:q}",
            {"items": ", ".join(items), "relation": query.relation, "where": query.where},
        ),
    )
    if number is None:
        raise MadpyError(
            "the rows do not fit madpy.store_memory",
            sqlstate="53400",
            hint="give fewer rows, or set it higher",
        )
    store = Store(db, number)
    known = [*labels]
    columns = [_coded(store, j, known, class_type, bool(labels)) for j in range(len(items))]
    store.free()
    ends = np.cumsum([len(query.truth), len(query.predicted), len(query.shares)])
    truth, predicted, shares, points = np.split(np.array(columns).reshape(len(items), -1).T, ends, axis=1)
    whole = ~(np.isnan(truth).any(axis=1) | np.isnan(predicted).any(axis=1) | np.isnan(points).any(axis=1))
    shares = np.pad(shares[whole], ((0, 0), (0, len(known) - len(labels)))) if query.shares else shares[whole]
    return Predicted(
        truth[whole], predicted[whole], shares, points[whole], known, store.num_rows - int(whole.sum())
    )


def _coded(store: Store, j: int, labels: list[str], class_type: str | None, is_class: bool) -> Floats:
    """Return a column, its levels as places in `labels`; a label that no class has is appended to them."""
    values = store.column(j)
    levels = store.levels(j)
    if levels is None or not is_class:
        return values
    numbers = {_number(label): n for n, label in enumerate(labels)} if class_type in NUMBERS else {}
    codes = []
    for level in levels:
        if level in labels:
            codes.append(labels.index(level))
        elif numbers and _number(level) in numbers:
            codes.append(numbers[_number(level)])
        else:
            labels.append(level)
            codes.append(len(labels) - 1)
    table: Floats = np.array([*codes, math.nan])
    coded: Floats = table[np.where(np.isnan(values), len(codes), values).astype(int)]
    return coded


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None
