/*
 * projects_models.h: the headers of all models that projects read, and the number of the tables that they carry.
 */
#ifndef MADPY_PROJECTS_MODELS_H
#define MADPY_PROJECTS_MODELS_H

#include "dtree/dtree_model.h"
#include "nb/nb.h"
#include "sk/sk_kinds.h"

/* Number of exported model tables in the header of packed models (config/Config.yml). */
#define MODEL_TABLE 6

#endif
