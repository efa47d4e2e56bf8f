"""Levels of categories as one value, as src/engine/known.h declares its head."""

C_HEADER = "engine/known.h"

KNOWN_MAGIC = 0x6C70646D
PACKED_LEVELS = {"magic": "I", "columns": "i", "indicators": "i"}
KNOWN_NUMBER = -1  # of a column of numbers, in place of the number of its levels
