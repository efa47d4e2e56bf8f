"""The state of column_summary, for tests that damage it."""

import numpy as np

C_HEADER = "stats/summary.h"

SUMMARY = np.dtype(
    [
        ("magic", "<u4"),
        ("version", "<u2"),
        ("kind", "u1"),
        ("wanted", "u1"),
        ("waiting", "<u4"),
        ("bytes", "<u4", (5,)),
        ("unused", "<u4"),
        ("rows", "<i8"),
        ("nulls", "<i8"),
        ("blanks", "<i8"),
        ("positive", "<i8"),
        ("negative", "<i8"),
        ("zeros", "<i8"),
        ("nans", "<i8"),
        ("infinite", "<i8"),
        ("minus_infinite", "<i8"),
        ("shortest", "<f8"),
        ("longest", "<f8"),
        ("moments", "<f8", (10,)),
    ]
)
