"""Levels of categories as one value, as src/engine/known.h declares its head."""

C_HEADER = "engine/known.h"

KNOWN_MAGIC = 0x6C70646D
PACKED_LEVELS = {"magic": "I", "columns": "i", "indicators": "i"}
KNOWN_NUMBER = -1  # stands for the number of levels of a column of numbers
KNOWN_CODES = 0  # a kernel sees codes of a category
KNOWN_INDICATORS = 1
KNOWN_ALL_INDICATORS = 2
