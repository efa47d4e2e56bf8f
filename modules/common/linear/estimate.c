/*
 * estimate.c: computes coefficients, standard errors and tests from the Hessian of a fit by maximum likelihood.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "estimate.h"
#include "hessian.h"
#include "engine/kernel.h"
#include "miscadmin.h"
#include "numeric/distributions.h"
#include "numeric/eigenvalues.h"

#define AT(matrix, k, i, j) ((matrix)[(Size) (i) * (k) + (j)])

/*
 * The fit of one group.  The input is: the value of the first feature if that is constant, else 0; the coefficients of the
 * features less their shifts; the shifts, NaN for a feature without a coefficient; the lower triangle of the Hessian; and a
 * triangle R with R'R the inverse of the Hessian, if it has more digits than the Hessian, else NaN.
 */
typedef struct Fit
{
	int			k;
	double	   *coef;			/* coefficients of the features without shifts */
	double	   *back;			/* shifts divided by the first feature: coef[0] includes each other coefficient times this */
	bool	   *kept;			/* whether the feature has a coefficient */
	bool	   *known;			/* whether it also has a row in the inverse */
	double	   *hessian;		/* full matrix, of the kept features without shifts; destroyed by condition() */
	double	   *covariance;		/* full matrix, of `coef` */
} Fit;

static int64
numbers_asked(int k)
{
	return 1 + 2 * (int64) k + (int64) k * (k + 1);
}

/*
 * Returns a copy of the input of a fit of k coefficients, with `more` numbers of the caller before it, from position `first`
 * in `data` on, counted from 0.  Raises an error if `data` is too short.
 */
double *
fit_argument(bytea *data, int64 first, int k, int more)
{
	int64		numbers = VARSIZE_ANY_EXHDR(data) / sizeof(double);
	Size		size;

	if (first < 0 || k < 1 || k > MAX_COLUMNS || first + more + numbers_asked(k) > numbers)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no fit of %d coefficients at number %lld of %lld", k, (long long) first,
						(long long) numbers)));
	size = (more + numbers_asked(k)) * sizeof(double);
	return memcpy(palloc(size), VARDATA_ANY(data) + first * sizeof(double), size);
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

/* Computes the covariance as the inverse of the Hessian, then converts it to features without shifts. */
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
		factor_solve(&f, &AT(c, k, j, 0), j);
	}
	factor_free(&f);
	mirror(c, k);
	for (int j = 0; j < k; j++)
		AT(c, k, 0, j) -= dot(fit->back, &AT(c, k, j, 0), k);
	AT(c, k, 0, 0) -= dot(fit->back, c, k);
	for (int i = 1; i < k; i++)
		AT(c, k, i, 0) = AT(c, k, 0, i);
}

/* Computes the covariance as R'R.  R is converted to features without shifts before, so that no large numbers cancel. */
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

/* Sets the Hessian of the features without shifts; rows of features without a coefficient are 0. */
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

/* Returns the condition number, by singular values, of the features with each row times the root of its weight in IRLS. */
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

/* Computes all figures of a fit; destroys `asked`, from fit_argument().  `df` is that of the t tests, infinite for z tests. */
void
estimate_fit(double *asked, int k, double dispersion, double df, const Estimates *said)
{
	Fit			fit = fit_new(k);
	double	   *triangle = asked + 1 + 2 * (Size) k;
	double	   *root = triangle + (Size) k * (k + 1) / 2;

	for (int j = 0; j < k; j++)
	{
		double		shift = asked[1 + k + j];

		fit.kept[j] = !isnan(shift);
		fit.coef[j] = fit.kept[j] ? asked[1 + j] : 0;
		fit.back[j] = fit.kept[j] && asked[0] != 0 && j > 0 ? shift / asked[0] : 0;
	}
	fit.coef[0] -= dot(fit.back, fit.coef, k);
	take_hessian(&fit, triangle);
	if (isnan(root[0]))
		invert(&fit, triangle);
	else
		square(&fit, root);
	for (int i = 0; i < k; i++)
	{
		double		t;

		for (int j = 0; j < k; j++)
			AT(said->covariance, k, i, j) =
				fit.known[i] && fit.known[j] ? dispersion * AT(fit.covariance, k, i, j) : NAN;
		said->coef[i] = fit.kept[i] ? fit.coef[i] : NAN;
		said->std_err[i] = sqrt(AT(said->covariance, k, i, i));
		t = said->coef[i] / said->std_err[i];
		said->stats[i] = t;
		said->p_values[i] = isinf(df) || isnan(t) ? erfc(fabs(t) / M_SQRT2) : t_two_sided(t, df);
	}
	*said->condition_no = condition(&fit);
}

/*
 * linear_estimate(data, first, k): returns the figures of a fit as doubles: the condition number, then k of each:
 * coefficients, standard errors, z or t statistics, p-values; then the covariance.  From position `first` on, counted from
 * 0, `data` has the dispersion, the degrees of freedom of t (infinite for z), and the input of the fit (see Fit).
 */
PG_FUNCTION_INFO_V1(linear_estimate);
Datum
linear_estimate(PG_FUNCTION_ARGS)
{
	int			k = PG_GETARG_INT32(2);
	double	   *asked = fit_argument(PG_GETARG_BYTEA_PP(0), PG_GETARG_INT32(1), k, 2);
	Size		size = VARHDRSZ + (1 + 4 * (Size) k + (Size) k * k) * sizeof(double);
	bytea	   *result = palloc(size);
	double	   *numbers = palloc(size);
	double	   *vectors = numbers + 1;
	Estimates	said = {numbers, vectors, vectors + k, vectors + 2 * (Size) k, vectors + 3 * (Size) k, vectors + 4 * (Size) k};

	estimate_fit(asked + 2, k, asked[0], asked[1], &said);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), numbers, size - VARHDRSZ);
	PG_RETURN_POINTER(result);
}
