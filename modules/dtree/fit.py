"""Growing, cross-validating and pruning the trees of all groups."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from madpy.modules.common.trees.counts import Array, Flags, Integers
from madpy.modules.common.trees.grow import Limits, Trees, grow, settle
from madpy.modules.common.trees.parameters import Fold
from madpy.modules.common.trees.passes import Passes
from madpy.modules.dtree.core import complexities, pruned, risks, unpruned
from madpy.modules.dtree.validate import Choice, choose

Log = Callable[[str], None]


@dataclass(frozen=True)
class Fit:
    """The trees of all groups; `cp` is what each is pruned at, NaN where it is not."""

    trees: Trees
    complexity: Array  # complexity of each node
    cp: Array  # (groups,)
    choices: list[Choice]  # results of the cross-validation


def fit(passes: Passes, limits: Limits, prune_cp: float | None, folds: int, log: Log) -> Fit:
    is_regression = passes.classes == 0
    trees = _grow(passes, limits, None, log)
    complexity = complexities(trees, risks(trees, is_regression))
    cp = np.full(passes.groups, np.nan if prune_cp is None else prune_cp)
    choices: list[Choice] = []
    if folds:
        without = partial(_without_fold, passes, limits, folds, log)
        choices = choose(trees, complexity, prune_cp or 0.0, folds, without, is_regression)
        cp = np.array([choice.chosen for choice in choices])
    if np.isnan(cp).all():
        stays = np.ones(len(trees), np.bool_)
    else:
        stays = unpruned(trees, complexity, cp)
        log(f"pruned to {int(stays.sum())} of {len(trees)} nodes")
    order = ordered(trees, stays)
    return Fit(pruned(trees, order), complexity[order], cp, choices)


def _grow(passes: Passes, limits: Limits, fold: Fold | None, log: Log) -> Trees:
    def announce(level: int, active: int, nodes: int) -> None:
        where = f", fold {fold.number + 1} of {fold.folds}" if fold else ""
        passes.db.progress(f"dtree_train: level {level} of at most {limits.max_depth}{where}")
        log(f"level {level}{where}: {active} nodes to split, {nodes} in all")

    trees = grow(
        passes.groups,
        passes.classes or 3,
        passes.shifts,
        limits,
        lambda trees, nodes: passes.count(trees, nodes, limits.rule, fold),
        announce,
        partial(passes.sharpen, limits.rule, fold),
    )
    settle(trees, lambda nodes: passes.totals(trees, nodes, fold))
    return trees


def _without_fold(passes: Passes, limits: Limits, folds: int, log: Log, number: int) -> tuple[Trees, Array]:
    """Grow trees of the rows outside a fold, and count the rows of the fold in their leaves."""
    trees = _grow(passes, limits, Fold(folds, number, held_out=False), log)
    leaves = np.flatnonzero(trees.left < 0)
    counts = np.zeros_like(trees.counts)
    counts[leaves] = passes.totals(trees, leaves, Fold(folds, number, held_out=True))
    return trees, counts


def ordered(trees: Trees, stays: Flags) -> Integers:
    """Return the nodes that stay, group by group, sorted by number."""
    nodes = np.flatnonzero(stays)
    result: Integers = nodes[np.lexsort([trees.number[nodes], trees.group[nodes]])]
    return result
