"""Names of nb.h."""

C_HEADER = "nb/nb.h"

MODEL_BAYES = 2
