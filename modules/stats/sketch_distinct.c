/*
 * sketch_distinct.c: the aggregate fmsketch_dcount, which counts distinct values of any type.
 */
#include "postgres.h"

#include <math.h>

#include "engine/bounds.h"
#include "summary.h"

/* A state from a machine with the other byte order has another number here, and raises an error. */
#define DISTINCT_MAGIC 0x4453444dU
#define DISTINCT_VERSION 1

typedef struct DistinctState
{
	int32		vl_len_;		/* varlena header */
	uint32		magic;
	uint32		version;
	uint32		unused;
	Hll			hll;
} DistinctState;

static DistinctState *
new_state(uint32 capacity)
{
	Size		bytes = offsetof(DistinctState, hll) + hll_bytes(capacity);
	DistinctState *state = palloc0(bytes);

	SET_VARSIZE(state, bytes);
	state->magic = DISTINCT_MAGIC;
	state->version = DISTINCT_VERSION;
	state->hll.capacity = capacity;
	return state;
}

/* Returns the state in an argument, aligned, after checks: any user may have written the bytes. */
static DistinctState *
state_argument(FunctionCallInfo fcinfo, int arg)
{
	DistinctState *state = (DistinctState *) aligned_bytes(PG_GETARG_BYTEA_P(arg));
	Size		bytes = VARSIZE(state);

	if (bytes < offsetof(DistinctState, hll) ||
		state->magic != DISTINCT_MAGIC || state->version != DISTINCT_VERSION ||
		!hll_is_valid(&state->hll, bytes - offsetof(DistinctState, hll)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed state of fmsketch_dcount"),
				 errhint("Pass a state that fmsketch_dcount_state() of this version of madpy returned.")));
	return state;
}

/* Returns the state in argument 0 with one more value.  NULL is ignored; without a value there is no state. */
static Datum
add_value(FunctionCallInfo fcinfo, Hasher *hasher, Datum value, bool isnull)
{
	DistinctState *state = PG_ARGISNULL(0) ? NULL : state_argument(fcinfo, 0);
	uint64		hash;

	if (isnull)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = new_state(HLL_MIN_CAPACITY);
	hash = hash_value(hasher, value);
	if (!hll_add(&state->hll, hash))
	{
		DistinctState *larger = new_state(hll_capacity_for(2 * state->hll.count));

		hll_add_all(&larger->hll, &state->hll);
		hll_add(&larger->hll, hash);
		state = larger;
	}
	PG_RETURN_POINTER(state);
}

/* fmsketch_accum(state bytea, value anyelement) */
PG_FUNCTION_INFO_V1(fmsketch_accum);
Datum
fmsketch_accum(PG_FUNCTION_ARGS)
{
	aggregate_only(fcinfo, "fmsketch_dcount", NULL);
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = hasher_new(fcinfo->flinfo->fn_mcxt, argument_type(fcinfo, 1), PG_GET_COLLATION());
	return add_value(fcinfo, fcinfo->flinfo->fn_extra, PG_GETARG_DATUM(1), PG_ARGISNULL(1));
}

/* fmsketch_row_accum(state bytea, value record, unused integer): the value is the only column of a row */
PG_FUNCTION_INFO_V1(fmsketch_row_accum);
Datum
fmsketch_row_accum(PG_FUNCTION_ARGS)
{
	Datum		value;
	bool		isnull;
	SummaryColumn *column = row_column(fcinfo, &value, &isnull);

	return add_value(fcinfo, column->hasher, value, isnull);
}

/* fmsketch_combine(state bytea, other bytea) */
PG_FUNCTION_INFO_V1(fmsketch_combine);
Datum
fmsketch_combine(PG_FUNCTION_ARGS)
{
	DistinctState *merged;
	DistinctState *states[2] = {NULL, NULL};

	aggregate_only(fcinfo, "fmsketch_dcount", NULL);
	for (int arg = 0; arg < 2; arg++)
		states[arg] = PG_ARGISNULL(arg) ? NULL : state_argument(fcinfo, arg);
	if (states[0] == NULL && states[1] == NULL)
		PG_RETURN_NULL();
	if (states[0] == NULL || states[1] == NULL)
		PG_RETURN_POINTER(states[0] ? states[0] : states[1]);
	merged = states[0];
	if (merged->hll.capacity != 0)
	{
		merged = new_state(hll_merged_capacity(&states[0]->hll, &states[1]->hll));
		hll_add_all(&merged->hll, &states[0]->hll);
	}
	hll_add_all(&merged->hll, &states[1]->hll);
	PG_RETURN_POINTER(merged);
}

/* fmsketch_final(state bytea): returns the number of distinct values, 0 without a state */
PG_FUNCTION_INFO_V1(fmsketch_final);
Datum
fmsketch_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_INT64(0);
	PG_RETURN_INT64(integer_within(rint(hll_estimate(&state_argument(fcinfo, 0)->hll)), 0, MAX_ROWS, MAX_ROWS));
}
