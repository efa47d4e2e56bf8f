"""The fractions of quantiles.  Pure: the figures of stats are computed in C (summary.h, sketch.h)."""

from collections.abc import Sequence

QUARTILES = (0.25, 0.5, 0.75)


def fractions(get_quartiles: bool, ntile_array: Sequence[float] | None) -> list[float]:
    """Return the fractions of the quantiles: quartiles first, if wanted, then those of `ntile_array`."""
    return [*(QUARTILES if get_quartiles else ()), *map(float, ntile_array or ())]
