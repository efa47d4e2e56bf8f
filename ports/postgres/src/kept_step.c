/*
 * kept_step.c: a pass of a kernel over rows that are kept (kept.h).
 */
#include "postgres.h"

#include "bounds.h"
#include "kept.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* kept_rows(at tid, relation oid): how many rows are kept, the first of which is there; NULL if none are */
PG_FUNCTION_INFO_V1(kept_rows);
Datum
kept_rows(PG_FUNCTION_ARGS)
{
	Kept	   *one = kept_at(PG_GETARG_OID(1), (ItemPointer) PG_GETARG_POINTER(0));

	if (one == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(one->store->rows + one->waiting);
}

/* The state of a kernel after one pass over kept rows. */
static State *
step(Kept *one, const Kernel *kernel, const double *params, int nparams)
{
	Store	   *store = one->store;
	State	   *state;

	if (store->ncols > 0)
	{
		store_check_step(store, kernel, nparams);
		return store_group_state(store, kernel, 0, params, nparams);
	}
	state = state_new(kernel, kernel->scalars, nparams, params, 0); /* of features that are NULL in every row */
	state->rows_skipped = one->waiting;
	return state;
}

/* kept_step_accum(state bytea, at tid, relation oid, kernel text, parameters double precision[]) */
PG_FUNCTION_INFO_V1(kept_step_accum);
Datum
kept_step_accum(PG_FUNCTION_ARGS)
{
	const Kernel *kernel;
	const double *params = NULL;
	int			nparams = 0;
	State	   *state;
	Kept	   *one = NULL;

	aggregate_only(fcinfo, "kept_step", NULL);
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3))
		one = kept_at(PG_GETARG_OID(2), (ItemPointer) PG_GETARG_POINTER(1));
	if (one == NULL)			/* another shard has its first row at this place */
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	kernel = kernel_by_name(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	if (!PG_ARGISNULL(4))
		params = vector_argument(PG_GETARG_ARRAYTYPE_P(4), "parameters", &nparams);
	if (kernel->has_params != (params != NULL && nparams > 0) || nparams > MAX_PARAMS)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("kernel \"%s\" %s parameters", kernel->name, kernel->has_params ? "needs" : "takes no")));
	state = step(one, kernel, params, nparams);
	if (!PG_ARGISNULL(0))
		state = state_merged(kernel, state_check(kernel, PG_GETARG_BYTEA_P(0)), state);
	PG_RETURN_POINTER(state);
}

/* The kernel that a state says it is of. */
static const Kernel *
kernel_of(bytea *state)
{
	const Kernel *kernel = VARSIZE(state) < offsetof(State, body) ? NULL
		: kernel_by_id(((State *) aligned_bytes(state))->kernel);

	if (kernel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this is not a state of an aggregate")));
	return kernel;
}

/* kept_combine(state bytea, other bytea): states of one kernel, whichever it is */
PG_FUNCTION_INFO_V1(kept_combine);
Datum
kept_combine(PG_FUNCTION_ARGS)
{
	const Kernel *kernel;

	aggregate_only(fcinfo, "kept_step", NULL);
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	kernel = kernel_of(PG_GETARG_BYTEA_P(0));
	PG_RETURN_POINTER(state_merged(kernel, state_check(kernel, PG_GETARG_BYTEA_P(0)),
								   state_folded(kernel, PG_GETARG_BYTEA_P(1))));
}
