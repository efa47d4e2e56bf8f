/*
 * logregr_fit.c: what follows from the Hessian of a logistic regression: Newton's step.
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed., section 4.2.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "logregr.h"
#include "miscadmin.h"

/* Row i of a lower triangle that is kept row by row. */
#define ROW(triangle, i) ((triangle) + (Size) (i) * ((i) + 1) / 2)

/* A Hessian whose diagonal was scaled to 1, as L L'; a row of L that the rows before explain is zero. */
typedef struct Factor
{
	int			k;
	double	   *scale;			/* k */
	double	   *lower;			/* L, a triangle */
} Factor;

static double
dot(const double *a, const double *b, int n)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static Factor
factorize(const double *hessian, int k)
{
	Factor		f = {k, palloc(k * sizeof(double)), palloc((Size) k * (k + 1) / 2 * sizeof(double))};

	for (int i = 0; i < k; i++)
	{
		double	   *row = ROW(f.lower, i);
		double		length = ROW(hessian, i)[i];
		double		left;

		CHECK_FOR_INTERRUPTS();
		f.scale[i] = length > 0 ? 1 / sqrt(length) : 0;
		for (int j = 0; j < i; j++)
		{
			const double *other = ROW(f.lower, j);

			row[j] = other[j] > 0 ? (ROW(hessian, i)[j] * f.scale[i] * f.scale[j] - dot(row, other, j)) / other[j] : 0;
		}
		left = (length > 0 ? 1 : 0) - dot(row, row, i);
		row[i] = left > k * DBL_EPSILON ? sqrt(left) : 0;
	}
	return f;
}

static void
factor_free(Factor *f)
{
	pfree(f->scale);
	pfree(f->lower);
}

/* Solve H x = b, whose place x takes; a coefficient that H does not tell from those before it is 0. */
static void
solve(const Factor *f, double *x)
{
	for (int i = 0; i < f->k; i++)
	{
		const double *row = ROW(f->lower, i);

		x[i] = row[i] > 0 ? (x[i] * f->scale[i] - dot(row, x, i)) / row[i] : 0;
	}
	for (int i = f->k - 1; i >= 0; i--)
	{
		const double *row = ROW(f->lower, i);

		x[i] = row[i] > 0 ? x[i] / row[i] : 0;
		for (int j = 0; j < i; j++)
			x[j] -= row[j] * x[i];
	}
	for (int i = 0; i < f->k; i++)
		x[i] *= f->scale[i];
}

/* Newton's step: x goes in as the gradient, and comes out as H^-1 x. */
void
newton_step(const double *hessian, int k, double *x)
{
	Factor		f = factorize(hessian, k);

	solve(&f, x);
	for (int i = 0; i < k; i++)
		if (!isfinite(x[i]))
			x[i] = 0;
	factor_free(&f);
}
