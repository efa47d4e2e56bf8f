"""sk_train: check the arguments, have the worker fit a model per group, write the models and a summary."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.features.design import list_features
from madpy.helper.features.reading import store_features
from madpy.helper.features.terms import check_number, has_weight
from madpy.helper.tables.output import Pieces, create_output
from madpy.helper.tables.training import Training, check_tables, create_summary
from madpy.modules.sk.arguments import (
    TASKS,
    check_rows,
    check_target,
    described,
    header_of,
    pack_model,
    pieces,
    read_json,
    task_of,
    tasks_of,
)
from madpy.modules.sk.core import pooled
from madpy.ports.postgres import worker
from madpy.ports.postgres.scan.scan import Rows
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server

COLUMNS = [
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("metrics", "jsonb"),
    ("details", "jsonb"),
    ("warnings", "jsonb"),
    ("model", "bytea"),
]


class Result(Training, kw_only=True):
    """Field for field the SQL type sk_result."""

    algorithm: str
    task: str
    classes: list[str] | None
    class_type: str | None
    metrics: dict[str, Any] | None
    seed: int


@dataclass
class Models:
    """The answers of the worker, an entry for each group."""

    rows: list[int]
    skipped: list[int]
    metrics: list[dict[str, Any] | None]
    details: list[dict[str, Any] | None]
    warnings: list[list[str]]
    models: list[bytes | None]
    reasons: list[str | None]


@in_server("sk_train")
def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    algorithm: str | None,
    hyperparams: str | None,
    grouping_cols: str | None,
    categorical_cols: str | None,
    preprocess: str | None,
    weights: str | None,
    seed: int | None,
    verbose: bool | None,
    task: str | None,
) -> Result:
    """Fit `algorithm` in each group; create `output_table`, a row per group, and its summary."""
    log = db.logger("sk_train", verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    number = int(helper.check_range("seed", seed, 0, 2**31 - 1))
    asked = {
        "hyperparams": read_json("hyperparams", hyperparams),
        "preprocess": read_json("preprocess", preprocess),
    }
    groups = helper.check_groups(source, grouping_cols, dict(COLUMNS))
    listed = list_features(source, features, categorical_cols, as_numbers=True)
    weight = None if weights is None else check_number(source, weights, "weights")
    helper.check_choice("task", task, ["auto", *TASKS])
    name = str(helper.check_not_null("algorithm", algorithm))
    db.progress("sk_train: starting the worker")
    chosen = task_of(source, str(task), target, name, tasks_of(described(db), name))
    subject = check_target(source, chosen, target, has_weight(weight))
    db.progress("sk_train: reading")
    more = [*subject.items, *([] if weight is None else [weight])]
    scan, design = store_features(
        Rows(source, None, listed.items, listed.is_vector, None, groups), listed, more
    )
    assert scan.store is not None
    descriptor, layout, ranges = worker.stored(db, scan.store)
    first = len(design.features)
    request = {
        "do": "fit", "algorithm": name, "task": chosen, **asked, "seed": number,
        "layout": layout, "groups": ranges,
        "inputs": [{"name": feature.name, "levels": feature.levels} for feature in design.features],
        "targets": [first + n for n in range(len(subject.items))],
        "weights": None if weight is None else first + len(subject.items),
        "classes": subject.labels,
    }  # fmt: skip
    header = header_of(name, chosen, asked, number, design, subject)
    log(f"{name} for {chosen} of {', '.join(design.names)}, {len(ranges)} group(s)")
    fitted = _fit(db, request, descriptor, header)
    _check(source, fitted)
    db.progress("sk_train: writing")
    create_output(
        db,
        scan,
        tables.output,
        COLUMNS,
        np.arange(len(ranges)),
        {
            "num_rows_processed": np.array(fitted.rows, float),
            "num_missing_rows_skipped": np.array(fitted.skipped, float),
            "metrics": pieces(fitted.metrics),
            "details": pieces(fitted.details),
            "warnings": pieces(fitted.warnings),
            "model": Pieces.of(fitted.models),
        },
    )
    record = create_summary(
        db,
        tables.summary,
        Result(
            method="sk",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=design.names,
            grouping_cols=grouping_cols,
            options={**asked, "categorical_cols": categorical_cols, "weights": weights},
            num_groups=len(ranges),
            num_rows_processed=sum(fitted.rows),
            num_missing_rows_skipped=sum(fitted.skipped),
            algorithm=name,
            task=chosen,
            classes=subject.labels or None,
            class_type=subject.sql_type,
            metrics=pooled(fitted.metrics, fitted.rows),
            seed=number,
        ),
    )
    for warning in dict.fromkeys(text for texts in fitted.warnings for text in texts):
        db.warning(warning)
    scan.close()
    return record


@in_server("sk_algorithms", is_set=True)
def algorithms(db: Database) -> list[dict[str, Any]]:
    """Return the algorithms that there are, a row for each and its task."""
    return [{**one, "hyperparams": json.dumps(one["hyperparams"])} for one in described(db).algorithms]


def device(db: Database) -> dict[str, Any]:
    """Return the device that fits use where they can, and what is known of it."""
    *_, last = worker.ask(db, {"do": "device"})
    return {name: last.content[name] for name in ("device", "detail")}


def _fit(db: Database, request: dict[str, Any], descriptor: int, header: dict[str, Any]) -> Models:
    """Have the worker fit all groups; return what it answered, the models packed."""
    models = Models([], [], [], [], [], [], [])
    db.progress("sk_train: fitting")
    events = worker.ask(db, request, files=[descriptor])
    with closing(events):  # whatever ends the loop ends the fit
        for message in events:
            _take(db, message.content, message.arrays, header, models)
    if len(models.models) != len(request["groups"]):
        raise MadpyError("the worker has not answered for every group", sqlstate="58000", hint="run it again")
    return models


def _take(
    db: Database, content: dict[str, Any], arrays: Sequence[Any], header: dict[str, Any], models: Models
) -> None:
    """Show how far the fit is, or add the model of a group."""
    if content["event"] == "progress":
        of = f" group {content['group'] + 1} of {content['groups']}" if content["groups"] > 1 else ""
        db.progress(f"sk_train: fitting{of}")
    if content["event"] == "model":
        models.rows.append(content["num_rows"])
        models.skipped.append(content["num_skipped"])
        models.reasons.append(content.get("reason"))
        models.metrics.append(content.get("metrics"))
        models.details.append(content.get("details"))
        reason = [content["reason"]] if content.get("reason") else []
        models.warnings.append([*content.get("warnings", []), *reason])
        models.models.append(pack_model(header, content, arrays))


def _check(source: Source, fitted: Models) -> None:
    """Raise an error if no group has a model."""
    if not any(fitted.models):
        check_rows(source, sum(fitted.rows), sum(fitted.skipped))
        reason = str(fitted.reasons[0])
        raise MadpyError(reason, hint="choose another target" if "class" in reason else None)
