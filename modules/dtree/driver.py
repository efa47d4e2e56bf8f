"""dtree_train: check the arguments, grow and prune the trees, write them and their summary."""

from collections.abc import Callable
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.frequencies import check_frequencies
from madpy.helper.checks.reasons import with_feature_names
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
from madpy.helper.tables.output import Column, Lists, Pieces, create_group_summary, create_output
from madpy.helper.tables.training import Training, check_tables
from madpy.modules.common.trees.grow import Limits, Trees
from madpy.modules.common.trees.passes import Passes
from madpy.modules.dtree import report
from madpy.modules.dtree.check import Settings, check_settings
from madpy.modules.dtree.fit import Fit, fit
from madpy.modules.dtree.model import models
from madpy.modules.dtree.remarks import say_what_stopped
from madpy.ports.postgres.scan.scan import Rows
from madpy.ports.postgres.session.db import Database
from madpy.records import replace

OWN_COLUMNS = [
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("num_nodes", "bigint"),
    ("num_leaves", "bigint"),
    ("depth", "bigint"),
    ("pruned_at_cp", "double precision"),
    ("cv_cp", "double precision[]"),
    ("cv_error", "double precision[]"),
    ("cv_std_err", "double precision[]"),
    ("model", "bytea"),
]
OPTIONS = ("max_depth", "min_split", "min_bucket", "num_bins", "prune_cp", "n_folds")  # names of settings


class Result(Training, kw_only=True):
    """Field for field the SQL type dtree_result; figures are over all groups."""

    task: str
    criterion: str
    classes: list[str] | None
    class_type: str | None
    num_nodes: int
    num_leaves: int
    depth: int
    seed: int


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    grouping_cols: str | None,
    categorical_cols: str | None,
    task: str | None,
    criterion: str | None,
    max_depth: int | None,
    min_split: int | None,
    min_bucket: int | None,
    num_bins: int | None,
    prune_cp: float | None,
    n_folds: int | None,
    seed: int | None,
    verbose: bool | None,
    weights: str | None,
) -> Result:
    """Grow a tree for `target` in each group; create `output_table`, a row per node, and its summary."""
    log = db.logger("dtree_train", verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(target, features, grouping_cols, categorical_cols, weights)
    settings = check_settings(max_depth, min_split, min_bucket, num_bins, prune_cp, n_folds, seed)
    listed = check_features(source, features, categorical_cols)
    weight = None if weights is None else check_number(source, weights, "weights")
    item, subject = check_target(source, target, listed, task, criterion, has_weight(weight))
    groups = helper.check_groups(
        source, grouping_cols, dict(report.COLUMNS), [*dict(OWN_COLUMNS), *Result.__fields__]
    )
    log(f"{target} by {', '.join(listed.names)}, from {tables.names['source_table']}")
    rows = Rows(source, item, listed.items, listed.is_vector, weight, groups)
    passes, subject = _passes(rows, listed, subject, settings, log)
    limits = settings.limits(subject.criterion)
    result = fit(passes, limits, settings.prune_cp, settings.n_folds, log)
    _check_trees(result.trees, passes, subject, limits)

    db.progress("dtree_train: writing")
    cells = report.cells(result.trees, passes.bins, subject, result.complexity)
    create_output(db, passes.scan, tables.output, report.columns(subject), *cells)
    log(f"{len(result.trees)} nodes, {passes.rows.sum()} rows, {passes.skipped.sum()} skipped")
    options = {name: getattr(settings, name) for name in OPTIONS}
    record = create_group_summary(
        db,
        passes.scan,
        tables.summary,
        Result(
            method="dtree",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=subject.features.names,
            grouping_cols=grouping_cols,
            options={"categorical_cols": categorical_cols, **options, "weights": weights},
            seed=settings.seed,
            **_totals(result.trees, passes, subject),
        ),
        OWN_COLUMNS,
        _figures(result, passes, subject),
    )
    passes.scan.close()
    return record


def _passes(
    rows: Rows, listed: Design, subject: Subject, settings: Settings, log: Callable[[str], None]
) -> tuple[Passes, Subject]:
    """Begin the passes over the rows, and return the subject with the levels of its features."""
    db = rows.source.db
    scan, design = scan_features(rows, listed, passes=settings.max_depth + 2)
    if not scan.group_values:
        raise MadpyError(f"table {quoted(rows.source.name)} is empty", hint="give a table that has rows")
    log(f"reading by {scan.feed}")
    levels = [None if feature.levels is None else len(feature.levels) for feature in design.features]
    try:
        passes = Passes(db, scan, "dtree", len(subject.classes), levels, settings.num_bins, settings.seed)
    except SqlError as error:
        raise with_feature_names(error, design) from None
    check_usable_rows(passes.scan, passes.rows, passes.skipped)
    return passes, replace(subject, features=design, is_weighted=rows.weights is not None)


def _check_trees(trees: Trees, passes: Passes, subject: Subject, limits: Limits) -> None:
    """Check the weights and the classes that the roots have; report what is left out or not split."""
    roots = trees.parent < 0
    check_frequencies(report.rows_of_nodes(trees, subject)[roots], passes.rows[trees.group[roots]])
    check_several_classes(subject, trees.counts[roots].sum(axis=0) > 0)
    warn_of_empty(passes.db, passes.empty_features(), subject.features.names)
    say_what_stopped(passes.db, trees, limits)


def _totals(trees: Trees, passes: Passes, subject: Subject) -> dict[str, Any]:
    """Return the fields of the result that are over all groups."""
    return {
        "num_groups": passes.groups,
        "num_rows_processed": int(passes.rows.sum()),
        "num_missing_rows_skipped": int(passes.skipped.sum()),
        "task": subject.task,
        "criterion": subject.criterion,
        "classes": subject.classes or None,
        "class_type": subject.class_type if subject.classes else None,
        "num_nodes": len(trees),
        "num_leaves": int((trees.left < 0).sum()),
        "depth": int(trees.depth.max()),
    }


def _figures(result: Fit, passes: Passes, subject: Subject) -> dict[str, Column]:
    """Return the columns of the summary that each group has its own values of."""
    return {
        "num_rows_processed": passes.rows,
        "num_missing_rows_skipped": passes.skipped,
        **report.sizes(result.trees, passes.groups),
        "pruned_at_cp": result.cp,
        **_validated(result, passes.groups),
        "model": Pieces.of(models(result.trees, passes.bins, subject, passes.groups)),
    }


def _validated(result: Fit, groups: int) -> dict[str, Column]:
    """Return the columns of candidate values of cp and their errors; NULL without cross-validation."""
    names = {"cv_cp": "cps", "cv_error": "errors", "cv_std_err": "std_errs"}
    if not result.choices:
        return dict.fromkeys(names, Lists([None] * groups))
    return {
        column: Lists([getattr(choice, name) for choice in result.choices]) for column, name in names.items()
    }
