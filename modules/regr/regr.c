/*
 * regr.c: the SQL functions of linear regression, which compute fits from states of moments.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "engine/bounds.h"
#include "catalog/pg_type.h"
#include "numeric/distributions.h"
#include "funcapi.h"
#include "engine/kernel.h"
#include "ols.h"
#include "residuals.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* All figures of a fit; NaN for a figure that is not defined. */
typedef struct Fit
{
	const Ols  *ols;
	double		df_residual;
	double		df_model;
	double		sigma2;
	double		r2;
	double	   *coef;
	double	   *std_err;
	double	   *t_stats;
	double	   *p_values;
} Fit;

/* Returns argument `number`: the number of the text column of each of k features, 0 for others; NULL if not given. */
static const int32 *
blocks_argument(FunctionCallInfo fcinfo, int number, int k)
{
	ArrayType  *array = PG_NARGS() <= number || PG_ARGISNULL(number) ? NULL : PG_GETARG_ARRAYTYPE_P(number);

	if (array == NULL || ARR_NDIM(array) == 0)
		return NULL;
	if (ARR_NDIM(array) != 1 || ARR_ELEMTYPE(array) != INT4OID || ARR_HASNULL(array) || ARR_DIMS(array)[0] != k)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("blocks must be an array of %d integers", k)));
	return (const int32 *) ARR_DATA_PTR(array);
}

static Fit
fit_of(const State *state, const int32 *blocks)
{
	Moments		moments = moments_of(state);
	const Ols  *ols = ols_fit(&moments, blocks);
	int			k = ols->k;
	Fit			fit = {.ols = ols};

	fit.df_residual = ols->rows - ols->rank;
	fit.df_model = ols->rank - (ols->intercept ? 1 : 0);
	fit.sigma2 = fit.df_residual > 0 ? dd_double(ols->rss) / fit.df_residual : NAN;
	fit.r2 = !(ols->tss.hi > 0) ? NAN
		: fit.df_model > 0 ? dd_double(dd_sub(dd_from(1), dd_div(ols->rss, ols->tss))) : 0;
	fit.coef = palloc(4 * k * sizeof(double));
	fit.std_err = fit.coef + k;
	fit.t_stats = fit.std_err + k;
	fit.p_values = fit.t_stats + k;
	for (int j = 0; j < k; j++)
	{
		if (ols->aliased[j])
		{
			fit.coef[j] = fit.std_err[j] = fit.t_stats[j] = fit.p_values[j] = NAN;
			continue;
		}
		fit.coef[j] = ols->coef[j];
		fit.std_err[j] = sqrt(fit.sigma2 * dd_double(half_at(ols->inverse, j, j))) * ols->units[j];
		fit.t_stats[j] = fit.coef[j] / fit.std_err[j];
		fit.p_values[j] = t_two_sided(fit.t_stats[j], fit.df_residual);
	}
	return fit;
}

/* Makes an array with NULL for NaN; faster than construct_md_array(), which matters with many groups. */
static Datum
number_array(const double *values, int ndim, int *dims)
{
	int			n = ArrayGetNItems(ndim, dims);
	int			nulls = 0;
	Size		head;
	Size		size;
	ArrayType  *array;
	double	   *to;

	if (n == 0)
		return PointerGetDatum(construct_empty_array(FLOAT8OID));
	for (int i = 0; i < n; i++)
		nulls += isnan(values[i]);
	head = nulls ? ARR_OVERHEAD_WITHNULLS(ndim, n) : ARR_OVERHEAD_NONULLS(ndim);
	size = head + (n - nulls) * sizeof(double);
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = ndim;
	array->dataoffset = nulls ? head : 0;
	array->elemtype = FLOAT8OID;
	for (int d = 0; d < ndim; d++)
	{
		ARR_DIMS(array)[d] = dims[d];
		ARR_LBOUND(array)[d] = 1;
	}
	to = (double *) ARR_DATA_PTR(array);
	if (nulls == 0)
		memcpy(to, values, n * sizeof(double));
	else
		for (int i = 0; i < n; i++)
			if (!isnan(values[i]))
			{
				ARR_NULLBITMAP(array)[i / 8] |= 1 << (i % 8);
				*to++ = values[i];
			}
	return PointerGetDatum(array);
}

static Datum
vector_datum(const double *values, int k)
{
	return number_array(values, 1, &k);
}

static Datum
covariance_datum(const Fit *fit)
{
	int			k = fit->ols->k;
	int			dims[2] = {k, k};
	double	   *values = palloc((Size) k * k * sizeof(double));

	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			values[(Size) i * k + j] = fit->ols->aliased[i] || fit->ols->aliased[j] ? NAN
				: fit->sigma2 * dd_double(half_at(fit->ols->inverse, i, j)) * fit->ols->units[i] * fit->ols->units[j];
	return number_array(values, 2, dims);
}

/* Returns a state of any kernel whose moments have a target in their last column. */
static State *
state_argument(FunctionCallInfo fcinfo, int number)
{
	bytea	   *value = aligned_bytes(PG_GETARG_BYTEA_P(number));
	const Kernel *kernel = VARSIZE(value) < offsetof(State, body) ? NULL : kernel_by_id(((State *) value)->kernel);

	if (kernel && kernel != &moments_kernel && kernel != &weighted_moments_kernel &&
		kernel != &squared_residuals_kernel)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a state of the kernel \"%s\" has no target to regress", kernel->name)));
	return state_folded(kernel ? kernel : &moments_kernel, value);
}

/* Sets field `field` of a record to a number, or to NULL for NaN. */
static void
put_number(Datum *values, bool *nulls, int field, double value)
{
	values[field] = Float8GetDatum(value);
	nulls[field] = isnan(value);
}

/* Fields of the SQL type regr_fit, in their order. */
enum
{
	COEF, R2, STD_ERR, T_STATS, P_VALUES, CONDITION_NO, ROWS_PROCESSED, ROWS_SKIPPED, COVARIANCE,
	ADJUSTED_R2, RESIDUAL_STD_ERR, F_STAT, F_P_VALUE, DF_MODEL, DF_RESIDUAL, HAS_INTERCEPT, FIELDS
};

static void
fill_record(const Fit *fit, Datum *values, bool *nulls)
{
	int			k = fit->ols->k;
	double		around = fit->ols->rows - (fit->ols->intercept ? 1 : 0);
	double		explained = dd_double(dd_sub(fit->ols->tss, fit->ols->rss));
	double		f_stat = fit->df_model > 0 && fit->ols->tss.hi > 0 ? explained / fit->df_model / fit->sigma2 : NAN;

	memset(nulls, false, FIELDS * sizeof(bool));
	values[COEF] = vector_datum(fit->coef, k);
	values[STD_ERR] = vector_datum(fit->std_err, k);
	values[T_STATS] = vector_datum(fit->t_stats, k);
	values[P_VALUES] = vector_datum(fit->p_values, k);
	values[COVARIANCE] = covariance_datum(fit);
	put_number(values, nulls, R2, fit->r2);
	put_number(values, nulls, CONDITION_NO, fit->ols->condition);
	put_number(values, nulls, ADJUSTED_R2,
			   fit->df_residual > 0 ? 1 - (1 - fit->r2) * around / fit->df_residual : NAN);
	put_number(values, nulls, RESIDUAL_STD_ERR, sqrt(fit->sigma2) * fit->ols->target_unit);
	put_number(values, nulls, F_STAT, f_stat);
	put_number(values, nulls, F_P_VALUE, f_upper(f_stat, fit->df_model, fit->df_residual));
	values[DF_MODEL] = Int32GetDatum((int32) fit->df_model);
	values[DF_RESIDUAL] = Int64GetDatum((int64) fit->df_residual);
	values[HAS_INTERCEPT] = BoolGetDatum(fit->ols->intercept);
}

/* regr_fit(state [, blocks]): the final function of regr_agg; `blocks` are the numbers of text columns, see ols_fit(). */
PG_FUNCTION_INFO_V1(regr_fit);
Datum
regr_fit(PG_FUNCTION_ARGS)
{
	State	   *state;
	TupleDesc	tupdesc;
	Datum		values[FIELDS] = {0};
	bool		nulls[FIELDS];

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = state_argument(fcinfo, 0);
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != FIELDS)
		elog(ERROR, "regr_fit does not return its record");
	memset(nulls, true, sizeof(nulls));
	if (state->rows_used > 0)
	{
		Fit			fit = fit_of(state, blocks_argument(fcinfo, 1, moments_of(state).m - 1));

		fill_record(&fit, values, nulls);
	}
	values[ROWS_PROCESSED] = Int64GetDatum(state->rows_used);
	values[ROWS_SKIPPED] = Int64GetDatum(state->rows_skipped);
	nulls[ROWS_PROCESSED] = nulls[ROWS_SKIPPED] = false;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/* Defines a final function of the aggregates mregr_coef, mregr_r2, ...: each returns one part of the fit. */
#define MREGR_FINAL(part, expression) \
PG_FUNCTION_INFO_V1(mregr_##part); \
Datum \
mregr_##part(PG_FUNCTION_ARGS) \
{ \
	State	   *state; \
	Fit			fit; \
	if (PG_ARGISNULL(0)) \
		PG_RETURN_NULL(); \
	state = state_argument(fcinfo, 0); \
	if (state->rows_used == 0) \
		PG_RETURN_NULL(); \
	fit = fit_of(state, NULL); \
	expression; \
}

MREGR_FINAL(coef, PG_RETURN_DATUM(vector_datum(fit.coef, fit.ols->k)))
MREGR_FINAL(tstats, PG_RETURN_DATUM(vector_datum(fit.t_stats, fit.ols->k)))
MREGR_FINAL(pvalues, PG_RETURN_DATUM(vector_datum(fit.p_values, fit.ols->k)))
MREGR_FINAL(r2, if (isnan(fit.r2)) PG_RETURN_NULL(); else PG_RETURN_FLOAT8(fit.r2))

/*
 * regr_sandwich(moments, meat, blocks): returns the heteroskedasticity-consistent covariance of the coefficients without a
 * correction for small samples (HC0), k x k; NULL for aliased terms.
 */
PG_FUNCTION_INFO_V1(regr_sandwich);
Datum
regr_sandwich(PG_FUNCTION_ARGS)
{
	State	   *state = state_argument(fcinfo, 0);
	State	   *meat_state = state_folded(&meat_kernel, PG_GETARG_BYTEA_P(1));
	Moments		moments = moments_of(state);
	Moments		meat = moments_of(meat_state);
	int			dims[2] = {moments.m - 1, moments.m - 1};
	Ols		   *ols;
	double	   *values;

	if (meat.m != moments.m - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("these states do not belong together")));
	ols = ols_fit(&moments, blocks_argument(fcinfo, 2, moments.m - 1));
	values = ols_sandwich(ols, &meat);
	for (int i = 0; i < ols->k; i++)
		for (int j = 0; j < ols->k; j++)
			if (ols->aliased[i] || ols->aliased[j])
				values[(Size) i * ols->k + j] = NAN;
	PG_RETURN_DATUM(number_array(values, 2, dims));
}

/* regr_aliases(moments, blocks): returns a row for each aliased term, with the weights of the terms that it combines. */
PG_FUNCTION_INFO_V1(regr_aliases);
Datum
regr_aliases(PG_FUNCTION_ARGS)
{
	State	   *state = state_argument(fcinfo, 0);
	Moments		moments;
	const int32 *blocks;
	const Ols  *ols;

	if (state->rows_used == 0)
		PG_RETURN_NULL();
	moments = moments_of(state);
	blocks = blocks_argument(fcinfo, 1, moments.m - 1);
	ols = ols_fit(&moments, blocks);
	if (ols->rank == ols->k)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(number_array(ols_aliases(ols, &moments, blocks), 2, (int[]) {ols->k - ols->rank, ols->k}));
}

/* regr_is_perfect(moments): returns whether the residuals may be rounding errors, by the bound of R's summary.lm(). */
PG_FUNCTION_INFO_V1(regr_is_perfect);
Datum
regr_is_perfect(PG_FUNCTION_ARGS)
{
	State	   *state = state_argument(fcinfo, 0);
	Fit			fit;
	double		variance;

	if (state->rows_used == 0)
		PG_RETURN_BOOL(false);
	fit = fit_of(state, NULL);
	variance = fit.sigma2 * fit.ols->target_unit * fit.ols->target_unit;
	PG_RETURN_BOOL(variance < PERFECT_FIT * fit.ols->target_square / fit.ols->rows);
}

/* regr_constants(moments): returns for each feature its value if that is the same in all rows, else NULL. */
PG_FUNCTION_INFO_V1(regr_constants);
Datum
regr_constants(PG_FUNCTION_ARGS)
{
	State	   *state = state_argument(fcinfo, 0);
	Moments		moments;
	int			k;
	double	   *values;

	if (state->rows_used == 0)
		PG_RETURN_NULL();
	moments = moments_of(state);
	k = moments.m - 1;
	values = palloc(Max(k, 1) * sizeof(double));
	for (int i = 0; i < k; i++)
		values[i] = moments.minima[i] == moments.maxima[i] ? moments.minima[i] : NAN;
	PG_RETURN_DATUM(number_array(values, 1, &k));
}
