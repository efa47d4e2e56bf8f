"""Cost-complexity pruning.  Pure: numpy.

Risks are as rpart's: rows that the node's own prediction gets wrong, or the sum of squares around its mean;
complexities are in units of the risk of the root, as rpart's cp.

Source: Breiman, Friedman, Olshen & Stone (1984), chapter 3.
"""

import numpy as np

from madpy.modules.dtree.core import Array, Flags, Integers
from madpy.modules.dtree.grow import Trees


def risks(trees: Trees, is_regression: bool) -> Array:
    """Of each node, if it were a leaf."""
    counts = trees.counts
    result: Array = counts[:, 2] if is_regression else counts.sum(axis=1) - counts.max(axis=1)
    return result


def levels_up(trees: Trees) -> list[Integers]:
    """The nodes that have children, by depth, the deepest first."""
    inner = np.flatnonzero(trees.left >= 0)
    depth = trees.depth[inner]
    return [inner[depth == d] for d in range(int(depth.max(initial=-1)), -1, -1)]


def complexities(trees: Trees, risk: Array) -> Array:
    """Of each node: the cp from which on pruning removes what is below it.  0 in leaves.

    Weakest links first: the lowest (R(t) - R(T_t)) / (|T_t| - 1) of a subtree is removed, and so on up.
    """
    root_risk = np.maximum(risk[: int(trees.group.max(initial=-1)) + 1], np.finfo(float).tiny)[trees.group]
    result = np.zeros(len(trees))
    alive = trees.left >= 0
    below, leaves = risk.copy(), np.ones(len(trees))
    order = levels_up(trees)
    at = np.zeros(len(trees))
    while alive.any():
        below[:], leaves[:] = risk, 1
        for nodes in order:
            nodes = nodes[alive[nodes]]
            left = trees.left[nodes]
            below[nodes] = below[left] + below[left + 1]
            leaves[nodes] = leaves[left] + leaves[left + 1]
        link = np.where(alive, (risk - below) / np.maximum(leaves - 1, 1) / root_risk, np.inf)
        weakest = np.full(int(trees.group.max()) + 1, np.inf)
        np.minimum.at(weakest, trees.group, link)
        # links that differ by rounding only go together
        bound = weakest * (1 + 1e-9) + 1e-12
        cut = alive & (link <= bound[trees.group])
        level = np.maximum(weakest, 0)[trees.group]
        for nodes in reversed(order):
            left = trees.left[nodes]
            cut[left] |= cut[nodes]
            cut[left + 1] |= cut[nodes]
        at = np.maximum(at, np.where(np.isfinite(level), level, 0))
        result = np.where(cut & alive, at, result)
        alive &= ~cut
    return result


def kept(trees: Trees, complexity: Array, cp: Array) -> Flags:
    """The nodes that are left when each group's tree is pruned at `cp`, (groups,)."""
    stays = np.ones(len(trees), np.bool_)
    splits = (trees.left >= 0) & (complexity > cp[trees.group])
    for nodes in reversed(levels_up(trees)):
        on = stays[nodes] & splits[nodes]
        stays[trees.left[nodes]] = on
        stays[trees.left[nodes] + 1] = on
    return stays


def pruned(trees: Trees, old: Integers) -> Trees:
    """The trees of the nodes `old`: group by group, each from its root on by number."""
    fresh = np.full(len(trees) + 1, -1)
    fresh[old] = np.arange(len(old))
    group = trees.group[old]
    left = np.where(trees.left[old] >= 0, fresh[trees.left[old]], -1)
    first = np.searchsorted(group, group)
    return Trees(
        group, np.arange(len(old)) - first, trees.number[old], fresh[trees.parent[old]], trees.counts[old],
        np.where(left >= 0, trees.feature[old], -1), trees.last_left[old], trees.null_right[old], left,
        np.where(left >= 0, trees.gain[old], 0.0),
        trees.null_rows[old], trees.shift[old],
        {
            int(fresh[n]): levels
            for n, levels in trees.levels_left.items()
            if fresh[n] >= 0 and left[fresh[n]] >= 0
        },
    )  # fmt: skip
