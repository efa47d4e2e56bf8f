"""Names of sk.h."""

C_HEADER = "sk/sk.h"

MODEL_SK = 3
