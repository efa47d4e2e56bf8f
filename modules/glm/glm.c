/*
 * glm.c: the kernel "glm": a pass of common/linear/irls.h with the model of common/linear/family_pass.c.
 */
#include "postgres.h"

#include "fmgr.h"
#include "common/linear/families.h"

IRLS_KERNEL(glm, 41, family_model)
MADPY_KERNEL(glm)
