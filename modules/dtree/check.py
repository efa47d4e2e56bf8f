"""The settings of dtree_train."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.common.trees.counts import Rule
from madpy.modules.common.trees.grow import Limits
from madpy.records import Record

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
