/*
 * argmax.c: an aggregate that returns the key of the row with the largest value; keys are smallint, integer, bigint or
 * text.
 *
 * Values are ordered as in PostgreSQL: NaN is greater than every number.  Of equal values the smallest key is returned (text
 * is compared by its bytes), so that the result does not depend on the order of the rows or on their distribution among
 * workers.  The state is the best row so far: a header, the value, the key.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/float.h"

/* A state from a machine with the other byte order has another number here, and raises an error. */
#define ARGMAX_MAGIC 0x584d4147
#define ARGMAX_VERSION 1

typedef enum KeyKind
{
	KEY_INT4 = 1,
	KEY_INT8 = 2,
	KEY_TEXT = 3
} KeyKind;

typedef struct ArgmaxState
{
	int32		vl_len_;		/* varlena header */
	uint32		magic;
	uint16		version;
	uint16		kind;			/* KeyKind */
	uint32		key_size;		/* bytes in key */
	float8		value;
	char		key[FLEXIBLE_ARRAY_MEMBER];
} ArgmaxState;

/* A row that is compared with the best one; `key` points into an argument or a state. */
typedef struct Row
{
	float8		value;
	KeyKind		kind;
	uint32		key_size;
	const char *key;
} Row;

static inline void
check_state(bool holds)
{
	if (!holds)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed state of argmax"),
				 errhint("Pass a state that argmax_state() of this version of madpy returned.")));
}

static inline void
check_same_kind(KeyKind kind, KeyKind other)
{
	if (kind != other)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("states of argmax have keys of different types"),
				 errhint("Merge states with integer, bigint and text keys separately.")));
}

/* Returns the row in a state, after checks: any user may have written the bytes. */
static Row
row_of_state(bytea *bytes)
{
	ArgmaxState head;
	Row			row;
	Size		size = VARSIZE(bytes);

	check_state(size >= offsetof(ArgmaxState, key));
	memcpy(&head, bytes, offsetof(ArgmaxState, key));
	check_state(head.magic == ARGMAX_MAGIC && head.version == ARGMAX_VERSION);
	check_state(head.key_size == size - offsetof(ArgmaxState, key));
	check_state((head.kind == KEY_INT4 && head.key_size == sizeof(int32)) ||
				(head.kind == KEY_INT8 && head.key_size == sizeof(int64)) ||
				head.kind == KEY_TEXT);
	row.value = head.value;
	row.kind = head.kind;
	row.key_size = head.key_size;
	row.key = (const char *) bytes + offsetof(ArgmaxState, key);
	return row;
}

static bytea *
state_of_row(const Row *row)
{
	Size		size = offsetof(ArgmaxState, key) + row->key_size;
	ArgmaxState *state = palloc0(size);

	SET_VARSIZE(state, size);
	state->magic = ARGMAX_MAGIC;
	state->version = ARGMAX_VERSION;
	state->kind = row->kind;
	state->key_size = row->key_size;
	state->value = row->value;
	memcpy(state->key, row->key, row->key_size);
	return (bytea *) state;
}

static int64
integer_key(const Row *row)
{
	int32		small;
	int64		big;

	if (row->kind == KEY_INT4)
	{
		memcpy(&small, row->key, sizeof(small));
		return small;
	}
	memcpy(&big, row->key, sizeof(big));
	return big;
}

static bool
key_is_smaller(const Row *row, const Row *other)
{
	int			order;

	if (row->kind != KEY_TEXT)
		return integer_key(row) < integer_key(other);
	order = memcmp(row->key, other->key, Min(row->key_size, other->key_size));
	return order < 0 || (order == 0 && row->key_size < other->key_size);
}

static bool
is_better(const Row *row, const Row *best)
{
	check_same_kind(row->kind, best->kind);
	return float8_gt(row->value, best->value) ||
		(float8_eq(row->value, best->value) && key_is_smaller(row, best));
}

/*
 * Returns the state after one more row.  Within an aggregate the old state is overwritten if the key has the same size;
 * otherwise the executor copies the new state.
 */
static Datum
step(FunctionCallInfo fcinfo, const Row *row)
{
	bytea	   *state;
	Row			best;

	if (PG_ARGISNULL(0))
		PG_RETURN_BYTEA_P(state_of_row(row));
	state = PG_GETARG_BYTEA_P(0);
	best = row_of_state(state);
	if (!is_better(row, &best))
		PG_RETURN_BYTEA_P(state);
	if (best.key_size != row->key_size || !AggCheckCallContext(fcinfo, NULL))
		PG_RETURN_BYTEA_P(state_of_row(row));
	memcpy((char *) state + offsetof(ArgmaxState, value), &row->value, sizeof(row->value));
	memcpy((char *) state + offsetof(ArgmaxState, key), row->key, row->key_size);
	PG_RETURN_BYTEA_P(state);
}

/* Returns the state of argument 0, or NULL if there is none yet. */
static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(PG_GETARG_BYTEA_P(0));
}

/* Adds a row with an integer key, which is not NULL. */
static Datum
step_int4(FunctionCallInfo fcinfo, int32 key)
{
	Row			row = {.kind = KEY_INT4, .key_size = sizeof(key), .key = (const char *) &key};

	row.value = PG_GETARG_FLOAT8(2);
	return step(fcinfo, &row);
}

/* argmax_int2_step(state bytea, key smallint, value double precision): ignores rows with a NULL */
PG_FUNCTION_INFO_V1(argmax_int2_step);
Datum
argmax_int2_step(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged(fcinfo);
	return step_int4(fcinfo, PG_GETARG_INT16(1));
}

PG_FUNCTION_INFO_V1(argmax_int4_step);
Datum
argmax_int4_step(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged(fcinfo);
	return step_int4(fcinfo, PG_GETARG_INT32(1));
}

PG_FUNCTION_INFO_V1(argmax_int8_step);
Datum
argmax_int8_step(PG_FUNCTION_ARGS)
{
	int64		key;
	Row			row = {.kind = KEY_INT8, .key_size = sizeof(key)};

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged(fcinfo);
	key = PG_GETARG_INT64(1);
	row.key = (const char *) &key;
	row.value = PG_GETARG_FLOAT8(2);
	return step(fcinfo, &row);
}

PG_FUNCTION_INFO_V1(argmax_text_step);
Datum
argmax_text_step(PG_FUNCTION_ARGS)
{
	text	   *key;
	Row			row = {.kind = KEY_TEXT};

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged(fcinfo);
	key = PG_GETARG_TEXT_PP(1);
	row.key = VARDATA_ANY(key);
	row.key_size = VARSIZE_ANY_EXHDR(key);
	row.value = PG_GETARG_FLOAT8(2);
	return step(fcinfo, &row);
}

/* argmax_combine(state bytea, other bytea): returns the state with the better row; ignores NULL */
PG_FUNCTION_INFO_V1(argmax_combine);
Datum
argmax_combine(PG_FUNCTION_ARGS)
{
	bytea	   *other;
	Row			row;
	Row			best;

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	other = PG_GETARG_BYTEA_P(1);
	row = row_of_state(other);
	if (PG_ARGISNULL(0))
		PG_RETURN_BYTEA_P(other);
	best = row_of_state(PG_GETARG_BYTEA_P(0));
	if (is_better(&row, &best))
		PG_RETURN_BYTEA_P(other);
	return unchanged(fcinfo);
}

PG_FUNCTION_INFO_V1(argmax_int4_final);
Datum
argmax_int4_final(PG_FUNCTION_ARGS)
{
	Row			best = row_of_state(PG_GETARG_BYTEA_P(0));

	check_same_kind(best.kind, KEY_INT4);
	PG_RETURN_INT32((int32) integer_key(&best));
}

PG_FUNCTION_INFO_V1(argmax_int8_final);
Datum
argmax_int8_final(PG_FUNCTION_ARGS)
{
	Row			best = row_of_state(PG_GETARG_BYTEA_P(0));

	check_same_kind(best.kind, KEY_INT8);
	PG_RETURN_INT64(integer_key(&best));
}

/* argmax_text_final(state bytea): returns a key of any type as text */
PG_FUNCTION_INFO_V1(argmax_text_final);
Datum
argmax_text_final(PG_FUNCTION_ARGS)
{
	Row			best = row_of_state(PG_GETARG_BYTEA_P(0));

	if (best.kind != KEY_TEXT)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf(INT64_FORMAT, integer_key(&best))));
	pg_verifymbstr(best.key, best.key_size, false);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(best.key, best.key_size));
}
