/*
 * estimate.h: computes coefficients, standard errors and tests from the Hessian of a fit by maximum likelihood.
 */
#ifndef MADPY_ESTIMATE_H
#define MADPY_ESTIMATE_H

#include "postgres.h"

/* Pointers to the results: the condition number, k numbers for each of the next four, and k * k for the covariance. */
typedef struct Estimates
{
	double	   *condition_no;
	double	   *coef;
	double	   *std_err;
	double	   *stats;			/* z or t statistics */
	double	   *p_values;
	double	   *covariance;
} Estimates;

extern double *fit_argument(bytea *data, int64 first, int k, int more);
extern void estimate_fit(double *asked, int k, double dispersion, double df, const Estimates *said);

#endif
