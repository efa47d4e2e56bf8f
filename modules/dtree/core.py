"""Cost-complexity pruning.  Pure: numpy.

Risks are as rpart's: rows that the node's own prediction gets wrong, or the sum of squares around its mean;
complexities are in units of the risk of the root, as rpart's cp.

Source: Breiman, Friedman, Olshen & Stone (1984), chapter 3.
"""

import heapq

import numpy as np

from madpy.modules.common.trees.counts import Array, Flags, Integers
from madpy.modules.common.trees.grow import Trees
from madpy.modules.common.trees.layout import STAT_SQUARES

SAME = 1e-9


def risks(trees: Trees, is_regression: bool) -> Array:
    """Return the risk of each node if it were a leaf."""
    counts = trees.counts
    result: Array = counts[:, STAT_SQUARES] if is_regression else counts.sum(axis=1) - counts.max(axis=1)
    return result


def levels_up(trees: Trees) -> list[Integers]:
    """Return the nodes that have children, by depth, the deepest first."""
    inner = np.flatnonzero(trees.left >= 0)
    depth = trees.depth[inner]
    return [inner[depth == d] for d in range(int(depth.max(initial=-1)), -1, -1)]


def complexities(trees: Trees, risk: Array) -> Array:
    """Return for each node the smallest cp at which pruning removes the nodes below it; 0 in leaves.

    The weakest links come first: the subtree with the lowest (R(t) - R(T_t)) / (|T_t| - 1) is removed, which
    changes the subtrees that contain it, and so on up to the root.  Links that differ only by rounding are
    removed together.
    """
    root_risk = np.maximum(risk[: int(trees.group.max(initial=-1)) + 1], np.finfo(float).tiny)
    own, leaves = (risk / root_risk[trees.group]).tolist(), np.ones(len(trees))
    below = np.array(own)
    for nodes in levels_up(trees):
        for values in (below, leaves):
            values[nodes] = values[trees.left[nodes]] + values[trees.left[nodes] + 1]
    subtree, splits = below.tolist(), (leaves - 1).tolist()
    parent, left = trees.parent.tolist(), trees.left.tolist()
    alive = (trees.left >= 0).tolist()
    result = [0.0] * len(trees)
    inner = np.flatnonzero(trees.left >= 0)
    inner = inner[trees.group[inner].argsort(kind="stable")]
    for nodes in np.split(inner, np.flatnonzero(np.diff(trees.group[inner])) + 1):
        level = 0.0  # cp up to which the group is pruned
        heap = [((own[n] - subtree[n]) / splits[n], n) for n in nodes.tolist()]
        heapq.heapify(heap)
        while heap:
            link, node = heapq.heappop(heap)
            if not alive[node] or link != (own[node] - subtree[node]) / splits[node]:
                continue  # removed, or changed and in the heap again
            if link > level * (1 + SAME) + SAME / 1000:
                level = link
            waiting = [node]
            while waiting:
                removed = waiting.pop()
                alive[removed], result[removed] = False, level
                waiting += [child for child in (left[removed], left[removed] + 1) if alive[child]]
            risen, fewer, above = own[node] - subtree[node], splits[node], parent[node]
            while above >= 0:
                subtree[above] += risen
                splits[above] -= fewer
                heapq.heappush(heap, ((own[above] - subtree[above]) / splits[above], above))
                above = parent[above]
    return np.array(result)


def unpruned(trees: Trees, complexity: Array, cp: Array) -> Flags:
    """Return the nodes that are left when each group's tree is pruned at `cp`, (groups,)."""
    stays = np.ones(len(trees), np.bool_)
    splits = (trees.left >= 0) & (complexity > cp[trees.group])
    for nodes in reversed(levels_up(trees)):
        on = stays[nodes] & splits[nodes]
        stays[trees.left[nodes]] = on
        stays[trees.left[nodes] + 1] = on
    return stays


def pruned(trees: Trees, old: Integers) -> Trees:
    """Return the trees of the nodes `old`: group by group, each from its root on by number."""
    fresh = np.full(len(trees) + 1, -1)
    fresh[old] = np.arange(len(old))
    group = trees.group[old]
    left = np.where(trees.left[old] >= 0, fresh[trees.left[old]], -1)
    return Trees(
        group, trees.number[old], fresh[trees.parent[old]], trees.counts[old],
        np.where(left >= 0, trees.feature[old], -1), trees.last_left[old], trees.null_right[old], left,
        np.where(left >= 0, trees.gain[old], 0.0),
        trees.null_rows[old], trees.shift[old], trees.doubt[old], trees.threshold[old],
        {
            int(fresh[n]): levels
            for n, levels in trees.levels_left.items()
            if fresh[n] >= 0 and left[fresh[n]] >= 0
        },
    )  # fmt: skip
