"""Cross-validation of the complexity at which trees are pruned.

Source: Breiman, Friedman, Olshen & Stone (1984), section 3.4; Therneau & Atkinson, An Introduction to
Recursive Partitioning Using the RPART Routines, section 4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from madpy.modules.common.trees.counts import Array, Integers
from madpy.modules.common.trees.grow import Trees, moved
from madpy.modules.common.trees.layout import STAT_MEAN, STAT_ROWS, STAT_SQUARES
from madpy.modules.dtree.core import complexities, levels_up, risks


@dataclass(frozen=True)
class Choice:
    """The cross-validation of a group: for each candidate of cp the held-out risk, relative to the root."""

    cps: Array
    errors: Array
    std_errs: Array
    chosen: float


def choose(
    trees: Trees,
    complexity: Array,
    floor: float,
    folds: int,
    fold_trees: Callable[[int], tuple[Trees, Array]],
    is_regression: bool,
) -> list[Choice]:
    """Return the cp of each group by the rule of one standard error: the simplest tree close to the best.

    `fold_trees` gives the trees grown without a fold, and the counts of the fold's rows in their leaves; for
    a regression, these are around the node's mean.
    """
    groups = int(trees.group.max(initial=-1)) + 1
    cps = [candidates(complexity[trees.group == g], floor) for g in range(groups)]
    risk = [np.zeros((folds, len(grid))) for grid in cps]
    rows = np.zeros((groups, folds))
    for fold in range(folds):
        grown, held_out = fold_trees(fold)
        node_risk, node_rows = rolled_up(grown, held_out, is_regression)
        node_complexity = complexities(grown, risks(grown, is_regression))
        rows[:, fold] = node_rows[:groups]
        for g in range(groups):
            own = np.flatnonzero(grown.group == g)
            risk[g][fold] = _pruned_risk(grown, own, node_risk, node_complexity, cps[g])
    root = risks(trees, is_regression)[:groups]
    sizes = trees.counts[:groups, STAT_ROWS] if is_regression else trees.counts[:groups].sum(axis=1)
    return [_choice(cps[g], risk[g], rows[g], root[g] / (sizes[g] or 1)) for g in range(groups)]


def candidates(complexity: Array, floor: float) -> Array:
    """Return the cps at which a tree changes, and `floor` below them."""
    return np.concatenate([[floor], np.unique(complexity[complexity > floor])])


def _choice(cps: Array, risk: Array, rows: Array, root: float) -> Choice:
    """Choose a cp; `risk`, (folds, cps), has sums over the rows of a fold, `rows` of them."""
    used = rows > 0
    scale = max(root, np.finfo(float).tiny)
    errors = risk.sum(axis=0) / (rows.sum() or 1) / scale
    by_fold = risk[used] / rows[used, None] / scale
    spread = by_fold.std(axis=0, ddof=1) if used.sum() > 1 else np.zeros(len(cps))
    std_errs = spread / np.sqrt(max(used.sum(), 1))
    best = int(errors.argmin())
    simplest = int(np.flatnonzero(errors <= errors[best] + std_errs[best])[-1])
    return Choice(cps, errors, std_errs, float(cps[simplest]))


def rolled_up(trees: Trees, counts: Array, is_regression: bool) -> tuple[Array, Array]:
    """Return risk and rows of every node on held-out `counts`, which only leaves have."""
    counts = counts.copy()
    mean = trees.counts[:, STAT_MEAN]
    for nodes in levels_up(trees):
        for child in (trees.left[nodes], trees.left[nodes] + 1):
            if is_regression:
                counts[nodes] += moved(counts[child], mean[child] - mean[nodes])
            else:
                counts[nodes] += counts[child]
    if is_regression:
        return counts[:, STAT_SQUARES], counts[:, STAT_ROWS]
    said = trees.counts.argmax(axis=1)
    return counts.sum(axis=1) - counts[np.arange(len(counts)), said], counts.sum(axis=1)


def _pruned_risk(trees: Trees, own: Integers, risk: Array, complexity: Array, cps: Array) -> Array:
    """Return the held-out risk of the tree `own`, pruned at the geometric mean of each cp and the next."""
    between = np.append(np.sqrt(cps[:-1] * cps[1:]), np.inf)
    # a node is a leaf of the tree pruned at b where its complexity is at most b, and those above it more
    from_here = np.where(trees.left[own] >= 0, complexity[own], -np.inf)
    parent = trees.parent[own]
    until = np.where(parent >= 0, complexity[parent], np.inf)
    result = np.zeros(len(cps) + 1)
    np.add.at(result, np.searchsorted(between, from_here), risk[own])
    np.subtract.at(result, np.where(np.isinf(until), len(cps), np.searchsorted(between, until)), risk[own])
    sums: Array = result.cumsum()[:-1]
    return sums
