/*
 * hessian.h: solves systems of equations with the Hessian of a fit, a lower triangle stored row by row.
 */
#ifndef MADPY_HESSIAN_H
#define MADPY_HESSIAN_H

#include "postgres.h"

/* Row i of a lower triangle that is stored row by row. */
#define ROW(triangle, i) ((triangle) + (Size) (i) * ((i) + 1) / 2)

/* The factor L of a Hessian L L' whose diagonal was scaled to 1.  A row that depends linearly on those before it has pivot 0. */
typedef struct Factor
{
	int			k;
	double	   *scale;			/* k: 1 / sqrt(diagonal) */
	double	   *lower;			/* L, a lower triangle */
	double	   *inverse;		/* k: 1 / L[i][i], 0 for a pivot of 0 */
} Factor;

static inline double
dot(const double *a, const double *b, int n)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

extern Factor factorize(const double *hessian, int k);
extern void factor_free(Factor *f);
extern void factor_solve(const Factor *f, double *x, int from);

/* Replaces the gradient x, k numbers, by Newton's step H^-1 x; returns the smallest pivot. */
extern double newton_step(const double *hessian, int k, double *x);

#endif
