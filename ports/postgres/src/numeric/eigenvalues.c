/*
 * eigenvalues.c: the largest eigenvalue of a symmetric matrix, by Householder's tridiagonal form and Sturm sequences.
 *
 * Golub & Van Loan, Matrix Computations, 4th ed., 8.3.1 and 8.4.1; Laguerre's method: Wilkinson, The Algebraic
 * Eigenvalue Problem, chapter 7; its starting bound: Wolkowicz & Styan (1980), Linear Algebra Appl. 29, 471-506.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "dd.h"
#include "eigenvalues.h"
#include "miscadmin.h"

#define AT(matrix, n, i, j) ((matrix)[(Size) (i) * (n) + (j)])

/* Computes w = A v for the rows and columns `from` .. n - 1 of a symmetric matrix; the inner loop is along its rows. */
DD_INLINE void
times_vector(const double *a, int n, int from, const double *restrict v, double *restrict w)
{
	for (int i = from; i < n; i++)
		w[i] = 0;
	for (int j = from; j < n; j++)
	{
		const double *restrict row = &AT(a, n, j, 0);

		for (int i = from; i < n; i++)
			w[i] += row[i] * v[j];
	}
}

/* Reduces a symmetric n x n matrix, which is destroyed, to its diagonal and the squares of the elements beside it. */
DD_CLONES static void
tridiagonalize(double *a, int n, double *diagonal, double *beside)
{
	double	   *restrict v = palloc(n * sizeof(double));
	double	   *restrict w = palloc(n * sizeof(double));

	for (int c = 0; c < n; c++)
	{
		double		norm = 0;
		double		scale;
		double		vw = 0;

		CHECK_FOR_INTERRUPTS();
		diagonal[c] = AT(a, n, c, c);
		for (int i = c + 1; i < n; i++)
			norm += AT(a, n, c, i) * AT(a, n, c, i);
		beside[c] = norm;
		norm = sqrt(norm);
		if (norm == 0 || c + 2 >= n)
			continue;
		for (int i = c + 1; i < n; i++)
			v[i] = AT(a, n, c, i);
		v[c + 1] += v[c + 1] > 0 ? norm : -norm;
		scale = 1 / (norm * fabs(v[c + 1]));	/* 2 / v'v */
		times_vector(a, n, c + 1, v, w);
		for (int i = c + 1; i < n; i++)
		{
			w[i] *= scale;
			vw += v[i] * w[i];
		}
		for (int i = c + 1; i < n; i++)
			w[i] -= scale * vw / 2 * v[i];
		for (int i = c + 1; i < n; i++)
		{
			double	   *restrict row = &AT(a, n, i, 0);

			for (int j = c + 1; j < n; j++)
				row[j] -= v[i] * w[j] + w[i] * v[j];
		}
	}
	pfree(v);
	pfree(w);
}

/*
 * Computes the Sturm sequence of a tridiagonal matrix at x.  Returns true if an eigenvalue is not below x.  Else sets the
 * sums of 1 / (x - e) and of its square over the eigenvalues e: p'/p and -(p'/p)' of the characteristic polynomial p.
 */
static bool
sturm(const double *diagonal, const double *beside, int n, double x, double *sum, double *squares)
{
	double		inverse = 0;	/* 1 / q of the previous element, and the first and second derivative of q divided by q */
	double		first = 0;
	double		second = 0;

	*sum = *squares = 0;
	for (int i = 0; i < n; i++)
	{
		double		step = i > 0 ? beside[i - 1] * inverse : 0;
		double		q = diagonal[i] - x - step;

		if (!(q < 0))
			return true;
		inverse = 1 / q;
		second = step * (second - 2 * first * first) * inverse;
		first = (-1 + step * first) * inverse;
		*sum += first;
		*squares += first * first - second;
	}
	return false;
}

/* Returns an upper bound of n eigenvalues, none negative, that sum to 1 and whose squares have the given sum. */
static double
upper_bound(int n, double squares)
{
	double		mean = 1. / n;
	double		bound = mean + sqrt((n - 1) * mean * Max(0, squares - mean));

	return Min(bound, 1) * (1 + 4 * n * DBL_EPSILON);
}

/*
 * Returns the largest eigenvalue of a positive semidefinite matrix, which is destroyed.  Laguerre's steps from an upper
 * bound converge to it without passing it.
 */
double
largest_eigenvalue(double *a, int n)
{
	double	   *diagonal = palloc(n * sizeof(double));
	double	   *beside = palloc(n * sizeof(double));
	double		trace = 0;
	double		squares = 0;
	double		sum;
	double		high;

	for (int i = 0; i < n; i++)
		trace += AT(a, n, i, i);
	for (int i = 0; i < n * n; i++)
		a[i] /= trace;			/* so that squares of elements do not overflow in any unit */
	tridiagonalize(a, n, diagonal, beside);
	for (int i = 0; i < n; i++)
		squares += diagonal[i] * diagonal[i] + (i + 1 < n ? 2 * beside[i] : 0);
	high = upper_bound(n, squares);
	for (int step = 0; step < 100 && !sturm(diagonal, beside, n, high, &sum, &squares); step++)
	{
		double		lower = high - n / (sum + sqrt((n - 1) * Max(0, n * squares - sum * sum)));

		if (!(lower < high * (1 - DBL_EPSILON)))
			break;
		high = lower;
	}
	pfree(diagonal);
	pfree(beside);
	return high * trace;
}
