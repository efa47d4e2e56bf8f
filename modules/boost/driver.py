"""boost_train: check the arguments, code the rows, train, write the rounds and the summary."""

from collections.abc import Callable
from typing import Any

import numpy as np

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.frequencies import check_frequencies
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.class_weights import check_class_weights, named_weights
from madpy.helper.features.design import Design
from madpy.helper.features.reading import scan_features
from madpy.helper.features.subject import (
    Subject,
    check_features,
    check_several_classes,
    check_target,
    check_usable_rows,
    warn_of_empty,
)
from madpy.helper.features.terms import check_number, has_weight
from madpy.helper.tables.training import Training, check_tables
from madpy.modules.boost import tables
from madpy.modules.boost.check import AUTO, Settings, check_settings, with_mark
from madpy.modules.boost.core import OF_CLASSES, objective_of
from madpy.modules.common.trees.coding import code_rows
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import replace

OPTIONS = (
    "alpha", "learning_rate", "max_leaves", "max_depth", "min_child", "l1", "l2", "subsample",
    "num_features", "early_stopping",
)  # names of settings  # fmt: skip

Log = Callable[[str], None]


class Result(Training, kw_only=True):
    """Field for field the SQL type boost_result; figures are over all groups."""

    task: str
    objective: str
    classes: list[str] | None
    class_type: str | None
    num_rounds: int
    num_leaves: int
    depth: int
    loss: float | None
    validation_loss: float | None
    seed: int


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    grouping_cols: str | None,
    objective: str | None,
    num_rounds: int | None,
    learning_rate: float | None,
    max_leaves: int | None,
    max_depth: int | None,
    min_child: int | None,
    l1: float | None,
    l2: float | None,
    subsample: float | None,
    num_features: int | None,
    monotone: Any,
    class_weights: Any,
    weights: str | None,
    validation: str | None,
    early_stopping: int | None,
    seed: int | None,
    alpha: float | None,
    categorical_cols: str | None,
    verbose: bool | None,
) -> Result:
    """Train trees for `target` in each group; create `output_table`, a row per round, and its summary."""
    log = db.logger("boost_train", verbose)
    made = check_tables(db, source_table, output_table)
    source = made.source
    source.look_up(target, features, grouping_cols, categorical_cols, weights)
    listed = check_features(source, features, categorical_cols)
    settings = check_settings(
        objective, alpha, num_rounds, learning_rate, max_leaves, max_depth, min_child, l1, l2, subsample,
        num_features, monotone, validation, early_stopping, seed, listed,
    )  # fmt: skip
    weight = None if weights is None else check_number(source, weights, "weights")
    item, subject = _check_target(source, target, listed, settings.objective, has_weight(weight))
    subject = replace(subject, is_weighted=weight is not None)
    own_weights = check_class_weights(class_weights, subject)
    groups = helper.check_groups(
        source, grouping_cols, dict(tables.COLUMNS), [*tables.OWN_COLUMNS, *Result.__fields__]
    )
    log(f"{target} by {', '.join(listed.names)}, from {made.names['source_table']}")
    read = with_mark(source, validation, listed) if settings.is_marked else listed
    rows = Rows(source, item, read.items, read.is_vector, weight, groups)
    scan, subject = _code(rows, read, subject, settings, log)
    scan.db.execute(
        "SELECT {schema:i}.__boost_fit({store:l}, {numbers:l}::double precision[])",
        store=scan.store,
        numbers=settings.numbers(subject, own_weights),
    )
    log("trees are grown")

    db.progress("boost_train: writing")
    figures = _check_figures(tables.read_figures(scan), subject)
    tables.create_rounds(scan, made.output)
    record = tables.create_summary(
        scan,
        made.summary,
        Result(
            method="boost",
            **made.fields(),
            target=target,
            features=features,
            feature_names=subject.features.names,
            grouping_cols=grouping_cols,
            options={
                **{name: getattr(settings, name) for name in OPTIONS},
                "num_rounds": settings.num_rounds,
                "monotone": settings.monotone or None,
                "validation": validation,
                "categorical_cols": categorical_cols,
                "weights": weights,
                "class_weights": own_weights and named_weights(own_weights, subject),
            },
            seed=settings.seed,
            **_totals(figures, subject),
        ),
        subject,
    )
    scan.close()
    return record


def _check_target(
    source: Source, target: str | None, listed: Design, objective: str, conditions: list[str]
) -> tuple[str, Subject]:
    """Return SQL of the target as a number, and the subject, whose criterion is the objective."""
    wanted = "auto" if objective == AUTO else "classification" if objective in OF_CLASSES else "regression"
    item, subject = check_target(source, target, listed, wanted, "auto", conditions)
    count = len(subject.classes)
    if objective == "logistic" and count > 2:
        raise MadpyError(
            f"objective logistic is for two classes, and the target has {count}", hint="choose multiclass"
        )
    if objective == AUTO:
        objective = objective_of(count)
    return item, replace(subject, criterion=objective)


def _code(rows: Rows, listed: Design, subject: Subject, settings: Settings, log: Log) -> tuple[Scan, Subject]:
    """Read the rows into a store and code them; return the subject with the levels of its features."""
    db = rows.source.db
    scan, design = scan_features(rows, listed, passes=2, must_store=True)
    if not scan.group_values:
        raise MadpyError(f"table {quoted(rows.source.name)} is empty", hint="give a table that has rows")
    levels = [None if feature.levels is None else len(feature.levels) for feature in design.features]
    try:
        coded = code_rows(scan, "boost", len(subject.classes), levels, settings.seed)
    except SqlError as error:
        raise with_feature_names(error, design) from None
    check_usable_rows(scan, coded.rows, coded.skipped)
    warn_of_empty(db, coded.empty, design.names)
    log(f"{coded.rows.sum()} rows, {coded.skipped.sum()} skipped")
    count = len(design.features) - settings.is_marked
    return scan, replace(subject, features=replace(design, features=design.features[:count]))


def _check_figures(figures: list[dict[str, Any]], subject: Subject) -> list[dict[str, Any]]:
    """Check the weights and the classes that groups have."""
    used = np.array([row["used"] for row in figures])
    check_frequencies(np.array([row["weight"] for row in figures]), used)
    if subject.classes:
        there = [row["class_rows"] for row in figures if row["class_rows"]]
        check_several_classes(subject, np.array(there).sum(axis=0) > 0)
    return figures


def _totals(figures: list[dict[str, Any]], subject: Subject) -> dict[str, Any]:
    """Return the fields of the result that are over all groups."""
    only = figures[0] if len(figures) == 1 else {}
    return {
        "num_groups": len(figures),
        "num_rows_processed": sum(row["used"] for row in figures),
        "num_missing_rows_skipped": sum(row["skipped"] for row in figures),
        "task": subject.task,
        "objective": subject.criterion,
        "classes": subject.classes or None,
        "class_type": subject.class_type if subject.classes else None,
        "num_rounds": max(row["best"] for row in figures),
        "num_leaves": sum(row["num_leaves"] for row in figures),
        "depth": max(row["depth"] for row in figures),
        "loss": only.get("loss"),
        "validation_loss": only.get("validation_loss"),
    }
