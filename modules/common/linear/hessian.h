/*
 * hessian.h: systems of equations with the Hessian of a fit, a lower triangle row by row.
 */
#ifndef MADPY_HESSIAN_H
#define MADPY_HESSIAN_H

#include "postgres.h"

/* Row i of a lower triangle that is kept row by row. */
#define ROW(triangle, i) ((triangle) + (Size) (i) * ((i) + 1) / 2)

/* A Hessian whose diagonal was scaled to 1, as L L'; where the rows before explain one, its pivot is zero. */
typedef struct Factor
{
	int			k;
	double	   *scale;			/* k */
	double	   *lower;			/* L, a triangle */
	double	   *inverse;		/* k: 1 / L[i][i], and 0 for 0 */
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

/* Newton's step H^-1 x in the place of x, k numbers; returns the smallest pivot. */
extern double newton_step(const double *hessian, int k, double *x);

#endif
