"""dtree_train: check the arguments, grow and prune the trees, write them and their summary."""

from dataclasses import dataclass, replace

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.frequencies import check_frequencies
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.classes import check_classes
from madpy.helper.features.design import BOOLEANS, Design, list_features, number_item
from madpy.helper.features.reading import scan_features
from madpy.helper.features.terms import check_number, has_weight
from madpy.helper.tables.output import Column, Lists, Pieces, create_group_summary, create_output
from madpy.helper.tables.training import Training, check_tables
from madpy.modules.common.trees.counts import Rule
from madpy.modules.common.trees.grow import Limits, Trees
from madpy.modules.common.trees.passes import Passes
from madpy.modules.dtree import report
from madpy.modules.dtree.fit import Fit, fit
from madpy.modules.dtree.model import Subject, models
from madpy.modules.dtree.remarks import say_what_stopped, warn_of_empty
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database

CRITERIA = {"classification": ["gini", "entropy"], "regression": ["variance"]}
MOST_DEPTH = 30
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


@dataclass(frozen=True, kw_only=True)
class Result(Training):
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
    number = int(helper.check_range("seed", seed, 0, 2**31 - 1))
    folds = _check_folds(n_folds)
    if prune_cp is not None:
        helper.check_range("prune_cp", prune_cp, 0, 1)
    listed = list_features(source, features, categorical_cols)
    if not listed.features:
        raise MadpyError(
            "the array of features is NULL or empty in every row", hint="give arrays of at least one number"
        )
    weight = None if weights is None else check_number(source, weights, "weights")
    counted = has_weight(weight)
    item, subject = _check_target(source, target, listed, task, criterion, counted)
    limits = Limits(
        Rule(subject.criterion, int(helper.check_range("min_bucket", min_bucket, 1))),
        int(helper.check_range("max_depth", max_depth, 0, MOST_DEPTH)),
        int(helper.check_range("min_split", min_split, 2)),
    )
    bins = int(helper.check_range("num_bins", num_bins, 2, 10_000))
    groups = helper.check_groups(
        source, grouping_cols, dict(report.COLUMNS), [*dict(OWN_COLUMNS), *Result.__dataclass_fields__]
    )
    log(f"{target} by {', '.join(listed.names)}, from {tables.names['source_table']}")

    options = {
        "categorical_cols": categorical_cols, "max_depth": limits.max_depth, "min_split": limits.min_split,
        "min_bucket": limits.rule.min_bucket, "num_bins": bins, "prune_cp": prune_cp, "n_folds": folds,
        "weights": weights,
    }  # fmt: skip
    rows = Rows(source, item, listed.items, listed.is_vector, weight, groups)
    scan, design = scan_features(rows, listed, passes=limits.max_depth + 2)
    subject = replace(subject, features=design, is_weighted=weight is not None)
    if not scan.group_values:
        raise MadpyError(f"table {quoted(source.name)} is empty", hint="give a table that has rows")
    log(f"reading by {scan.feed}")
    levels = [None if feature.levels is None else len(feature.levels) for feature in design.features]
    try:
        passes = Passes(db, scan, "dtree", len(subject.classes), levels, bins, number)
    except SqlError as error:
        raise with_feature_names(error, design) from None
    check_rows(db, scan, passes, design)
    result = fit(passes, limits, prune_cp, folds, log)
    trees = result.trees
    roots = trees.parent < 0
    check_frequencies(report.rows_of_nodes(trees, subject)[roots], passes.rows[trees.group[roots]])
    check_classes_of(trees, subject)
    warn_of_empty(db, passes, design.names)
    say_what_stopped(db, trees, limits)
    db.progress("dtree_train: writing")
    cells = report.cells(trees, passes.bins, subject, result.complexity)
    create_output(db, scan, tables.output, report.columns(subject), *cells)
    log(f"{len(trees)} nodes, {passes.rows.sum()} rows, {passes.skipped.sum()} skipped")
    data = models(trees, passes.bins, subject, passes.groups)
    record = create_group_summary(
        db,
        scan,
        tables.summary,
        Result(
            method="dtree",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=design.names,
            grouping_cols=grouping_cols,
            options=options,
            num_groups=passes.groups,
            num_rows_processed=int(passes.rows.sum()),
            num_missing_rows_skipped=int(passes.skipped.sum()),
            task="classification" if subject.classes else "regression",
            criterion=subject.criterion,
            classes=subject.classes or None,
            class_type=subject.class_type if subject.classes else None,
            num_nodes=len(trees),
            num_leaves=int((trees.left < 0).sum()),
            depth=int(trees.depth.max()),
            seed=number,
        ),
        OWN_COLUMNS,
        {
            "num_rows_processed": passes.rows,
            "num_missing_rows_skipped": passes.skipped,
            **report.sizes(trees, passes.groups),
            "pruned_at_cp": result.cp,
            **_validated(result, passes.groups),
            "model": Pieces.of(data),
        },
    )
    scan.close()
    return record


def _validated(result: Fit, groups: int) -> dict[str, Column]:
    """Return the columns of candidate values of cp and their errors; NULL without cross-validation."""
    names = {"cv_cp": "cps", "cv_error": "errors", "cv_std_err": "std_errs"}
    if not result.choices:
        return dict.fromkeys(names, Lists([None] * groups))
    return {
        column: Lists([getattr(choice, name) for choice in result.choices]) for column, name in names.items()
    }


def check_rows(db: Database, scan: Scan, passes: Passes, features: Design) -> None:
    if passes.rows.sum() > 0:
        return
    skipped = int(passes.skipped.sum())
    name = scan.rows.source.name
    if skipped == 0:
        raise MadpyError(f"table {quoted(name)} is empty", hint="give a table that has rows")
    raise MadpyError(
        f"none of the {skipped} rows of table {quoted(name)} can be used",
        hint="check that some row has a target and a weight above 0"
        if scan.rows.weights
        else "check that the target is not NULL in every row",
    )


def check_classes_of(trees: Trees, subject: Subject) -> None:
    """Refuse a target with one class: of a boolean target the classes are only known after the scan."""
    there = trees.counts[trees.parent < 0].sum(axis=0) > 0
    if subject.classes and there.sum() == 1:
        label = subject.classes[int(there.argmax())]
        raise MadpyError(f"the target has one class only: {label}", hint="choose another target")


def _check_folds(n_folds: int | None) -> int:
    folds = int(helper.check_range("n_folds", n_folds, 0, 1000))
    if folds == 1:
        raise MadpyError("n_folds must be 0 or at least 2, not 1", hint="give 0 for no cross-validation")
    return folds


def _check_target(
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
