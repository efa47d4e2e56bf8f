/*
 * aggregate.c: the aggregate around a kernel.
 *
 * x_accum(state, [y,] x[] [, weight] [, parameters]) gathers rows in the state and passes them to the kernel in blocks;
 * x_combine merges two states; x_state is the final function of the aggregates that return a state.  A state is changed
 * in place.  Its space for rows grows while its first block fills, so that the states of many small groups stay small.
 */
#include "postgres.h"

#include <math.h>

#include "bounds.h"
#include "catalog/pg_type.h"
#include "state.h"

/* Returns a state without rows; the kernel's parameters, if it has any, are in argument `arg`. */
static State *
first_state(const Kernel *kernel, FunctionCallInfo fcinfo, int ncols, int arg)
{
	const double *params = NULL;
	int			nparams = 0;

	if (kernel->has_params)
	{
		params = PG_ARGISNULL(arg) ? NULL : vector_argument(PG_GETARG_ARRAYTYPE_P(arg), "parameters", &nparams);
		if (params == NULL || nparams == 0 || nparams > MAX_PARAMS)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("parameters must be an array of numbers without NULL")));
	}
	return state_new(kernel, ncols, nparams, params, FIRST_TAIL_ROWS);
}

/* Returns a pointer to the space of the next row in the tail, after enlarging the tail if it is full. */
static double *
next_row(const Kernel *kernel, State **state)
{
	if ((*state)->tail_rows == (*state)->tail_capacity)
		*state = state_grown(kernel, *state);
	return state_tail(*state) + (Size) (*state)->tail_rows * (*state)->ncols;
}

/* Counts a row that has been written into the tail, and passes the tail to the kernel when it is full. */
static void
row_done(const Kernel *kernel, State *state)
{
	if (++state->tail_rows < TAIL_ROWS)
		return;
	state_add(kernel, state, state_tail(state), TAIL_ROWS);
	state->tail_rows = 0;
}

/* Copies the scalars of a row (target, weight) to `to`; returns false if one of them is NULL. */
static bool
take_scalars(FunctionCallInfo fcinfo, int scalars, double *to)
{
	for (int s = 0; s < scalars; s++)
	{
		int			arg = s == 0 ? 1 : s + 2;	/* the first scalar is the argument before the features */

		if (PG_ARGISNULL(arg))
			return false;
		to[s] = PG_GETARG_FLOAT8(arg);
	}
	return true;
}

/* x_accum(state, [y,] x[] [, weight] [, parameters]) */
Datum
kernel_accumulate(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	State	   *state;
	int			features = kernel->scalars > 0 ? 2 : 1;
	const double *x = NULL;
	double		scalars[2];
	int			k = 0;
	double	   *row;

	aggregate_only(fcinfo, kernel->name, NULL);
	state = PG_ARGISNULL(0) ? NULL : state_check(kernel, PG_GETARG_BYTEA_P(0));	/* any user may have written an INITCOND */
	if (!PG_ARGISNULL(features))
		x = (kernel->takes_nulls ? vector_with_nan : vector_argument)
			(PG_GETARG_ARRAYTYPE_P(features), "features", &k);
	if (state == NULL)			/* if the features are NULL their number is unknown: 0 for now */
		state = first_state(kernel, fcinfo, k + kernel->scalars, PG_NARGS() - 1);
	if (x == NULL || !take_scalars(fcinfo, kernel->scalars, scalars))
	{
		state->rows_skipped++;
		PG_RETURN_POINTER(state);
	}
	if (k + kernel->scalars != state->ncols)
	{
		int64		skipped = state->rows_skipped;

		if (state->ncols > kernel->scalars)
			ereport(ERROR,
					(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
					 errmsg("features must have the same length in every row: %d after %d",
							k, state->ncols - kernel->scalars)));
		state = first_state(kernel, fcinfo, k + kernel->scalars, PG_NARGS() - 1);
		state->rows_skipped = skipped;
	}
	if (k == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must not be an empty array")));

	row = next_row(kernel, &state);
	memcpy(row, x, k * sizeof(double));
	memcpy(row + k, scalars, kernel->scalars * sizeof(double));
	row_done(kernel, state);
	PG_RETURN_POINTER(state);
}

/* Raises an error unless all arguments from `first` on are double precision; checks only in the first row. */
static void
check_columns(FunctionCallInfo fcinfo, int first)
{
	static const bool checked = true;

	if (fcinfo->flinfo->fn_extra)
		return;
	for (int arg = first; arg < PG_NARGS(); arg++)
		if (get_fn_expr_argtype(fcinfo->flinfo, arg) != FLOAT8OID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("argument %d must be of type double precision", arg)));
	fcinfo->flinfo->fn_extra = (void *) &checked;
}

/*
 * x_columns_accum(state, [y,] [weight,] [parameters,] x1, x2, ...) takes each feature as an argument of its own.  So the
 * executor need not build an array for each row, which can take a third of the time of reading the row.
 */
Datum
kernel_accumulate_columns(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	State	   *state;
	int			params = 1 + kernel->scalars;
	int			first = params + (kernel->has_params ? 1 : 0);
	int			k = PG_NARGS() - first;
	int			needed = kernel->takes_nulls ? params : PG_NARGS();	/* arguments before this one */
	double	   *row;

	aggregate_only(fcinfo, kernel->name, NULL);
	check_columns(fcinfo, first);
	state = PG_ARGISNULL(0) ? NULL : state_check(kernel, PG_GETARG_BYTEA_P(0));
	if (state == NULL)
		state = first_state(kernel, fcinfo, k + kernel->scalars, params);
	else if (state->ncols != k + kernel->scalars)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a state of %d columns does not fit %d features", state->ncols, k)));
	for (int arg = 1; arg < needed; arg++)
		if (PG_ARGISNULL(arg))
		{
			state->rows_skipped++;
			PG_RETURN_POINTER(state);
		}
	row = next_row(kernel, &state);
	for (int j = 0; j < k; j++)
		row[j] = PG_ARGISNULL(first + j) ? NAN : PG_GETARG_FLOAT8(first + j);
	for (int s = 0; s < kernel->scalars; s++)
		row[k + s] = PG_GETARG_FLOAT8(1 + s);
	row_done(kernel, state);
	PG_RETURN_POINTER(state);
}

/* x_combine(state, other) */
Datum
kernel_combine(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	State	   *from;

	aggregate_only(fcinfo, kernel->name, NULL);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	from = state_folded(kernel, PG_GETARG_BYTEA_P(1));
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(from);
	PG_RETURN_POINTER(state_merged(kernel, state_check(kernel, PG_GETARG_BYTEA_P(0)), from));
}

/* x_state(state) */
Datum
kernel_state(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state_folded(kernel, PG_GETARG_BYTEA_P(0)));
}

/* Returns the outcome of a state, which a driver reads. */
Datum
kernel_outcome(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	PG_RETURN_POINTER(kernel->outcome(state_folded(kernel, PG_GETARG_BYTEA_P(0))));
}
