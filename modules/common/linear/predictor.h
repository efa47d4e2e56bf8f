/*
 * predictor.h: computes the linear predictor of a row, for every method with coefficients.
 */
#ifndef MADPY_PREDICTOR_H
#define MADPY_PREDICTOR_H

#include "postgres.h"
#include "fmgr.h"

/*
 * Computes the linear predictor from the arguments coef, x and aliases of an SQL function; returns false if the row has
 * none.  `tolerance` is the relative tolerance for an aliased term to be the combination of terms that it was in training.
 * With `with_offset`, x may have one element more than coef, which is added.
 */
extern bool linear_predictor(FunctionCallInfo fcinfo, double tolerance, bool with_offset, double *result);

#endif
