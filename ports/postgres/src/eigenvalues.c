/*
 * eigenvalues.c: the largest eigenvalue of a symmetric matrix: Householder's tridiagonal form and Sturm sequences.
 *
 * Golub & Van Loan, Matrix Computations, 4th ed., 8.3.1 and 8.4.1.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "eigenvalues.h"
#include "miscadmin.h"

#define AT(matrix, n, i, j) ((matrix)[(Size) (i) * (n) + (j)])

/* Householder: a symmetric n x n matrix, destroyed, to a diagonal and the squares of the elements beside it. */
static void
tridiagonalize(double *a, int n, double *diagonal, double *beside)
{
	double	   *v = palloc(n * sizeof(double));
	double	   *w = palloc(n * sizeof(double));

	for (int c = 0; c < n; c++)
	{
		double		norm = 0;
		double		scale;
		double		vw = 0;

		CHECK_FOR_INTERRUPTS();
		diagonal[c] = AT(a, n, c, c);
		for (int i = c + 1; i < n; i++)
			norm += AT(a, n, i, c) * AT(a, n, i, c);
		beside[c] = norm;
		norm = sqrt(norm);
		if (norm == 0 || c + 2 >= n)
			continue;
		for (int i = c + 1; i < n; i++)
			v[i] = AT(a, n, i, c);
		v[c + 1] += v[c + 1] > 0 ? norm : -norm;
		scale = 1 / (norm * fabs(v[c + 1]));	/* 2 / v'v */
		for (int i = c + 1; i < n; i++)
		{
			w[i] = 0;
			for (int j = c + 1; j < n; j++)
				w[i] += AT(a, n, i, j) * v[j];
			w[i] *= scale;
			vw += v[i] * w[i];
		}
		for (int i = c + 1; i < n; i++)
			w[i] -= scale * vw / 2 * v[i];
		for (int i = c + 1; i < n; i++)
			for (int j = c + 1; j < n; j++)
				AT(a, n, i, j) -= v[i] * w[j] + w[i] * v[j];
	}
	pfree(v);
	pfree(w);
}

/* The Sturm sequence of a tridiagonal matrix at x: whether an eigenvalue is above x, else p'(x) / p(x). */
static bool
sturm(const double *diagonal, const double *beside, int n, double x, double *slope)
{
	double		q = 1;
	double		dq = 0;

	*slope = 0;
	for (int i = 0; i < n; i++)
	{
		double		step = i > 0 ? beside[i - 1] / q : 0;

		dq = -1 + (i > 0 ? step * dq / q : 0);
		q = diagonal[i] - x - step;
		if (!(q < 0))
			return true;
		*slope += dq / q;
	}
	return false;
}

/*
 * The largest eigenvalue of a symmetric matrix that is not negative, which is destroyed: bisection brings it close, and
 * Newton's steps from above converge to it without passing it.
 */
double
largest_eigenvalue(double *a, int n)
{
	double	   *diagonal = palloc(n * sizeof(double));
	double	   *beside = palloc(n * sizeof(double));
	double		trace = 0;
	double		low = 0;
	double		high = 1 + n * DBL_EPSILON;
	double		slope;

	for (int i = 0; i < n; i++)
		trace += AT(a, n, i, i);
	for (int i = 0; i < n * n; i++)
		a[i] /= trace;			/* squares of elements are taken: in any unit */
	tridiagonalize(a, n, diagonal, beside);
	for (int i = 0; i < n; i++)
		low = Max(low, diagonal[i]);
	for (int step = 0; step < 6; step++)
	{
		double		middle = (low + high) / 2;

		if (sturm(diagonal, beside, n, middle, &slope))
			low = middle;
		else
			high = middle;
	}
	for (int step = 0; step < 100 && !sturm(diagonal, beside, n, high, &slope); step++)
	{
		double		lower = high - 1 / slope;

		if (!(lower < high * (1 - DBL_EPSILON)))
			break;
		high = lower;
	}
	pfree(diagonal);
	pfree(beside);
	return high * trace;
}
