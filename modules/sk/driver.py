"""sk_train: check the arguments, have the worker fit a model per group, write the models and a summary."""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.features.design import Design, list_features
from madpy.helper.features.reading import store_features
from madpy.helper.features.terms import check_number, has_weight
from madpy.helper.tables.training import Training, check_tables, create_summary
from madpy.modules.sk.arguments import (
    TASKS,
    check_rows,
    check_target,
    described,
    header_of,
    leave_out,
    pack_model,
    read_json,
    task_of,
    tasks_of,
)
from madpy.modules.sk.core import pooled
from madpy.modules.sk.output import Output
from madpy.ports.postgres import worker
from madpy.ports.postgres.scan.files import stored_files
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


class Fitted:
    """Figures of the fits so far, an entry for each group; the models are in the output table."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.rows: list[int] = []
        self.num_skipped = 0
        self.num_models = 0
        self.metrics: list[dict[str, Any] | None] = []
        self.warnings: dict[str, None] = {}  # different ones, in the order in which they came
        self.reason: str | None = None  # why the first group has no model


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
    stored = stored_files(db, scan.store)
    ranges = stored.ranges
    request = {
        "do": "fit", "algorithm": name, "task": chosen, **asked, "seed": number,
        "layout": stored.layout, "groups": ranges,
        "inputs": [{"name": feature.name, "levels": feature.levels} for feature in design.features],
        "targets": list(range(len(subject.items))),
        "weights": None if weight is None else len(subject.items),
        "classes": subject.labels, "may_leave_out": not design.is_vector,
    }  # fmt: skip

    def packed(content: dict[str, Any], arrays: Sequence[Any]) -> bytes | None:
        return pack_model(header_of(name, chosen, asked, number, fitted.design, subject), content, arrays)

    log(f"{name} for {chosen} of {', '.join(design.names)}, {len(ranges)} group(s)")
    fitted = Fitted(design)
    _fit(db, request, stored.files, fitted, packed, Output(db, scan, tables.output, COLUMNS))
    _check(source, subject.items, fitted, is_weighted=weight is not None)
    record = create_summary(
        db,
        tables.summary,
        Result(
            method="sk",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=fitted.design.names,
            grouping_cols=grouping_cols,
            options={**asked, "categorical_cols": categorical_cols, "weights": weights},
            num_groups=len(ranges),
            num_rows_processed=sum(fitted.rows),
            num_missing_rows_skipped=fitted.num_skipped,
            algorithm=name,
            task=chosen,
            classes=subject.labels or None,
            class_type=subject.sql_type,
            metrics=pooled(fitted.metrics, fitted.rows),
            seed=number,
        ),
    )
    for warning in fitted.warnings:
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


def _fit(
    db: Database,
    request: dict[str, Any],
    files: list[int],
    fitted: Fitted,
    packed: Callable[[dict[str, Any], Sequence[Any]], bytes | None],
    output: Output,
) -> None:
    """Have the worker fit all groups; write what it answers, the models packed, and add the figures."""
    db.progress("sk_train: fitting")
    events = worker.ask(db, request, files=files)
    with closing(events):  # whatever ends the loop ends the fit
        for message in events:
            content = message.content
            if content["event"] == "progress" and content["groups"] > 1:
                db.progress(f"sk_train: fitting group {content['group'] + 1} of {content['groups']}")
            if content["event"] == "left_out":
                fitted.design = leave_out(db, fitted.design, content["inputs"])
            if content["event"] == "model":
                _add(content, packed(content, message.arrays), fitted, output)
    if len(fitted.rows) != len(request["groups"]):
        raise MadpyError("the worker has not answered for every group", sqlstate="58000", hint="run it again")
    db.progress("sk_train: writing")
    output.write()


def _add(content: dict[str, Any], model: bytes | None, fitted: Fitted, output: Output) -> None:
    """Add the answer for a group to the output and to the figures."""
    reason = content.get("reason")
    warnings = [*content.get("warnings", []), *([reason] if reason else [])]
    values = [content.get("metrics"), content.get("details"), warnings, model]
    output.add(len(fitted.rows), [content["num_rows"], content["num_skipped"], *values])
    if not fitted.rows:
        fitted.reason = reason
    fitted.rows.append(content["num_rows"])
    fitted.num_skipped += content["num_skipped"]
    fitted.num_models += model is not None
    fitted.metrics.append(content.get("metrics"))
    fitted.warnings |= dict.fromkeys(warnings)


def _check(source: Source, targets: Sequence[str], fitted: Fitted, *, is_weighted: bool) -> None:
    """Raise an error if no group has a model."""
    if fitted.num_models:
        return
    check_rows(source, targets, sum(fitted.rows), fitted.num_skipped, is_weighted=is_weighted)
    reason = str(fitted.reason)
    raise MadpyError(reason, hint="choose another target" if "class" in reason else None)
