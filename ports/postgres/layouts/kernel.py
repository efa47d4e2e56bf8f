"""The state of a kernel, as src/engine/kernel.h declares it, without the length word of its bytea."""

import numpy as np

C_HEADER = "engine/kernel.h"

STATE_MAGIC = 0x7470646D
STATE_VERSION = 1
TAIL_ROWS = 128
MAX_COLUMNS = 2000
MAX_PARAMS = 1024 * 1024
STATE = np.dtype(
    [
        ("magic", "<u4"),
        ("version", "<u2"),
        ("kernel", "<u2"),
        ("ncols", "<i4"),
        ("nparams", "<i4"),
        ("tail_rows", "<i4"),
        ("tail_capacity", "<i4"),
        ("tail_columns", "<i4"),
        ("rows_used", "<i8"),
        ("rows_skipped", "<i8"),
    ]
)
