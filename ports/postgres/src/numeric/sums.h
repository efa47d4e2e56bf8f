/*
 * sums.h: compensated sums over columns, with errors of about 2^-104 of the sum of absolute values.
 */
#ifndef MADPY_SUMS_H
#define MADPY_SUMS_H

#include "dd.h"

/* Number of independent sums, which fill a vector register.  All numbers of rows below are multiples of it. */
#define LANES 4

extern dd	column_sum(const double *restrict a, int rows);
extern dd	column_product(const double *restrict a, const double *restrict b, int rows);
extern dd	column_product_low(const double *restrict a, const double *restrict low, const double *restrict b, int rows);
extern dd	column_product_lows(const double *restrict a, const double *restrict a_low,
								const double *restrict b, const double *restrict b_low, int rows);
extern void column_times(const double *restrict a, const double *restrict b, const double *restrict b_low, int rows,
						 double *restrict high, double *restrict low);
extern bool column_minus(const double *restrict a, double pivot, int rows,
						 double *restrict high, double *restrict low);

#endif
