"""Checks of the arguments of dtree_train, and of what its scan has found."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.classes import check_classes
from madpy.helper.features.design import BOOLEANS, Design, list_features, number_item
from madpy.modules.common.trees.counts import Rule
from madpy.modules.common.trees.grow import Limits, Trees
from madpy.modules.common.trees.passes import Passes
from madpy.modules.dtree.model import Subject
from madpy.ports.postgres.scan.source import Source
from madpy.records import Record

CRITERIA = {"classification": ["gini", "entropy"], "regression": ["variance"]}
MOST_DEPTH = 30


class Settings(Record):
    """The checked arguments that say how trees are grown and pruned."""

    max_depth: int
    min_split: int
    min_bucket: int
    num_bins: int
    prune_cp: float | None
    n_folds: int
    seed: int

    def limits(self, criterion: str) -> Limits:
        return Limits(Rule(criterion, self.min_bucket), self.max_depth, self.min_split)


def check_settings(
    max_depth: int | None,
    min_split: int | None,
    min_bucket: int | None,
    num_bins: int | None,
    prune_cp: float | None,
    n_folds: int | None,
    seed: int | None,
) -> Settings:
    """Check each of these arguments; no prune_cp is none."""
    return Settings(
        max_depth=int(helper.check_range("max_depth", max_depth, 0, MOST_DEPTH)),
        min_split=int(helper.check_range("min_split", min_split, 2)),
        min_bucket=min(int(helper.check_range("min_bucket", min_bucket, 1)), 2**31 - 1),
        num_bins=int(helper.check_range("num_bins", num_bins, 2, 10_000)),
        prune_cp=None if prune_cp is None else helper.check_range("prune_cp", prune_cp, 0, 1),
        n_folds=_check_folds(n_folds),
        seed=int(helper.check_range("seed", seed, 0, 2**31 - 1)),
    )


def _check_folds(n_folds: int | None) -> int:
    folds = int(helper.check_range("n_folds", n_folds, 0, 1000))
    if folds == 1:
        raise MadpyError("n_folds must be 0 or at least 2, not 1", hint="give 0 for no cross-validation")
    return folds


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


def check_rows(passes: Passes) -> None:
    """Raise an error if no row can be used."""
    if passes.rows.sum() > 0:
        return
    skipped = int(passes.skipped.sum())
    name = passes.scan.rows.source.name
    if skipped == 0:
        raise MadpyError(f"table {quoted(name)} is empty", hint="give a table that has rows")
    raise MadpyError(
        f"none of the {skipped} rows of table {quoted(name)} can be used",
        hint="check that some row has a target and a weight above 0"
        if passes.scan.rows.weights
        else "check that the target is not NULL in every row",
    )


def check_classes_of(trees: Trees, subject: Subject) -> None:
    """Refuse a target with one class: of a boolean target the classes are only known after the scan."""
    there = trees.counts[trees.parent < 0].sum(axis=0) > 0
    if subject.classes and there.sum() == 1:
        label = subject.classes[int(there.argmax())]
        raise MadpyError(f"the target has one class only: {label}", hint="choose another target")
