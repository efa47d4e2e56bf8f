/*
 * residuals.h: the kernels of the second pass of a regression.
 */
#ifndef MADPY_RESIDUALS_H
#define MADPY_RESIDUALS_H

#include "numeric/moments.h"

extern const Kernel meat_kernel;
extern const Kernel squared_residuals_kernel;

#endif
