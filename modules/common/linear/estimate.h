/*
 * estimate.h: coefficients, their errors and tests, from the Hessian of a fit by maximum likelihood.
 */
#ifndef MADPY_ESTIMATE_H
#define MADPY_ESTIMATE_H

#include "postgres.h"

/* Where figures go: one number, k of each, k * k. */
typedef struct Estimates
{
	double	   *condition_no;
	double	   *coef;
	double	   *std_err;
	double	   *stats;			/* z or t */
	double	   *p_values;
	double	   *covariance;
} Estimates;

extern double *fit_argument(bytea *data, int64 first, int k, int more);
extern void estimate_fit(double *asked, int k, double dispersion, double df, const Estimates *said);

#endif
