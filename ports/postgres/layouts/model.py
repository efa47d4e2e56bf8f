"""A packed model, as src/engine/model.h declares it."""

import numpy as np

C_HEADER = "engine/model.h"

MODEL_MAGIC = b"MADM"
MODEL_VERSION = 1
MAX_ARRAYS = 16
ARRAY_DOUBLES = 0
ARRAY_INTEGERS = 1
MODEL_ALIGNMENT = 8  # the JSON and each array are padded with zeros to a multiple of these bytes
MODEL_HEADER = np.dtype(
    [("magic", "S4"), ("version", "<u4"), ("method", "<u4"), ("narrays", "<u4"), ("json_bytes", "<u8")]
)
ARRAY_HEADER = np.dtype([("kind", "<u4"), ("zero", "<u4"), ("count", "<u8")])
