/*
 * robust.c: standard errors, t tests and the test of all slopes with a heteroskedasticity-consistent covariance.
 *
 * Sources: MacKinnon & White (1985), Journal of Econometrics 29; Wooldridge, Introductory Econometrics, 8-2.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "numeric/distributions.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"

/* Returns the numbers of an array, with NaN for NULL. */
static double *
numbers_of(ArrayType *array, int64 expected)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;
	double	   *numbers;

	if (ARR_ELEMTYPE(array) != FLOAT8OID || ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) != expected)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("coefficients, covariance and constants do not belong together")));
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, &n);
	numbers = palloc(n * sizeof(double));
	for (int i = 0; i < n; i++)
		numbers[i] = nulls[i] ? NAN : DatumGetFloat8(values[i]);
	pfree(values);
	pfree(nulls);
	return numbers;
}

static Datum
array_of(const double *numbers, int ndim, int k)
{
	int			dims[2] = {k, k};
	int			lower[2] = {1, 1};
	int			n = ArrayGetNItems(ndim, dims);
	Datum	   *values = palloc(n * sizeof(Datum));
	bool	   *nulls = palloc(n * sizeof(bool));
	ArrayType  *array;

	for (int i = 0; i < n; i++)
	{
		values[i] = Float8GetDatum(numbers[i]);
		nulls[i] = isnan(numbers[i]);
	}
	array = construct_md_array(values, nulls, ndim, dims, lower,
							   FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	pfree(values);
	pfree(nulls);
	return PointerGetDatum(array);
}

static void
swap(double *a, double *b)
{
	double		was = *a;

	*a = *b;
	*b = was;
}

/*
 * Returns t' R^-1 t for a symmetric q x q matrix R with 1 in the diagonal, by elimination with the largest pivot first; NaN if
 * the rank of R is below q.  Destroys r and t.
 */
static double
quadratic_form(double *r, double *t, int q)
{
	double		norm = 0;
	double		sum = 0;

	for (int i = 0; i < q; i++)
	{
		double		row = 0;

		for (int j = 0; j < q; j++)
			row += fabs(r[(Size) i * q + j]);
		norm = Max(norm, row);
	}
	for (int s = 0; s < q; s++)
	{
		double	   *row = r + (Size) s * q;
		int			p = s;

		CHECK_FOR_INTERRUPTS();
		for (int i = s + 1; i < q; i++)
			if (r[(Size) i * q + i] > r[(Size) p * q + p])
				p = i;
		for (int j = 0; p != s && j < q; j++)
			swap(&row[j], &r[(Size) p * q + j]);
		for (int i = 0; p != s && i < q; i++)
			swap(&r[(Size) i * q + s], &r[(Size) i * q + p]);
		swap(&t[s], &t[p]);
		if (!(row[s] > q * DBL_EPSILON * norm))
			return NAN;
		sum += t[s] * t[s] / row[s];
		for (int i = s + 1; i < q; i++)
		{
			double	   *below = r + (Size) i * q;
			double		factor = row[i] / row[s];

			for (int j = s + 1; j < q; j++)
				below[j] -= factor * row[j];
			t[i] -= factor * t[s];
		}
	}
	return sum;
}

/*
 * Returns the F statistic of the hypothesis that the coefficients of all terms that are not constant are zero; aliased terms
 * are left out.  NaN if there are no such terms, or if their number is not df_model, because a combination of them is
 * constant.
 */
static double
wald(const double *coef, const double *covariance, const double *constants, int k, double df_model)
{
	int		   *kept = palloc(k * sizeof(int));
	int			q = 0;
	double	   *correlation;	/* not the covariance, so that the rank does not depend on units */
	double	   *t;

	for (int j = 0; j < k; j++)
		if ((isnan(constants[j]) || constants[j] == 0) && !isnan(coef[j]))
			kept[q++] = j;
	if (q == 0 || q != df_model)
		return NAN;
	correlation = palloc((Size) q * q * sizeof(double));
	t = palloc(q * sizeof(double));
	for (int i = 0; i < q; i++)
	{
		double		scale = sqrt(covariance[(Size) kept[i] * k + kept[i]]);

		if (!(scale > 0))
			return NAN;
		t[i] = coef[kept[i]] / scale;
		for (int j = 0; j < q; j++)
		{
			double		value = covariance[(Size) kept[i] * k + kept[j]];

			if (!isfinite(value))
				return NAN;
			correlation[(Size) i * q + j] = value / scale / sqrt(covariance[(Size) kept[j] * k + kept[j]]);
		}
	}
	return quadratic_form(correlation, t, q) / q;
}

/* Results of the SQL function, in their order. */
enum
{
	STD_ERR, T_STATS, P_VALUES, COVARIANCE, F_STAT, F_P_VALUE, FIELDS
};

/* __regr_robust(coef, sandwich, num_rows, df_residual, df_model, constants): returns HC1 and the tests with it; NULL for NaN. */
PG_FUNCTION_INFO_V1(regr_robust);
Datum
regr_robust(PG_FUNCTION_ARGS)
{
	ArrayType  *terms = PG_GETARG_ARRAYTYPE_P(0);
	int			k = ArrayGetNItems(ARR_NDIM(terms), ARR_DIMS(terms));
	double	   *coef = numbers_of(terms, k);
	double	   *covariance = numbers_of(PG_GETARG_ARRAYTYPE_P(1), (int64) k * k);
	double	   *constants = numbers_of(PG_GETARG_ARRAYTYPE_P(5), k);
	double		rows = PG_GETARG_INT64(2);
	double		df_residual = PG_GETARG_INT64(3);
	double		df_model = PG_GETARG_INT32(4);
	double		factor = df_residual > 0 ? rows / df_residual : NAN;
	double	   *std_err = palloc(3 * k * sizeof(double));
	double	   *t_stats = std_err + k;
	double	   *p_values = t_stats + k;
	double		f_stat;
	double		f_p_value;
	TupleDesc	tupdesc;
	Datum		values[FIELDS];
	bool		nulls[FIELDS] = {0};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != FIELDS)
		elog(ERROR, "regr_robust does not return its record");
	for (Size i = 0; i < (Size) k * k; i++)
		covariance[i] *= factor;
	for (int j = 0; j < k; j++)
	{
		std_err[j] = sqrt(covariance[(Size) j * k + j]);
		t_stats[j] = coef[j] / std_err[j];
		p_values[j] = t_two_sided(t_stats[j], df_residual);
	}
	f_stat = wald(coef, covariance, constants, k, df_model);
	f_p_value = f_upper(f_stat, df_model, df_residual);

	values[STD_ERR] = array_of(std_err, 1, k);
	values[T_STATS] = array_of(t_stats, 1, k);
	values[P_VALUES] = array_of(p_values, 1, k);
	values[COVARIANCE] = array_of(covariance, 2, k);
	values[F_STAT] = Float8GetDatum(f_stat);
	values[F_P_VALUE] = Float8GetDatum(f_p_value);
	nulls[F_STAT] = isnan(f_stat);
	nulls[F_P_VALUE] = isnan(f_p_value);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
