/*
 * logregr_fit.c: what follows from the Hessian of a logistic regression: Newton's step, and what is said of the maximum.
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed., section 4.2.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "numeric/eigenvalues.h"
#include "fmgr.h"
#include "engine/kernel.h"
#include "logregr.h"
#include "miscadmin.h"

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

static void
factor_free(Factor *f)
{
	pfree(f->scale);
	pfree(f->lower);
	pfree(f->inverse);
}

/*
 * Solve H x = b, whose place x takes; a coefficient that H does not tell from those before it is 0.  Before `from` b is
 * zero and x is not looked for.
 */
static void
solve(const Factor *f, double *x, int from)
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

/* Newton's step: x goes in as the gradient, and comes out as H^-1 x.  The smallest pivot, of features that have one. */
double
newton_step(const double *hessian, int k, double *x)
{
	Factor		f = factorize(hessian, k);
	double		smallest = 1;

	solve(&f, x, 0);
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

/* --- estimates --- */

#define AT(matrix, k, i, j) ((matrix)[(Size) (i) * (k) + (j)])

/*
 * One group.  What is asked: the first feature where it is constant, else 0; the coefficients of features less their
 * shifts; the shifts, NaN where there is no coefficient; the Hessian, a triangle; and one R with R'R its inverse, where
 * that is known to more digits than the Hessian, else NaN.
 */
typedef struct Fit
{
	int			k;
	double	   *coef;			/* of the features as they are */
	double	   *back;			/* shifts over the first feature: the first coefficient has so much of each other too much */
	bool	   *kept;
	bool	   *known;			/* and has a place in the inverse */
	double	   *hessian;		/* full, of the kept features as they came; destroyed for the condition number */
	double	   *covariance;		/* full, of coef */
} Fit;

static int64
numbers_asked(int k)
{
	return 1 + 2 * (int64) k + (int64) k * (k + 1);
}

/* The condition number, then k of each: coefficients, standard errors, z, p, odds ratios; then the covariance. */
static int64
numbers_told(int k)
{
	return 1 + 5 * (int64) k + (int64) k * k;
}

static Fit
fit_new(int k)
{
	return (Fit) {
		.k = k,
		.coef = palloc(k * sizeof(double)),
		.back = palloc(k * sizeof(double)),
		.kept = palloc(k * sizeof(bool)),
		.known = palloc(k * sizeof(bool)),
		.hessian = palloc((Size) k * k * sizeof(double)),
		.covariance = palloc((Size) k * k * sizeof(double)),
	};
}

static void
mirror(double *matrix, int k)
{
	for (int i = 0; i < k; i++)
		for (int j = 0; j < i; j++)
			AT(matrix, k, i, j) = AT(matrix, k, j, i);
}

/* The covariance: the inverse of the Hessian, turned to features as they are. */
static void
invert(Fit *fit, const double *triangle)
{
	int			k = fit->k;
	Factor		f = factorize(triangle, k);
	double	   *c = fit->covariance;

	for (int j = 0; j < k; j++)
	{
		CHECK_FOR_INTERRUPTS();
		fit->known[j] = f.inverse[j] > 0;
		memset(&AT(c, k, j, 0), 0, k * sizeof(double));
		AT(c, k, j, j) = 1;
		solve(&f, &AT(c, k, j, 0), j);
	}
	factor_free(&f);
	mirror(c, k);
	for (int j = 0; j < k; j++)
		AT(c, k, 0, j) -= dot(fit->back, &AT(c, k, j, 0), k);
	AT(c, k, 0, 0) -= dot(fit->back, c, k);
	for (int i = 1; i < k; i++)
		AT(c, k, i, 0) = AT(c, k, 0, i);
}

/* Compute the covariance from a root of the inverse, which is turned itself: nothing large is subtracted. */
static void
square(Fit *fit, double *root)
{
	int			k = fit->k;

	memset(fit->covariance, 0, (Size) k * k * sizeof(double));
	memcpy(fit->known, fit->kept, k * sizeof(bool));
	for (int m = 0; m < k; m++)
	{
		double	   *row = ROW(root, m);

		CHECK_FOR_INTERRUPTS();
		row[0] -= dot(fit->back, row, m + 1);
		for (int i = 0; i <= m; i++)
			for (int j = i; j <= m; j++)
				AT(fit->covariance, k, i, j) += row[i] * row[j];
	}
	mirror(fit->covariance, k);
}

/* The Hessian of features as they are; what is left out has none. */
static void
take_hessian(Fit *fit, double *triangle)
{
	int			k = fit->k;
	double	   *h = fit->hessian;

	for (int i = 0; i < k; i++)
		for (int j = 0; j <= i; j++)
		{
			if (!fit->kept[i] || !fit->kept[j])
				ROW(triangle, i)[j] = 0;
			AT(h, k, i, j) = AT(h, k, j, i) = ROW(triangle, i)[j];
		}
	for (int i = 1; i < k; i++)
		for (int j = 0; j < k; j++)
			AT(h, k, i, j) += fit->back[i] * AT(h, k, 0, j);
	for (int i = 0; i < k; i++)
		for (int j = 1; j < k; j++)
			AT(h, k, i, j) += AT(h, k, i, 0) * fit->back[j];
}

/* By singular values, of the features, each row times the root of its weight p (1 - p). */
static double
condition(Fit *fit)
{
	int			k = fit->k;
	int			rank = 0;
	int			kept = 0;

	for (int i = 0; i < k; i++)
	{
		kept += fit->kept[i];
		rank += fit->known[i];
	}
	if (rank < kept || rank == 0)
		return rank == 0 ? NAN : INFINITY;
	for (int i = 0, a = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			if (fit->known[i] && fit->known[j])
			{
				fit->hessian[a] = AT(fit->hessian, k, i, j);
				fit->covariance[a++] = AT(fit->covariance, k, i, j);
			}
	return sqrt(largest_eigenvalue(fit->hessian, rank)) * sqrt(largest_eigenvalue(fit->covariance, rank));
}

static void
estimate(Fit *fit, double *asked, double *told)
{
	int			k = fit->k;
	double	   *coef = told + 1;
	double	   *covariance = coef + 5 * (Size) k;
	double	   *triangle = asked + 1 + 2 * (Size) k;
	double	   *root = triangle + (Size) k * (k + 1) / 2;

	for (int j = 0; j < k; j++)
	{
		double		shift = asked[1 + k + j];

		fit->kept[j] = !isnan(shift);
		fit->coef[j] = fit->kept[j] ? asked[1 + j] : 0;
		fit->back[j] = fit->kept[j] && asked[0] != 0 && j > 0 ? shift / asked[0] : 0;
	}
	fit->coef[0] -= dot(fit->back, fit->coef, k);
	take_hessian(fit, triangle);
	if (isnan(root[0]))
		invert(fit, triangle);
	else
		square(fit, root);
	for (int i = 0; i < k; i++)
	{
		for (int j = 0; j < k; j++)
			AT(covariance, k, i, j) = fit->known[i] && fit->known[j] ? AT(fit->covariance, k, i, j) : NAN;
		coef[i] = fit->kept[i] ? fit->coef[i] : NAN;
		coef[k + i] = sqrt(AT(covariance, k, i, i));
		coef[2 * k + i] = coef[i] / coef[k + i];
		coef[3 * k + i] = erfc(fabs(coef[2 * k + i]) / M_SQRT2);
		coef[4 * k + i] = exp(coef[i]);
	}
	told[0] = condition(fit);
}

/* logregr_estimate(data, first, k): what is said of the fit whose numbers begin there in data, counted from 0. */
PG_FUNCTION_INFO_V1(logregr_estimate);
Datum
logregr_estimate(PG_FUNCTION_ARGS)
{
	bytea	   *data = PG_GETARG_BYTEA_PP(0);
	int64		first = PG_GETARG_INT32(1);
	int			k = PG_GETARG_INT32(2);
	int64		numbers = VARSIZE_ANY_EXHDR(data) / sizeof(double);
	Size		size;
	double	   *asked;
	double	   *told;
	bytea	   *result;
	Fit			fit;

	if (first < 0 || k < 1 || k > MAX_COLUMNS || first + numbers_asked(k) > numbers)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no fit of %d coefficients at number %lld of %lld", k, (long long) first,
						(long long) numbers)));
	size = numbers_asked(k) * sizeof(double);
	asked = memcpy(palloc(size), VARDATA_ANY(data) + first * sizeof(double), size);
	size = numbers_told(k) * sizeof(double);
	told = palloc(size);
	fit = fit_new(k);
	estimate(&fit, asked, told);
	result = palloc(VARHDRSZ + size);
	SET_VARSIZE(result, VARHDRSZ + size);
	memcpy(VARDATA(result), told, size);
	PG_RETURN_POINTER(result);
}
