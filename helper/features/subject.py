"""The target and the features of a method of trees: checks of the target, the task and the features."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy import __version__
from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.classes import check_classes
from madpy.helper.features.design import BOOLEANS, Design, list_features, number_item
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

CRITERIA = {"classification": ["gini", "entropy"], "regression": ["variance"]}


class Subject(Record):
    """The features and classes of a tree: labels of SQL type `class_type`, or none in a regression."""

    features: Design
    classes: list[str]
    class_type: str
    criterion: str
    is_weighted: bool = False  # counts of rows are sums of weights

    @property
    def task(self) -> str:
        return "classification" if self.classes else "regression"

    def header(self, algorithm: str) -> dict[str, Any]:
        """Return the JSON of a packed model."""
        return {
            "algorithm": algorithm,
            "features": self.features.as_json(),
            "is_vector": self.features.is_vector,
            "classes": {"type": self.class_type, "labels": self.classes} if self.classes else None,
            "criterion": self.criterion,
            "madpy_version": __version__,
        }


def check_features(source: Source, features: str | None, categorical_cols: str | None) -> Design:
    """List the features; raise an error if they are the elements of arrays that are all empty."""
    listed = list_features(source, features, categorical_cols)
    if not listed.features:
        raise MadpyError(
            "the array of features is NULL or empty in every row", hint="give arrays of at least one number"
        )
    return listed


def check_target(
    source: Source,
    target: str | None,
    features: Design,
    task: str | None,
    criterion: str | None,
    conditions: list[str],
) -> tuple[str, Subject]:
    """Return SQL of the target as a number, and the subject of the tree: its classes and criterion.

    Classes are those of the rows for which the `conditions`, SQL, are true.
    """
    helper.check_choice("task", task, ["auto", *CRITERIA])
    helper.check_choice("criterion", criterion, ["auto", "gini", "entropy", "variance"])
    expressions = helper.check_expression(source, target, "target", "any")
    wanted = task
    if task == "auto" and criterion != "auto":
        wanted = next(name for name, known in CRITERIA.items() if criterion in known)
    elif task == "auto":
        wanted = "regression" if expressions.kinds[0] == "number" else "classification"
    chosen = CRITERIA[str(wanted)][0] if criterion == "auto" else str(criterion)
    if chosen not in CRITERIA[str(wanted)]:
        raise MadpyError(
            f"criterion {quoted(chosen)} does not go with task {quoted(str(wanted))}",
            hint=f"choose {' or '.join(CRITERIA[str(wanted)])}",
        )
    if wanted == "classification" and expressions.kinds[0] == "boolean":
        # the two values are known without a read; whether both occur is checked when rows are counted
        return number_item(expressions.items[0], "boolean"), Subject(features, BOOLEANS, "boolean", chosen)
    if wanted == "classification":
        classes = check_classes(source, target, conditions=conditions)
        return classes.item, Subject(features, classes.labels, classes.sql_type, chosen)
    expressions = helper.check_expression(source, target, "target", "number or boolean")
    return number_item(expressions.items[0], expressions.kinds[0]), Subject(features, [], "", chosen)


def check_usable_rows(scan: Scan, rows: NDArray[np.int64], skipped: NDArray[np.int64]) -> None:
    """Raise an error if no row can be used; `rows` and `skipped` are counts of each group."""
    if rows.sum() > 0:
        return
    name = scan.rows.source.name
    if skipped.sum() == 0:
        raise MadpyError(f"table {quoted(name)} is empty", hint="give a table that has rows")
    raise MadpyError(
        f"none of the {skipped.sum()} rows of table {quoted(name)} can be used",
        hint="check that some row has a target and a weight above 0"
        if scan.rows.weights
        else "check that the target is not NULL in every row",
    )


def check_several_classes(subject: Subject, there: NDArray[np.bool_]) -> None:
    """Refuse a target with one class: of a boolean target the classes are only known after the scan.

    `there` says of each class whether it occurs in some group.
    """
    if subject.classes and there.sum() == 1:
        label = subject.classes[int(there.argmax())]
        raise MadpyError(f"the target has one class only: {label}", hint="choose another target")


def warn_of_empty(db: Database, empty: list[int], names: list[str]) -> None:
    """Warn of features that are NULL, or NaN, in every row."""
    if empty:
        db.warning(f"NULL in every row, and so left out: {', '.join(names[f] for f in empty)}")
