/*
 * logregr.h: logistic regression from the sums of its kernel.
 */
#ifndef MADPY_LOGREGR_H
#define MADPY_LOGREGR_H

#include "engine/kernel.h"

extern const Kernel logregr_kernel;

/* Newton's step H^-1 x in the place of x, k numbers; the Hessian is its lower triangle row by row. */
extern double newton_step(const double *hessian, int k, double *x);

#endif
