"""forest_train: check the arguments, code the rows, grow the trees, write them and their summary."""

from collections.abc import Callable
from typing import Any

import numpy as np

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.frequencies import check_frequencies
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.class_weights import ClassWeights, check_class_weights, named_weights
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
from madpy.modules.common.trees.coding import code_rows
from madpy.modules.forest import tables
from madpy.modules.forest.check import Settings, check_settings
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.session.db import Database
from madpy.records import replace

TREES_AT_ONCE = 16  # trees of one call; each reports its progress
OPTIONS = (
    "num_trees", "max_depth", "min_split", "min_bucket", "sample_ratio", "replacement", "splitter",
    "importance", "oob",
)  # names of settings  # fmt: skip

Log = Callable[[str], None]


class Result(Training, kw_only=True):
    """Field for field the SQL type forest_result; figures are over all groups."""

    task: str
    criterion: str
    classes: list[str] | None
    class_type: str | None
    num_trees: int
    num_nodes: int
    num_leaves: int
    depth: int
    oob_error: float | None
    oob_r2: float | None
    seed: int


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    grouping_cols: str | None,
    num_trees: int | None,
    max_depth: int | None,
    min_split: int | None,
    min_bucket: int | None,
    num_features: int | None,
    sample_ratio: float | None,
    replacement: bool | None,
    weights: str | None,
    class_weights: Any,
    importance: bool | None,
    seed: int | None,
    splitter: str | None,
    task: str | None,
    criterion: str | None,
    categorical_cols: str | None,
    oob: bool | None,
    verbose: bool | None,
) -> Result:
    """Grow a forest for `target` in each group; create `output_table`, a row per tree, and its summary."""
    log = db.logger("forest_train", verbose)
    made = check_tables(db, source_table, output_table)
    source = made.source
    source.look_up(target, features, grouping_cols, categorical_cols, weights)
    listed = check_features(source, features, categorical_cols)
    settings = check_settings(
        num_trees, max_depth, min_split, min_bucket, num_features, sample_ratio, replacement, splitter,
        importance, oob, seed, len(listed.features),
    )  # fmt: skip
    weight = None if weights is None else check_number(source, weights, "weights")
    item, subject = check_target(source, target, listed, task, criterion, has_weight(weight))
    subject = replace(subject, is_weighted=weight is not None)
    own_weights = check_class_weights(class_weights, subject)
    groups = helper.check_groups(
        source, grouping_cols, dict(tables.COLUMNS), [*tables.OWN_COLUMNS, *Result.__fields__]
    )
    log(f"{target} by {', '.join(listed.names)}, from {made.names['source_table']}")
    rows = Rows(source, item, listed.items, listed.is_vector, weight, groups)
    scan, subject = _code(rows, listed, subject, settings, log)
    _grow(scan, subject, settings, own_weights, log)

    db.progress("forest_train: writing")
    figures = _check_figures(tables.read_figures(scan), subject)
    tables.create_trees(scan, made.output, subject)
    options = {name: getattr(settings, name) for name in OPTIONS}
    record = tables.create_summary(
        scan,
        made.summary,
        Result(
            method="forest",
            **made.fields(),
            target=target,
            features=features,
            feature_names=subject.features.names,
            grouping_cols=grouping_cols,
            options={
                **options,
                "num_features": settings.features_of(subject),
                "categorical_cols": categorical_cols,
                "weights": weights,
                "class_weights": named_weights(own_weights, subject),
            },
            seed=settings.seed,
            **_totals(figures, subject, settings),
        ),
        subject,
    )
    scan.close()
    return record


def _code(rows: Rows, listed: Design, subject: Subject, settings: Settings, log: Log) -> tuple[Scan, Subject]:
    """Read the rows into a store and code them; return the subject with the levels of its features."""
    db = rows.source.db
    scan, design = scan_features(rows, listed, passes=2, must_store=True)
    if not scan.group_values:
        raise MadpyError(f"table {quoted(rows.source.name)} is empty", hint="give a table that has rows")
    levels = [None if feature.levels is None else len(feature.levels) for feature in design.features]
    try:
        coded = code_rows(scan, "forest", len(subject.classes), levels, settings.seed)
    except SqlError as error:
        raise with_feature_names(error, design) from None
    check_usable_rows(scan, coded.rows, coded.skipped)
    warn_of_empty(db, coded.empty, design.names)
    log(f"{coded.rows.sum()} rows, {coded.skipped.sum()} skipped")
    return scan, replace(subject, features=design)


def _grow(scan: Scan, subject: Subject, settings: Settings, weights: ClassWeights, log: Log) -> None:
    db = scan.db
    numbers = settings.numbers(subject, weights)
    for grown in range(0, settings.num_trees, TREES_AT_ONCE):
        trees = min(grown + TREES_AT_ONCE, settings.num_trees)
        db.execute(
            "SELECT {schema:i}.__forest_grow({store:l}, {numbers:l}::double precision[], {trees:l})",
            store=scan.store,
            numbers=numbers,
            trees=trees,
        )
        db.progress(f"forest_train: {trees} of {settings.num_trees} trees")
        log(f"{trees} of {settings.num_trees} trees")
    db.execute("SELECT {schema:i}.__forest_finish({store:l})", store=scan.store)


def _check_figures(figures: list[dict[str, Any]], subject: Subject) -> list[dict[str, Any]]:
    """Check the weights and the classes that groups have."""
    used = np.array([row["used"] for row in figures])
    check_frequencies(np.array([row["weight"] for row in figures]), used)
    if subject.classes:
        check_several_classes(subject, np.array([row["class_rows"] for row in figures]).sum(axis=0) > 0)
    return figures


def _totals(figures: list[dict[str, Any]], subject: Subject, settings: Settings) -> dict[str, Any]:
    """Return the fields of the result that are over all groups."""
    only = figures[0] if len(figures) == 1 else {}
    return {
        "num_groups": len(figures),
        "num_rows_processed": sum(row["used"] for row in figures),
        "num_missing_rows_skipped": sum(row["skipped"] for row in figures),
        "task": subject.task,
        "criterion": subject.criterion,
        "classes": subject.classes or None,
        "class_type": subject.class_type if subject.classes else None,
        "num_trees": settings.num_trees,
        "num_nodes": sum(row["num_nodes"] for row in figures),
        "num_leaves": sum(row["num_leaves"] for row in figures),
        "depth": max(row["depth"] for row in figures),
        "oob_error": only.get("oob_error"),
        "oob_r2": None if subject.classes else only.get("oob_r2"),
    }
