/*
 * numbered_merge.c: merges states of aggregates that number levels, and converts them to bytes and back (see numbered.c).
 *
 * The bytes, which Python reads by ports/postgres/scan/numbered.py: int32 number of columns of a row; for each of them an
 * int32, 1 for a category, and after that its levels, as numbering_send() writes them; the kernel's state without its first
 * word.
 */
#include "postgres.h"

#include "bounds.h"
#include "indicated.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "numbered.h"
#include "utils/memutils.h"

static bool
same_columns(const Numbered *into, const Numbered *from)
{
	if (into->kernel != from->kernel || into->given != from->given)
		return false;
	for (int c = 0; c < from->given; c++)
		if ((into->categories[c] == NULL) != (from->categories[c] == NULL))
			return false;
	return true;
}

/* Creates one with the same columns, without levels and rows. */
static Numbered *
empty_like(const Numbered *from, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Numbered   *numbered = numbered_new(from->kernel, from->given);

	for (int c = 0; c < from->given; c++)
		if (from->categories[c])
			numbered->categories[c] = numbering_new(dict_type(from->categories[c]->dict, 0),
													from->categories[c]->collation,
													from->categories[c]->most, context);
	numbered_start(numbered);
	MemoryContextSwitchTo(old);
	return numbered;
}

/* Adds `from`, whose levels get numbers among those of `into`; no rows wait in either of them afterwards. */
static void
merge_numbered(Numbered *into, Numbered *from)
{
	int		  **numbers = palloc0(from->given * sizeof(int *));
	int		   *columns = palloc(MAX_COLUMNS * sizeof(int));
	State	   *other;
	int			at = 0;
	int			to = 0;

	numbered_flush(from);
	for (int c = 0; c < from->given; c++)
		if (from->categories[c])
			numbers[c] = dict_merge(into->categories[c]->dict, from->categories[c]->dict);
	numbered_flush(into);
	memset(columns, -1, MAX_COLUMNS * sizeof(int));
	for (int c = 0; c < from->given; c++)
	{
		for (int level = 0; level < from->counts[c]; level++)
			columns[to + numbers[c][level]] = at + level;
		if (from->counts[c] < 0)
			columns[to] = at;
		at += from->counts[c] < 0 ? 1 : from->counts[c];
		to += into->counts[c] < 0 ? 1 : into->counts[c];
	}
	other = state_arranged(from->kernel, from->state, into->state->ncols, columns);
	into->kernel->merge(into->state, other);
	into->state->rows_used += other->rows_used;
	into->state->rows_skipped += other->rows_skipped;
	pfree(other);
	pfree(columns);
}

/* numbered_combine(state, other) */
PG_FUNCTION_INFO_V1(numbered_combine);
Datum
numbered_combine(PG_FUNCTION_ARGS)
{
	Numbered   *into = PG_ARGISNULL(0) ? NULL : (Numbered *) PG_GETARG_POINTER(0);
	Numbered   *from = PG_ARGISNULL(1) ? NULL : (Numbered *) PG_GETARG_POINTER(1);
	MemoryContext context;

	aggregate_only(fcinfo, "numbered_combine", &context);
	if (from == NULL && into == NULL)
		PG_RETURN_NULL();
	if (from == NULL)
		PG_RETURN_POINTER(into);
	if (into == NULL)
		into = empty_like(from, context);
	if (!same_columns(into, from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states of other columns cannot be merged")));
	merge_numbered(into, from);
	PG_RETURN_POINTER(into);
}

/* numbered_bytes(state): the serialization function and the final function of the aggregates. */
PG_FUNCTION_INFO_V1(numbered_bytes);
Datum
numbered_bytes(PG_FUNCTION_ARGS)
{
	Numbered   *numbered = PG_ARGISNULL(0) ? NULL : (Numbered *) PG_GETARG_POINTER(0);
	StringInfoData bytes;

	aggregate_only(fcinfo, "numbered_bytes", NULL);
	if (numbered == NULL)
		PG_RETURN_NULL();
	numbered_flush(numbered);
	pq_begintypsend(&bytes);
	pq_sendint32(&bytes, numbered->given);
	for (int c = 0; c < numbered->given; c++)
	{
		pq_sendint32(&bytes, numbered->categories[c] != NULL);
		if (numbered->categories[c])
			numbering_send(&bytes, numbered->categories[c]);
	}
	appendBinaryStringInfo(&bytes, VARDATA(numbered->state), VARSIZE(numbered->state) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&bytes));
}

/* Returns the kernel of a state that may be anything; raises an error for one whose columns cannot be arranged. */
static const Kernel *
kernel_of(const State *state)
{
	const Kernel *kernel = VARSIZE(state) < offsetof(State, body) ? NULL : kernel_by_id(state->kernel);

	if (kernel == NULL || kernel->arrange == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this is not a state whose columns can be arranged")));
	return kernel;
}

/* Returns the state in the rest of a message. */
static State *
receive_state(StringInfo from)
{
	int			length = from->len - from->cursor;
	State	   *state = palloc(length + VARHDRSZ);

	memcpy(VARDATA(state), pq_getmsgbytes(from, length), length);
	SET_VARSIZE(state, length + VARHDRSZ);
	return state_check(kernel_of(state), (bytea *) state);
}

/* numbered_deserial(bytes, state) */
PG_FUNCTION_INFO_V1(numbered_deserial);
Datum
numbered_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *given = PG_GETARG_BYTEA_PP(0);
	StringInfoData bytes;
	Numbered   *numbered;
	int			columns;

	aggregate_only(fcinfo, "numbered_deserial", NULL);
	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
	columns = pq_getmsgint(&bytes, 4);
	if (columns < 1 || columns > FUNC_MAX_ARGS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("a state with categories is damaged")));
	numbered = numbered_new(NULL, columns);
	for (int c = 0; c < columns; c++)
	{
		numbered->categories[c] = pq_getmsgint(&bytes, 4) ? numbering_receive(&bytes) : NULL;
		numbered->counts[c] = numbered->categories[c] ? dict_count(numbered->categories[c]->dict) : -1;
	}
	numbered->state = receive_state(&bytes);
	numbered->kernel = kernel_by_id(numbered->state->kernel);
	if (numbered->state->ncols != indicated_width(columns, numbered->counts))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("a state with categories is damaged")));
	PG_RETURN_POINTER(numbered);
}

/* state_columns(state, columns): the state with so many columns, each one of those that it has, counted from 0. */
PG_FUNCTION_INFO_V1(state_columns);
Datum
state_columns(PG_FUNCTION_ARGS)
{
	State	   *state = (State *) aligned_bytes(PG_GETARG_BYTEA_P(0));
	const Kernel *kernel = kernel_of(state);
	int			ncols;
	const int  *columns = integers_argument(PG_GETARG_ARRAYTYPE_P(1), "columns", &ncols);

	state = state_folded(kernel, (bytea *) state);
	for (int c = 0; c < ncols; c++)
		if (columns[c] < 0 || columns[c] >= state->ncols)
			ereport(ERROR,
					(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
					 errmsg("a state of %d columns has no column %d", state->ncols, columns[c])));
	if (ncols <= kernel->scalars)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d columns are too few", ncols)));
	PG_RETURN_POINTER(state_arranged(kernel, state, ncols, columns));
}
