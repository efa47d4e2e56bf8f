/*
 * columns.c: the aggregate around a kernel, with the features as arguments of their own.
 *
 * x_columns_accum(state, [y,] [weight,] [parameters,] [levels,] x1, x2, ...): the executor builds no array for each row,
 * which would cost as much as a third of reading it.  Without levels, a bytea, all features are double precision.  With them
 * (known.h), features may be categories of any type: a row's value is looked up here, and the kernel sees its place among
 * the levels, or indicators of them.  A value that is none of the levels is a NULL.
 */
#include "postgres.h"

#include <math.h>

#include "bounds.h"
#include "catalog/pg_type.h"
#include "indicated.h"
#include "known.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "state.h"

/* The arguments of a call, which are examined once. */
typedef struct Call
{
	int			params;			/* index of the argument `limits` */
	int			first;			/* argument: the first feature */
	int			features;
	int			needed;			/* arguments before this one must not be NULL */
	KnownColumn *known;			/* levels of each feature; NULL: all are double precision */
	int			given;			/* columns of a waiting row, if some are indicators; else 0 */
	int		   *counts;			/* numbers of indicators, by column of a waiting row */
} Call;

/* Returns an argument as the statement has it; NULL for a call that is not of an aggregate. */
static Expr *
argument_expression(FunctionCallInfo fcinfo, int arg)
{
	Aggref	   *call = AggGetAggref(fcinfo);

	return call && arg <= list_length(call->args) ? ((TargetEntry *) list_nth(call->args, arg - 1))->expr : NULL;
}

void
feature_types(FunctionCallInfo fcinfo, int first, int features, Oid *types, Oid *collations)
{
	for (int c = 0; c < features; c++)
	{
		types[c] = get_fn_expr_argtype(fcinfo->flinfo, first + c);
		collations[c] = exprCollation((Node *) argument_expression(fcinfo, first + c));
	}
}

/* Reads the levels, which are the argument before the first feature. */
static void
take_levels(FunctionCallInfo fcinfo, const Kernel *kernel, Call *call)
{
	int			arg = call->first - 1;
	Expr	   *levels = argument_expression(fcinfo, arg);
	Oid			types[FUNC_MAX_ARGS];
	Oid			collations[FUNC_MAX_ARGS];
	bool		indicated = false;

	if (levels == NULL || !IsA(levels, Const) || PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("levels must be a constant")));
	feature_types(fcinfo, call->first, call->features, types, collations);
	call->known = known_columns(PG_GETARG_BYTEA_P(arg), call->features, types, collations);
	call->counts = palloc((call->features + kernel->scalars) * sizeof(int));
	for (int c = 0; c < call->features + kernel->scalars; c++)
	{
		call->counts[c] = c < call->features ? call->known[c].indicators : -1;
		indicated = indicated || call->counts[c] >= 0;
	}
	call->given = indicated ? call->features + kernel->scalars : 0;
}

static Call *
call_of(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	Call	   *call = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (call != NULL)
		return call;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	call = palloc0(sizeof(Call));
	call->params = 1 + kernel->scalars;
	call->first = call->params + (kernel->has_params ? 1 : 0);
	if (call->first < PG_NARGS() && get_fn_expr_argtype(fcinfo->flinfo, call->first) == BYTEAOID)
		call->first++;
	call->features = PG_NARGS() - call->first;
	call->needed = kernel->takes_nulls ? call->params : PG_NARGS();
	if (call->first > call->params + (kernel->has_params ? 1 : 0))
		take_levels(fcinfo, kernel, call);
	for (int c = 0; c < call->features; c++)
		if ((call->known == NULL || call->known[c].dict == NULL) &&
			get_fn_expr_argtype(fcinfo->flinfo, call->first + c) != FLOAT8OID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("argument %d must be of type double precision", call->first + c)));
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = call;
	return call;
}

/* The state of no rows. */
static State *
first_state(FunctionCallInfo fcinfo, const Kernel *kernel, const Call *call)
{
	int			nparams;
	const double *params = params_argument(fcinfo, kernel, call->params, &nparams);

	if (call->given)
		return state_with_codes(kernel, call->given, call->counts, nparams, params);
	return state_new(kernel, call->features + kernel->scalars, nparams, params, FIRST_TAIL_ROWS);
}

/* Puts the features of a row in place; returns false for one that the kernel cannot use. */
static bool
take_features(FunctionCallInfo fcinfo, const Kernel *kernel, const Call *call, double *row)
{
	for (int c = 0; c < call->features; c++)
	{
		NullableDatum x = fcinfo->args[call->first + c];

		if (x.isnull)
			row[c] = NAN;
		else if (call->known == NULL || call->known[c].dict == NULL)
			row[c] = DatumGetFloat8(x.value);
		else
		{
			int			place = known_place(&call->known[c], x.value);

			if (place < 0 && !kernel->takes_nulls)
				return false;
			row[c] = place < 0 ? NAN : place;
		}
	}
	return true;
}

/* x_columns_accum(state, [y,] [weight,] [parameters,] [levels,] x1, x2, ...) */
Datum
kernel_accumulate_columns(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	State	   *state;
	Call	   *call;
	double	   *row;

	aggregate_only(fcinfo, kernel->name, NULL);
	call = call_of(fcinfo, kernel);
	state = PG_ARGISNULL(0) ? NULL : state_check(kernel, PG_GETARG_BYTEA_P(0));
	if (state == NULL)
		state = first_state(fcinfo, kernel, call);
	else if (state->tail_columns != call->given || tail_width(state) != call->features + kernel->scalars)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a state of %d columns does not fit %d features", state->ncols, call->features)));
	for (int arg = 1; arg < call->needed; arg++)
		if (PG_ARGISNULL(arg))
		{
			state->rows_skipped++;
			PG_RETURN_POINTER(state);
		}
	row = state_next_row(kernel, &state);
	if (!take_features(fcinfo, kernel, call, row))
	{
		state->rows_skipped++;
		PG_RETURN_POINTER(state);
	}
	for (int s = 0; s < kernel->scalars; s++)
		row[call->features + s] = PG_GETARG_FLOAT8(1 + s);
	state_row_done(kernel, state);
	PG_RETURN_POINTER(state);
}
