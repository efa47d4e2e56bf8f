/*
 * model_cache.h: the decoded models of a session.
 *
 * A model of some megabytes takes milliseconds to read and check, more than it takes to score a row.  Statements that
 * score few rows therefore share what an earlier one has decoded.  A model is the same if its bytes are, or the value of a
 * TOAST table that the argument points to; and if the other arguments have the same types, because a checked model also
 * has what its method knows of these.
 *
 * A session keeps the models that it used last, few of them and of a limited size.  A model that a statement uses stays
 * until the statement ends, whatever its size.
 */
#ifndef MADPY_MODEL_CACHE_H
#define MADPY_MODEL_CACHE_H

#include "model.h"

/* Returns the model of the previous call of this FmgrInfo, if argument `arg` is the same; else NULL. */
extern Model *model_in_use(FunctionCallInfo fcinfo, int arg);

/* Returns the model in argument `arg` for use in this FmgrInfo, if the session has it; else NULL. */
extern Model *model_of_session(FunctionCallInfo fcinfo, int arg, void (*check) (Model *model));

/* Returns a zeroed model for argument `arg`; all that it points to has to be allocated in its memory context. */
extern Model *model_new(FunctionCallInfo fcinfo, int arg, void (*check) (Model *model));

/* Adds a complete model to those of the session, for use in this FmgrInfo. */
extern void model_add(FunctionCallInfo fcinfo, Model *model);

#endif
