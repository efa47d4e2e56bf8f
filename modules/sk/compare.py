"""sk_compare: check the arguments, have the worker try candidates, write a row for each and a summary."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.classes import MAX_CLASSES, class_category, classes_of
from madpy.helper.features.design import Category, Design, list_features, number_item
from madpy.helper.features.levels import TARGET, too_many_levels
from madpy.helper.features.reading import store_features, store_levels
from madpy.helper.features.terms import check_number
from madpy.helper.tables.output import Column, Pieces, create_output
from madpy.helper.tables.training import Integer, Training, check_tables, create_summary
from madpy.modules.sk.arguments import (
    TASKS,
    Known,
    Target,
    check_numbers_or_none,
    check_rows,
    described,
    header_of,
    pack_model,
    pieces,
    task_of,
    tasks_of,
)
from madpy.modules.sk.core import ranked
from madpy.modules.sk.trials import Runner, Trial, failure, race, read_candidates, read_halving
from madpy.ports.postgres import worker
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, fill
from madpy.ports.postgres.session.only import in_server
from madpy.records import Record, replace

COLUMNS = [
    ("candidate", "integer"),
    ("algorithm", "text"),
    ("hyperparams", "jsonb"),
    ("preprocess", "jsonb"),
    ("status", "text"),
    ("error", "text"),
    ("metrics", "jsonb"),
    ("train_metrics", "jsonb"),
    ("folds", "jsonb"),
    ("score", "double precision"),
    ("score_deviation", "double precision"),
    ("seconds", "double precision"),
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("num_test_rows", "bigint"),
    ("details", "jsonb"),
    ("warnings", "jsonb"),
    ("rungs", "jsonb"),
    ("model", "bytea"),
]
ANSWERS = {  # columns and fields of the worker's answer
    "numbers": {
        "score_deviation": "deviation", "num_rows_processed": "num_rows",
        "num_missing_rows_skipped": "num_skipped", "num_test_rows": "num_test_rows",
    },
    "objects": {
        "metrics": "metrics", "train_metrics": "train_metrics", "folds": "fold_metrics", "details": "details",
        "warnings": "warnings",
    },
}  # fmt: skip
MOST_FOLDS = 100
GROUP = """
    (pg_catalog.hash_record_extended(ROW({item:q}), 0)
     OPERATOR(pg_catalog.&) 9007199254740991)::double precision
    """  # as many bits as a double has


class Result(Training, kw_only=True):
    """Field for field the SQL type sk_comparison."""

    task: str
    classes: list[str] | None
    class_type: str | None
    metric: str
    best_candidate: Integer
    best_score: float | None
    seed: int
    columns: dict[str, Any]


class Beside(Record):
    """SQL of the columns that follow the features, and the name of each; the target's come first."""

    items: list[str]
    names: list[str]
    target: Category | None  # its values are classes

    def places(self, first: int) -> dict[str, Any]:
        """Return the numbers of the columns, after `first` others; None for one that is not there."""
        at = {name: first + n for n, name in enumerate(self.names)}
        targets = [first + n for n, name in enumerate(self.names) if name == "target"]
        others = {name: at.get(name) for name in ("weights", "holdout", "fold_groups", "fold_order")}
        return {"targets": targets, **others}


@in_server("sk_compare")
def compare(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    candidates: str | None,
    task: str | None,
    holdout: str | None,
    folds: int | None,
    fold_groups: str | None,
    fold_order: str | None,
    metric: str | None,
    halving: str | None,
    time_limit: float | None,
    keep: str | None,
    categorical_cols: str | None,
    weights: str | None,
    seed: int | None,
    verbose: bool | None,
) -> Result:
    """Fit and score each candidate; create `output_table`, a row per candidate, and its summary."""
    begun = time.monotonic()
    log = db.logger("sk_compare", verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    number = int(helper.check_range("seed", seed, 0, 2**31 - 1))
    count = _check_folds(folds, fold_groups, fold_order)
    wanted = helper.check_choice("keep", keep, ["all", "best"])
    if time_limit is not None:
        helper.check_range("time_limit", time_limit, 0)
    listed = list_features(source, features, categorical_cols, as_numbers=True)
    trials = read_candidates(candidates)
    halves = read_halving(halving)
    helper.check_choice("task", task, ["auto", *TASKS])
    db.progress("sk_compare: starting the worker")
    known = described(db)
    chosen = _task(source, str(task), target, trials, known)
    judged = _metric(known.metrics[chosen], metric, chosen)
    subject, category = _target(source, chosen, target)
    beside = _beside(source, subject, category, weights, holdout, fold_groups, fold_order)
    db.progress("sk_compare: reading")
    coded = 1 if category and category.sql_type != "boolean" else 0
    scan, design = store_features(
        Rows(source, None, listed.items, listed.is_vector), listed, beside.items, coded
    )
    labels = _labels(scan, category, len(design.features))
    request, descriptor = _request(db, scan, design, listed, beside, subject, labels)
    request |= {"task": chosen, "seed": number, "folds": count, "metric": judged}
    seen = _Seen(source, subject, category, design, labels, is_weighted=weights is not None)

    def model(trial: Trial, content: dict[str, Any], arrays: Sequence[Any]) -> bytes | None:
        header = header_of(trial.algorithm, chosen, trial.asked, number, seen.design, seen.subject)
        return pack_model(header, content, arrays)

    log(f"{len(trials)} candidate(s) for {chosen} of {', '.join(design.names)}, by {judged}")
    deadline = None if time_limit is None else begun + time_limit
    runner = Runner(db, request, descriptor, deadline, seen.take, model)
    is_lower_better = known.metrics[chosen][judged] == "lower"
    if halves is None:
        runner.run(trials, len(trials), wanted)
    else:
        race(runner, trials, halves, wanted, is_lower_better=is_lower_better)
    best = _best(trials, is_lower_better=is_lower_better)
    db.progress("sk_compare: writing")
    create_output(db, scan, tables.output, COLUMNS, np.zeros(len(trials), np.int64), _cells(trials))
    record = create_summary(
        db,
        tables.summary,
        Result(
            method="sk",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=design.names,
            grouping_cols=None,
            options={
                "holdout": holdout, "folds": count, "fold_groups": fold_groups, "fold_order": fold_order,
                "halving": None if halves is None else vars(halves), "time_limit": time_limit, "keep": wanted,
                "categorical_cols": categorical_cols, "weights": weights,
            },
            num_groups=1,
            num_rows_processed=best.content["num_rows"],
            num_missing_rows_skipped=best.content["num_skipped"],
            task=chosen,
            classes=seen.classes or None,
            class_type=subject.sql_type,
            metric=judged,
            best_candidate=Integer(best.number),
            best_score=best.score,
            seed=number,
            columns=seen.columns,
        ),
    )  # fmt: skip
    for warning in best.content.get("warnings") or []:
        db.warning(warning)
    scan.close()
    return record


def _check_folds(folds: int | None, fold_groups: str | None, fold_order: str | None) -> int:
    count = int(helper.check_range("folds", folds, 0, MOST_FOLDS))
    if count == 1:
        raise MadpyError("folds must be 0 or at least 2, not 1", hint="give 0 for no folds")
    if fold_groups is not None and fold_order is not None:
        raise MadpyError("folds are by groups or in an order, not both", hint="leave out one of the two")
    for name, value in (("fold_groups", fold_groups), ("fold_order", fold_order)):
        if value is not None and not count:
            raise MadpyError(f"{name} needs folds", hint="set folds to the number of folds")
    return count


def _task(source: Source, task: str, target: str | None, trials: Sequence[Trial], known: Known) -> str:
    """Return the task that all candidates have."""
    common = list(TASKS)
    for one in dict.fromkeys(trial.algorithm for trial in trials):
        tasks = tasks_of(known, one)
        if task != "auto":
            task_of(source, task, target, one, tasks)
        common = [name for name in common if name in tasks]
    if not common:
        raise MadpyError("no task is common to all candidates", hint="give candidates for one task")
    return task_of(source, task, target, trials[0].algorithm, common)


def _metric(metrics: dict[str, str], metric: str | None, task: str) -> str:
    if metric is None:
        return next(iter(metrics))
    if metric not in metrics:
        raise MadpyError(
            f"there is no metric {quoted(metric)} for {task}", hint=f"these are: {', '.join(metrics)}"
        )
    return metric


def _target(source: Source, task: str, target: str | None) -> tuple[Target, Category | None]:
    """Return the target, and its category if it has classes, which are not read."""
    if task != "classification":
        return check_numbers_or_none(source, task, target), None
    category = class_category(source, target)
    item = category.key if category.sql_type == "boolean" else category.stored
    return Target([item], [], category.sql_type, [str(target).strip()]), category


def _beside(
    source: Source,
    subject: Target,
    category: Category | None,
    weights: str | None,
    holdout: str | None,
    fold_groups: str | None,
    fold_order: str | None,
) -> Beside:
    """Check the expressions that say what is done with a row; return all columns beside the features."""
    items = {}
    if weights is not None:
        items["weights"] = check_number(source, weights, "weights")
    if holdout is not None:
        one = helper.check_expression(source, holdout, "holdout", "boolean")
        items["holdout"] = number_item(one.items[0], "boolean")
    if fold_groups is not None:
        one = helper.check_expression(source, fold_groups, "fold_groups", "number, boolean, text or time")
        items["fold_groups"] = fill(GROUP, {"item": one.items[0]})
    if fold_order is not None:
        one = helper.check_expression(source, fold_order, "fold_order", "number or time")
        item = one.items[0]  # a store makes a time seconds
        items["fold_order"] = number_item(item, "number") if one.kinds[0] == "number" else item
    names = ["target" for _ in subject.items]
    return Beside([*subject.items, *items.values()], [*names, *items], category)


def _labels(scan: Scan, category: Category | None, column: int) -> list[str]:
    """Return the classes of all rows, whose codes the store has from then on."""
    if category is None:
        return []
    if category.sql_type == "boolean":
        return ["false", "true"]
    if len(scan.levels(column)) > MAX_CLASSES:
        raise too_many_levels(TARGET, MAX_CLASSES)
    return store_levels(scan, column, category)


def _request(
    db: Database,
    scan: Scan,
    design: Design,
    listed: Design,
    beside: Beside,
    subject: Target,
    labels: list[str],
) -> tuple[dict[str, Any], int]:
    """Return what the worker has to know of the rows, and the descriptor of their file."""
    assert scan.store is not None
    descriptor, layout, ranges = worker.stored(db, scan.store)
    fixed = [category is not None and category.sql_type == "boolean" for category in listed.categories]
    inputs = [
        {"name": feature.name, "levels": feature.levels, "is_fixed": is_fixed}
        for feature, is_fixed in zip(design.features, fixed, strict=True)
    ]
    return {
        "do": "compare", "layout": layout, "rows": ranges[0] if ranges else [0, 0], "inputs": inputs,
        **beside.places(len(design.features)), "target_names": subject.names, "classes": labels,
    }, descriptor  # fmt: skip


class _Seen:
    """Takes the worker's event about the rows: levels and classes of those fitted on, and an analysis."""

    def __init__(
        self, source: Source, subject: Target, category: Category | None, design: Design, labels: list[str],
        *, is_weighted: bool,
    ) -> None:  # fmt: skip
        self._source = source
        self._category = category
        self._labels = labels
        self._is_weighted = is_weighted
        self.design = design
        self.subject = subject
        self.classes: list[str] = []
        self.columns: dict[str, Any] = {}

    def take(self, content: dict[str, Any]) -> None:
        """Take the event about the rows; raise an error if no model can be fitted on them."""
        levels = [
            None if codes is None or feature.levels is None else [feature.levels[code] for code in codes]
            for feature, codes in zip(self.design.features, content["levels"], strict=True)
        ]
        self.design = self.design.with_levels(levels)
        self.classes = [self._labels[code] for code in content["classes"]]
        self.columns = content.get("columns") or {}
        usable, rows = content["num_usable"], content["num_rows"]
        if self._category is not None:
            fitted = self.classes[: content["num_classes"]]
            classes_of(self._source, self._category, fitted, is_weighted=self._is_weighted)
            self.subject = replace(self.subject, labels=fitted)
        check_rows(self._source, usable, rows - usable)


def _best(trials: Sequence[Trial], *, is_lower_better: bool) -> Trial:
    """Return the best candidate; raise an error if there is none."""
    fitted = [one for one in trials if one.status == "successful"]
    if not fitted:
        raise failure(trials)
    return fitted[ranked([one.score for one in fitted], is_lower_better=is_lower_better)[0]]


def _cells(trials: Sequence[Trial]) -> dict[str, Column]:
    """Return the columns of the output table."""
    answers = [one.content if one.status in ("successful", "dropped") else {} for one in trials]
    return {
        "candidate": np.array([one.number for one in trials], float),
        "algorithm": Pieces.of([one.algorithm for one in trials]),
        "hyperparams": pieces([one.hyperparams for one in trials]),
        "preprocess": pieces([one.preprocess for one in trials]),
        "status": Pieces.of([one.status for one in trials]),
        "error": Pieces.of([one.error for one in trials]),
        "score": np.array([one.score for one in trials], float),
        "seconds": np.array([one.seconds if one.status != "skipped" else None for one in trials], float),
        "rungs": pieces([one.rungs or None for one in trials]),
        "model": Pieces.of([one.model for one in trials]),
        **{
            column: np.array([one.get(name) for one in answers], float)
            for column, name in ANSWERS["numbers"].items()
        },
        **{column: pieces([one.get(name) for one in answers]) for column, name in ANSWERS["objects"].items()},
    }
