"""Sketches that can be asked of column_summary, as summary.h declares them."""

from enum import IntEnum

C_HEADER = "stats/summary.h"


class Sketch(IntEnum):
    """Sketches that a state has besides counts and moments."""

    SUMMARY_DISTINCT = 1
    SUMMARY_QUANTILES = 2
    SUMMARY_FREQUENT = 4
