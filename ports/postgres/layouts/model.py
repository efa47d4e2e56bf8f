"""A packed model, as src/engine/model.h declares it."""

C_HEADER = "engine/model.h"

MODEL_MAGIC = b"MADM"
MODEL_VERSION = 1
MAX_ARRAYS = 16
ARRAY_DOUBLES = 0
ARRAY_INTEGERS = 1
MODEL_ALIGNMENT = 8  # the JSON and each array are padded with zeros to a multiple of these bytes
MODEL_HEADER = {"magic": "4s", "version": "I", "method": "I", "narrays": "I", "json_bytes": "Q"}
ARRAY_HEADER = {"kind": "I", "zero": "I", "count": "Q"}
