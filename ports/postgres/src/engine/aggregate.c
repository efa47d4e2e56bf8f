/*
 * aggregate.c: the aggregate around a kernel (with features as arguments of their own: columns.c).
 *
 * x_accum(state, [y,] x[] [, weight] [, parameters]) gathers rows and gives the kernel a block of them; x_combine merges
 * two states; x_state is the final function of the aggregates that return a state.  A state is changed in place, and
 * grows while its first block fills, so that many small groups stay small.
 */
#include "postgres.h"

#include "bounds.h"
#include "state.h"

const double *
params_argument(FunctionCallInfo fcinfo, const Kernel *kernel, int arg, int *nparams)
{
	const double *params = NULL;

	*nparams = 0;
	if (!kernel->has_params)
		return NULL;
	params = PG_ARGISNULL(arg) ? NULL : vector_argument(PG_GETARG_ARRAYTYPE_P(arg), "parameters", nparams);
	if (params == NULL || *nparams == 0 || *nparams > MAX_PARAMS)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameters must be an array of numbers without NULL")));
	return params;
}

/* The state of no rows. */
static State *
first_state(const Kernel *kernel, FunctionCallInfo fcinfo, int ncols, int arg)
{
	int			nparams;
	const double *params = params_argument(fcinfo, kernel, arg, &nparams);

	return state_new(kernel, ncols, nparams, params, FIRST_TAIL_ROWS);
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

	row = state_next_row(kernel, &state);
	memcpy(row, x, k * sizeof(double));
	memcpy(row + k, scalars, kernel->scalars * sizeof(double));
	state_row_done(kernel, state);
	PG_RETURN_POINTER(state);
}

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
