"""Names of dtree_model.h."""

C_HEADER = "dtree/dtree_model.h"

MODEL_TREE = 1
