/*
 * kept_step.c: runs a kernel over kept rows (see kept.h).
 */
#include "postgres.h"

#include "engine/bounds.h"
#include "kept.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define PACKED_MAGIC 0x7a70646dU	/* "mdpz" */
#define LARGE 8192				/* smallest size, in bytes, of a state that is packed */

/* kept_rows(at tid, relation oid): returns the number of kept rows whose first row has this ctid; NULL if none are kept */
PG_FUNCTION_INFO_V1(kept_rows);
Datum
kept_rows(PG_FUNCTION_ARGS)
{
	Kept	   *one = kept_at(PG_GETARG_OID(1), (ItemPointer) PG_GETARG_POINTER(0));

	if (one == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(one->store->rows + one->waiting);
}

/* Runs a kernel over kept rows and returns the state. */
static State *
step(Kept *one, const Kernel *kernel, const double *params, int nparams)
{
	Store	   *store = one->store;
	State	   *state;
	int			group = 0;

	if (store->ncols > 0)
	{
		store_check_step(store, kernel, nparams);
		return store_pass(store, kernel, &group, 1, params, nparams, false)[0];
	}
	state = state_new(kernel, kernel->scalars, nparams, params, 0); /* the features are NULL in every row */
	state->rows_skipped = one->waiting;
	return state;
}

/*
 * A large state, compressed, because Citus sends states as text of twice their size.  Most numbers of a state are zeros and
 * small counts, which as doubles have few bytes that are not zero.  Each word of 8 bytes is written as a mask that says
 * which of its bytes are not zero, followed by these bytes.
 */
typedef struct Packed
{
	int32		vl_len_;
	uint32		magic;
	int32		size;			/* size of the state, a multiple of 8 */
	uint8		data[FLEXIBLE_ARRAY_MEMBER];
} Packed;

static bytea *
packed(State *state)
{
	int32		size = VARSIZE(state);
	const char *from = (const char *) state;
	Packed	   *result;
	uint8	   *to;

	if (size < LARGE || size % sizeof(uint64) != 0)
		return (bytea *) state;
	result = palloc(offsetof(Packed, data) + size / sizeof(uint64) * (1 + sizeof(uint64)));
	to = result->data;
	for (int32 at = 0; at < size; at += sizeof(uint64))
	{
		uint8	   *mask = to++;
		uint64		word;

		memcpy(&word, from + at, sizeof(word));
		*mask = 0;
		for (int bit = 0; word != 0; bit++, word >>= 8)
			if (word & 0xff)
			{
				*mask |= 1 << bit;
				*to++ = word & 0xff;
			}
	}
	result->magic = PACKED_MAGIC;
	result->size = size;
	SET_VARSIZE(result, (char *) to - (char *) result);
	return (bytea *) result;
}

static void
not_a_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("this is not a state of an aggregate")));
}

/* Returns a state unpacked; it may be packed or not, and any user may have written the bytes. */
static bytea *
unpacked(bytea *value)
{
	Packed	   *given = (Packed *) aligned_bytes(value);
	const uint8 *from;
	const uint8 *end = (const uint8 *) given + VARSIZE(given);
	char	   *state;

	if (VARSIZE(given) < offsetof(Packed, data) || given->magic != PACKED_MAGIC)
		return value;
	if (given->size < LARGE || given->size % sizeof(uint64) != 0 ||
		given->size / (int64) sizeof(uint64) > end - given->data)
		not_a_state();
	state = palloc(given->size);
	from = given->data;
	for (int32 at = 0; at < given->size; at += sizeof(uint64))
	{
		uint64		word = 0;
		uint8		mask = from < end ? *from++ : 0xff;

		for (int bit = 0; mask != 0; bit++, mask >>= 1)
			if (mask & 1)
			{
				if (from >= end)
					not_a_state();
				word |= (uint64) *from++ << (8 * bit);
			}
		memcpy(state + at, &word, sizeof(word));
	}
	if (from != end)
		not_a_state();
	SET_VARSIZE(state, given->size);
	return (bytea *) state;
}

/* Returns the kernel whose number is in the header of a state. */
static const Kernel *
kernel_of(bytea *state)
{
	const Kernel *kernel = VARSIZE(state) < offsetof(State, body) ? NULL
		: kernel_by_id(((State *) aligned_bytes(state))->kernel);

	if (kernel == NULL)
		not_a_state();
	return kernel;
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
	if (one == NULL)			/* the row with this ctid is not the first row of kept ones */
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
		state = state_merged(kernel, state_check(kernel, unpacked(PG_GETARG_BYTEA_P(0))), state);
	PG_RETURN_POINTER(packed(state));
}

/* kept_combine(state bytea, other bytea): merges two states of the same kernel */
PG_FUNCTION_INFO_V1(kept_combine);
Datum
kept_combine(PG_FUNCTION_ARGS)
{
	const Kernel *kernel;
	bytea	   *into;

	aggregate_only(fcinfo, "kept_step", NULL);
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_POINTER(unpacked(PG_GETARG_BYTEA_P(PG_ARGISNULL(0) ? 1 : 0)));
	into = unpacked(PG_GETARG_BYTEA_P(0));
	kernel = kernel_of(into);
	PG_RETURN_POINTER(state_merged(kernel, state_check(kernel, into),
								   state_folded(kernel, unpacked(PG_GETARG_BYTEA_P(1)))));
}

/* kept_state(state bytea): returns the state unpacked */
PG_FUNCTION_INFO_V1(kept_state);
Datum
kept_state(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(unpacked(PG_GETARG_BYTEA_P(0)));
}
