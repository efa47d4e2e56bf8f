"""Names of projects_models.h."""

C_HEADER = "projects/projects_models.h"

MODEL_TABLE = 6
