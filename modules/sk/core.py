"""Figures of several fits together.  Pure: no database, no worker."""

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
