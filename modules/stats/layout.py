"""What is asked of a state of column_summary, as summary.h declares it."""

from enum import IntEnum

C_HEADER = "stats/summary.h"


class Sketch(IntEnum):
    """Sketches that a state has beside counts and moments."""

    SUMMARY_DISTINCT = 1
    SUMMARY_QUANTILES = 2
    SUMMARY_FREQUENT = 4
