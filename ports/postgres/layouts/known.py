"""Levels of categories as one value, as src/engine/known.h declares its head."""

C_HEADER = "engine/known.h"

KNOWN_MAGIC = 0x6C70646D
PACKED_LEVELS = {"magic": "I", "columns": "i", "indicators": "i"}
KNOWN_NUMBER = -1  # of a column of numbers, in place of the number of its levels
KNOWN_CODES = 0  # what a kernel sees of a category
KNOWN_INDICATORS = 1
KNOWN_ALL_INDICATORS = 2
