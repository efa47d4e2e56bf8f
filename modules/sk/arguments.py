"""Arguments of the trainings of sk: the algorithm, its task and its target, and what a model says of them."""

import json
from collections.abc import Sequence
from typing import Any

from madpy import __version__
from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.classes import check_classes
from madpy.helper.features.design import Design, number_item
from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres import worker
from madpy.ports.postgres.packing import DTYPES, pack_bytes
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import Record, field

TASKS = ("regression", "classification", "clustering", "decomposition")
# Algorithms of other libraries, and the one here that is most like each of them.
OTHERS = dict.fromkeys(("xgboost", "lightgbm", "catboost"), "hist_gradient_boosting")
KINDS = {dtype: kind for kind, dtype in DTYPES.items()}


class Target(Record):
    """The target of a training: SQL of each number, and its classes if it has some."""

    items: list[str]
    labels: list[str]
    sql_type: str | None
    names: list[str] = field(default_factory=list)


class Known(Record):
    """Algorithms that the worker has, and the metrics of each task with which values are better."""

    algorithms: list[dict[str, Any]]
    metrics: dict[str, dict[str, str]]


def described(db: Database) -> Known:
    """Ask the worker what it knows."""
    *_, last = worker.ask(db, {"do": "describe"})
    return Known(last.content["algorithms"], last.content["metrics"])


def tasks_of(known: Known, algorithm: str) -> list[str]:
    """Return the tasks of an algorithm; raise an error if there is none of the name."""
    tasks = [one["task"] for one in known.algorithms if one["algorithm"] == algorithm]
    if not tasks:
        names = sorted({one["algorithm"] for one in known.algorithms})
        from difflib import get_close_matches  # imported only here: no call that succeeds needs it

        near = [OTHERS.get(algorithm.lower(), ""), *get_close_matches(algorithm.lower(), names, n=3)]
        near = [name for name in dict.fromkeys(near) if name in names]
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose one of: {', '.join(names)}"
        raise MadpyError(f'there is no algorithm "{algorithm}"', hint=hint)
    return tasks


def task_of(source: Source, task: str, target: str | None, algorithm: str, tasks: list[str]) -> str:
    """Return the task: the one asked for, or the only one, or the one that fits the type of the target."""
    if task != "auto":
        if task not in tasks:
            raise MadpyError(f"{algorithm} is not for {task}", hint=f"choose {' or '.join(tasks)}")
        return task
    supervised = [one for one in tasks if one in ("regression", "classification")]
    if len(tasks) == 1 or target is None or len(supervised) < 2:
        return tasks[0]
    kinds = helper.check_expressions(source, target, "target", allowed="any").kinds
    return "regression" if kinds[0] == "number" else "classification"


def check_target(source: Source, task: str, target: str | None, conditions: list[str]) -> Target:
    """Return the target, of a classification with its classes, which are read."""
    if task == "classification":
        classes = check_classes(source, target, conditions=conditions)
        return Target([classes.item], classes.labels, classes.sql_type)
    return check_numbers_or_none(source, task, target)


def check_numbers_or_none(source: Source, task: str, target: str | None) -> Target:
    """Return the target of a regression, or that of a task which has none."""
    if task in ("clustering", "decomposition"):
        if target is not None and target.strip():
            raise MadpyError(f"{task} has no target", hint="give NULL as target")
        return Target([], [], None)
    expressions = helper.check_expressions(source, target, "target", allowed="number or boolean")
    items = [number_item(*one) for one in zip(expressions.items, expressions.kinds, strict=True)]
    return Target(items, [], None, expressions.names)


def read_json(name: str, value: str | None) -> Any:
    """Return the value of an argument of type jsonb, which the server has parsed; {} for NULL."""
    try:
        return {} if value is None else json.loads(value)
    except ValueError:  # Python limits the digits of an integer
        raise MadpyError(f"{name} has a number of too many digits", hint="give a smaller one") from None


def check_rows(
    source: Source, targets: Sequence[str], used: int, skipped: int, *, is_weighted: bool, which: str = ""
) -> None:
    """Raise an error if there is no row, or none that can be used; `which` says which rows were counted.

    The `targets` are SQL of numbers: one that is NULL in every row is the reason.
    """
    if not used + skipped:
        raise MadpyError(f"table {quoted(source.name)} is empty", hint="give a table that has rows")
    if not used:
        if targets and 0 in source.counts(targets)[1]:
            raise MadpyError("the target is NULL in every row", hint="choose another target")
        raise MadpyError(
            f"none of the {skipped} rows of table {quoted(source.name)}{which} can be used",
            hint="check for NULL"
            + " and for weights of 0" * is_weighted
            + ', or impute: preprocess => \'{"*": {"impute": "mean"}}\'',
        )


def leave_out(db: Database, design: Design, places: Sequence[int]) -> Design:
    """Return the design without features that no row has a value of, as the worker says; warn of them."""
    if not places:
        return design
    db.warning(f"NULL in every row, and so left out: {', '.join(design.names[place] for place in places)}")
    return design.without(places)


def header_of(
    name: str, task: str, asked: dict[str, Any], seed: int, design: Design, subject: Target
) -> dict[str, Any]:
    """Return the header of a model."""
    return {
        "algorithm": name, "task": task, **asked, "seed": seed, "features": design.as_json(),
        "is_vector": design.is_vector, "madpy_version": __version__,
        "classes": {"type": subject.sql_type, "labels": subject.labels} if subject.sql_type else None,
    }  # fmt: skip


def pack_model(header: dict[str, Any], content: dict[str, Any], arrays: Sequence[Any]) -> bytes | None:
    """Return the bytes of a model from an answer of the worker; None if it has no arrays."""
    if not arrays:
        return None
    if not all(one.dtype in KINDS for one in arrays):
        raise MadpyError("the worker sent numbers of another type", sqlstate="58000", hint="run it again")
    fitted_on = {"device": (content.get("details") or {}).get("device")}
    return pack_bytes(MODEL_SK, {**header, **fitted_on}, [(KINDS[one.dtype], one.data) for one in arrays])
