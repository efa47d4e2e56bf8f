"""Messages of a training: trees that a limit kept small."""

import numpy as np

from madpy.modules.common.trees.counts import rows_of
from madpy.modules.common.trees.grow import Limits, Trees, node_loss
from madpy.ports.postgres.session.db import Database


def say_what_stopped(db: Database, trees: Trees, limits: Limits) -> None:
    """Name in a NOTICE the limit because of which trees are one leaf, although their targets differ."""
    criterion = limits.rule.criterion
    roots = np.flatnonzero(trees.parent < 0)
    rows = rows_of(trees.counts[roots], criterion)
    roots, rows = roots[rows > 0], rows[rows > 0]
    is_leaf = (trees.left[roots] < 0) & (node_loss(trees.counts[roots], criterion) > 0)
    stopped = {
        f"max_depth is {limits.max_depth}": is_leaf & (limits.max_depth == 0),
        f"than min_split, {limits.min_split}": is_leaf & (rows < limits.min_split),
        f"than twice min_bucket, {limits.rule.min_bucket}": is_leaf & (rows < 2 * limits.rule.min_bucket),
    }
    for limit, which in stopped.items():
        if not which.any():
            continue
        if len(roots) == 1:
            what = "the tree is one leaf: "
            why = limit if "than" not in limit else f"{rows[0]:.6g} rows are fewer {limit}"
        else:
            what = f"{int(which.sum())} of {len(roots)} trees are one leaf: "
            why = limit if "than" not in limit else f"their groups have fewer rows {limit}"
        db.notice(what + why)
        return
