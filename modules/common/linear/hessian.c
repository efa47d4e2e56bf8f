/*
 * hessian.c: solves systems of equations with the Hessian of a fit, a lower triangle stored row by row.
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed., section 4.2.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "hessian.h"
#include "miscadmin.h"

Factor
factorize(const double *hessian, int k)
{
	Factor		f = {
		.k = k,
		.scale = palloc(k * sizeof(double)),
		.lower = palloc((Size) k * (k + 1) / 2 * sizeof(double)),
		.inverse = palloc(k * sizeof(double)),
	};

	for (int i = 0; i < k; i++)
	{
		double	   *row = ROW(f.lower, i);
		double		length = ROW(hessian, i)[i];
		double		left;

		CHECK_FOR_INTERRUPTS();
		f.scale[i] = length > 0 ? 1 / sqrt(length) : 0;
		for (int j = 0; j < i; j++)
			row[j] = (ROW(hessian, i)[j] * f.scale[i] * f.scale[j] - dot(row, ROW(f.lower, j), j)) * f.inverse[j];
		left = (length > 0 ? 1 : 0) - dot(row, row, i);
		row[i] = left > k * DBL_EPSILON ? sqrt(left) : 0;
		f.inverse[i] = row[i] > 0 ? 1 / row[i] : 0;
	}
	return f;
}

void
factor_free(Factor *f)
{
	pfree(f->scale);
	pfree(f->lower);
	pfree(f->inverse);
}

/*
 * Replaces b in `x` by the solution of H x = b, from element `from` on; the elements of b before it must be 0.  The solution
 * is 0 for a column that is a linear combination of those before it.
 */
void
factor_solve(const Factor *f, double *x, int from)
{
	for (int i = from; i < f->k; i++)
	{
		const double *row = ROW(f->lower, i);

		x[i] = (x[i] * f->scale[i] - dot(row + from, x + from, i - from)) * f->inverse[i];
	}
	for (int i = f->k - 1; i >= from; i--)
	{
		const double *row = ROW(f->lower, i);

		x[i] *= f->inverse[i];
		for (int j = from; j < i; j++)
			x[j] -= row[j] * x[i];
	}
	for (int i = from; i < f->k; i++)
		x[i] *= f->scale[i];
}

/* Replaces the gradient x by Newton's step H^-1 x; returns the smallest pivot, without features whose diagonal is 0. */
double
newton_step(const double *hessian, int k, double *x)
{
	Factor		f = factorize(hessian, k);
	double		smallest = 1;

	factor_solve(&f, x, 0);
	for (int i = 0; i < k; i++)
	{
		if (!isfinite(x[i]))
			x[i] = 0;
		if (f.scale[i] > 0)
			smallest = Min(smallest, ROW(f.lower, i)[i] * ROW(f.lower, i)[i]);
	}
	factor_free(&f);
	return smallest;
}
