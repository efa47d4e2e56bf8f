"""Figures of several fits together, and which of them go on.  Pure: no database, no worker."""

import math
from collections.abc import Mapping, Sequence

MEANS = ("accuracy",)  # the mean over rows is the figure of all rows
ROOTS = ("rmse",)  # the root of such a mean


def pooled(
    metrics: Sequence[Mapping[str, float | None] | None], rows: Sequence[float]
) -> dict[str, float | None] | None:
    """Return the figures of all groups, from those of each and its rows; None without a fit.

    A figure that does not follow from those of the groups, such as r2, is left out of several groups.
    """
    known = [(one, count) for one, count in zip(metrics, rows, strict=True) if one is not None]
    if len(known) < 2:
        return dict(known[0][0]) if known else None
    total = sum(count for _, count in known)
    result: dict[str, float | None] = {}
    for name in (*MEANS, *ROOTS):
        if all(one.get(name) is not None for one, _ in known):
            power = 2 if name in ROOTS else 1
            mean = sum(count * float(one[name] or 0) ** power for one, count in known) / total
            result[name] = float(mean ** (1 / power))
    return result


def rungs(candidates: int, rows: int, factor: int, min_rows: int) -> list[int]:
    """Return how many rows each rung of successive halving has: the last one all, the first one the least.

    There are as many rungs as candidates or rows allow (Jamieson & Talwalkar 2016).
    """
    count, left, part = 1, candidates, rows // factor
    while left > 1 and part >= min_rows:
        count, left, part = count + 1, math.ceil(left / factor), part // factor
    return [rows // factor**n for n in reversed(range(count))]


def ranked(scores: Sequence[float | None], *, is_lower_better: bool) -> list[int]:
    """Return the positions of scores, the best one first and None last; equal ones keep their order."""
    sign = 1 if is_lower_better else -1
    worst = (1, 0.0)
    return sorted(
        range(len(scores)),
        key=lambda n: worst if (score := scores[n]) is None else (0, sign * score),
    )
