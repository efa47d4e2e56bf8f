/*
 * predictor.h: a row scored by coefficients, for every method that has them.
 */
#ifndef MADPY_PREDICTOR_H
#define MADPY_PREDICTOR_H

#include "postgres.h"
#include "fmgr.h"

/*
 * The linear predictor of the arguments coef, x and aliases of a row function; false where there is none.  `tolerance`: how far a
 * row may be from what an aliased term was in training, relative to what is added up for it.  `with_offset`: x may have one
 * element more than coef, which is added.
 */
extern bool linear_predictor(FunctionCallInfo fcinfo, double tolerance, bool with_offset, double *result);

#endif
