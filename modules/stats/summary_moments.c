/*
 * summary_moments.c: the kernel "column_moments": means, covariances and correlations.
 *
 * The moments of moments.c over all columns of a block, which has no target.  A covariance is
 * (n sum(x y) - sum(x) sum(y)) / (n (n - 1)), in double-double: if means are far from zero, 16 of 32 digits cancel.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "engine/kernel.h"
#include "numeric/moments.h"
#include "utils/array.h"

static int64
columns_size(int ncols, int nparams)
{
	return moments_size(ncols);
}

static void
columns_start(State *state, const double *params)
{
	moments_start(state->body, state->ncols);
}

static void
columns_add(State *state, const RowBlock *block)
{
	const double *last;

	if (state->ncols == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this state is damaged")));
	last = block->columns[state->ncols - 1];
	/* the error of moments_add() would call the last column the target */
	for (int r = 0; r < block->rows; r++)
		if (!isfinite(last[r]))
			not_finite(state->ncols - 1, state->ncols + 1, last[r]);
	moments_add(state->body, state->ncols, block, NULL);
	state->rows_used += block->rows;
}

static void
columns_merge(State *into, const State *from)
{
	moments_merge(into->body, from->body, into->ncols);
}

const Kernel column_moments_kernel = {
	.name = "column_moments",
	.id = 11,
	.scalars = 0,
	.body_size = columns_size,
	.start = columns_start,
	.add = columns_add,
	.merge = columns_merge,
};
MADPY_KERNEL(column_moments)

/* Whether column i, 1 .. m, has one distinct value. */
static bool
is_constant(const Moments *moments, int i)
{
	return moments->minima[i - 1] == moments->maxima[i - 1];
}

static void
check_squares(const Moments *moments)
{
	for (int i = 1; i <= moments->m; i++)
	{
		double		square = moment(moments, i, i).hi;

		/* scatter() computes n times the square */
		if (isfinite(square * moments->rows) && (square > SMALLEST_SQUARE || is_constant(moments, i)))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("feature %d is too %s to be squared", i, square < 1 ? "small" : "large"),
				 errhint("Choose another unit: multiply by a power of ten.")));
	}
}

/* Returns n times the sum of (x_i - mean) (x_j - mean), i >= j; exactly 0 if one of the columns is constant. */
static dd
scatter(const Moments *moments, int i, int j)
{
	dd			n = dd_from((double) moments->rows);

	if (is_constant(moments, i) || is_constant(moments, j))
		return dd_from(0);
	return dd_sub(dd_mul(n, moment(moments, i, j)), dd_mul(moment(moments, i, 0), moment(moments, j, 0)));
}

static double
covariance(const Moments *moments, int i, int j)
{
	double		n = (double) moments->rows;
	dd			freedom = dd_mul(dd_from(n), dd_from(n - 1));

	return n > 1 ? dd_double(dd_div(scatter(moments, i, j), freedom)) : NAN;
}

/* Returns the square root of a positive number, by one step of Newton's method from that of a double. */
static dd
root(dd a)
{
	double		x = sqrt(a.hi);

	return fast_two_sum(x, dd_double(dd_sub(a, two_prod(x, x))) / (2 * x));
}

/* Returns a correlation, NaN if one of the columns is constant; `spread` has scatter(i, i) of each column. */
static double
correlation(const Moments *moments, const dd *spread, int i, int j)
{
	double		r;

	if (!(spread[i].hi > 0 && spread[j].hi > 0))
		return NAN;
	if (i == j)
		return 1;
	r = dd_double(dd_div(scatter(moments, i, j), dd_mul(root(spread[i]), root(spread[j]))));
	return r > 1 ? 1 : r < -1 ? -1 : r;
}

/* Returns an array without NULLs, whose elements are found without reading those before; sets `values` to its numbers. */
static ArrayType *
number_array(int ndim, int *dims, double **values)
{
	Size		bytes = ARR_OVERHEAD_NONULLS(ndim) + (Size) ArrayGetNItems(ndim, dims) * sizeof(double);
	ArrayType  *array = palloc0(bytes);

	SET_VARSIZE(array, bytes);
	array->ndim = ndim;
	array->elemtype = FLOAT8OID;
	for (int d = 0; d < ndim; d++)
	{
		ARR_DIMS(array)[d] = dims[d];
		ARR_LBOUND(array)[d] = 1;
	}
	*values = (double *) ARR_DATA_PTR(array);
	return array;
}

/* column_means(state): returns the mean of each column; NULL without rows */
PG_FUNCTION_INFO_V1(column_means);
Datum
column_means(PG_FUNCTION_ARGS)
{
	const State *state = state_folded(&column_moments_kernel, PG_GETARG_BYTEA_P(0));
	Moments		moments = moments_of(state);
	double	   *means;
	ArrayType  *array;

	if (moments.rows == 0 || moments.m == 0)
		PG_RETURN_NULL();
	array = number_array(1, &moments.m, &means);
	for (int i = 1; i <= moments.m; i++)
		means[i - 1] = dd_double(dd_add(dd_from(moments.pivots[i - 1]),
										dd_div(moment(&moments, i, 0), dd_from((double) moments.rows))));
	PG_RETURN_ARRAYTYPE_P(array);
}

/* Returns the covariance or correlation matrix of a state, with NaN where it is not defined; NULL without rows. */
static Datum
matrix(FunctionCallInfo fcinfo, bool correlate)
{
	const State *state = state_folded(&column_moments_kernel, PG_GETARG_BYTEA_P(0));
	Moments		moments = moments_of(state);
	int			m = moments.m;
	int			dims[2] = {m, m};
	dd		   *spread = palloc((m + 1) * sizeof(dd));
	double	   *values;
	ArrayType  *array;

	if (moments.rows == 0 || m == 0)
		PG_RETURN_NULL();
	check_squares(&moments);
	array = number_array(2, dims, &values);
	for (int i = 1; i <= m; i++)
		spread[i] = scatter(&moments, i, i);
	for (int i = 1; i <= m; i++)
		for (int j = 1; j <= i; j++)
		{
			double		value = correlate ? correlation(&moments, spread, i, j) : covariance(&moments, i, j);

			values[(Size) (i - 1) * m + j - 1] = values[(Size) (j - 1) * m + i - 1] = value;
		}
	PG_RETURN_ARRAYTYPE_P(array);
}

PG_FUNCTION_INFO_V1(column_correlation);
Datum
column_correlation(PG_FUNCTION_ARGS)
{
	return matrix(fcinfo, true);
}

PG_FUNCTION_INFO_V1(column_covariance);
Datum
column_covariance(PG_FUNCTION_ARGS)
{
	return matrix(fcinfo, false);
}

/* column_rows(state, skipped): returns the number of rows that were used, or that were skipped */
PG_FUNCTION_INFO_V1(column_rows);
Datum
column_rows(PG_FUNCTION_ARGS)
{
	const State *state = state_folded(&column_moments_kernel, PG_GETARG_BYTEA_P(0));

	PG_RETURN_INT64(PG_GETARG_BOOL(1) ? state->rows_skipped : state->rows_used);
}
