/*
 * coded_merge.c: merges states of aggregates over categories, and converts them to bytes and back (see coded.c).
 */
#include "postgres.h"

#include "bounds.h"
#include "coded.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

/* Whether both states have the same kernel and the same columns are categories in both. */
static bool
same_columns(const Coded *into, const Coded *from)
{
	if (into->kernel != from->kernel || into->columns != from->columns)
		return false;
	for (int c = 0; c < from->columns; c++)
		if ((into->dicts[c] == NULL) != (from->dicts[c] == NULL))
			return false;
	return true;
}

/* Adds `from` to `into`; the values of `from` get codes in the dictionaries of `into`. */
static void
merge_coded(Coded *into, Coded *from)
{
	int		  **maps = palloc0(from->columns * sizeof(int *));
	int		   *levels;
	State	   *mine;
	State	   *other;
	MemoryContext old;

	coded_flush(into);
	coded_flush(from);
	for (int c = 0; c < from->columns; c++)
		if (from->dicts[c])
			maps[c] = dict_merge(into->dicts[c], from->dicts[c]);
	levels = coded_levels(into);
	other = coded_reshaped(from, levels, maps);
	old = MemoryContextSwitchTo(into->context);
	mine = coded_reshaped(into, levels, NULL);
	MemoryContextSwitchTo(old);
	into->kernel->merge(mine, other);
	mine->rows_used += other->rows_used;
	mine->rows_skipped += other->rows_skipped;
	memcpy(into->space, levels, into->columns * sizeof(int));
	pfree(into->state);
	into->state = mine;
}

/* coded_combine(state, other) */
PG_FUNCTION_INFO_V1(coded_combine);
Datum
coded_combine(PG_FUNCTION_ARGS)
{
	Coded	   *into = PG_ARGISNULL(0) ? NULL : (Coded *) PG_GETARG_POINTER(0);
	Coded	   *from = PG_ARGISNULL(1) ? NULL : (Coded *) PG_GETARG_POINTER(1);
	MemoryContext context;

	aggregate_only(fcinfo, "coded_combine", &context);
	if (from == NULL && into == NULL)
		PG_RETURN_NULL();
	if (from == NULL)
		PG_RETURN_POINTER(into);
	if (into == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		into = coded_new(from->kernel, from->columns);
		for (int c = 0; c < from->columns; c++)
			if (from->dicts[c])
				into->dicts[c] = dict_of_type(dict_type(from->dicts[c], 0));
		coded_start(into);
		MemoryContextSwitchTo(old);
	}
	if (!same_columns(into, from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states of other columns cannot be merged")));
	merge_coded(into, from);
	PG_RETURN_POINTER(into);
}

/* Returns the column whose dictionary is written as number `nth`: first the target's, then those of the features. */
static int
written(const Kernel *kernel, int columns, int nth)
{
	int			target = coded_target(kernel, columns);

	return kernel->scalars == 0 ? nth : nth == 0 ? target : nth - 1;
}

/* coded_state(state): the serialization function and the final function of the aggregates. */
PG_FUNCTION_INFO_V1(coded_state);
Datum
coded_state(PG_FUNCTION_ARGS)
{
	Coded	   *coded = PG_ARGISNULL(0) ? NULL : (Coded *) PG_GETARG_POINTER(0);
	StringInfoData bytes;
	State	   *state;

	aggregate_only(fcinfo, "coded_state", NULL);
	if (coded == NULL)
		PG_RETURN_NULL();
	coded_flush(coded);
	state = coded_reshaped(coded, coded_levels(coded), NULL);
	initStringInfo(&bytes);
	appendStringInfoSpaces(&bytes, VARHDRSZ);
	appendBinaryStringInfo(&bytes, (const char *) state, VARSIZE(state));
	for (int nth = 0; nth <= coded_target(coded->kernel, coded->columns); nth++)
	{
		int			c = written(coded->kernel, coded->columns, nth);

		if (c < coded->columns && coded->dicts[c])
			dict_append(&bytes, coded->dicts[c]);
	}
	SET_VARSIZE(bytes.data, bytes.len);
	PG_RETURN_BYTEA_P(bytes.data);
}

/* coded_deserial(bytes, state): a column is a category if the state has levels for it. */
PG_FUNCTION_INFO_V1(coded_deserial);
Datum
coded_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	const char *at = VARDATA_ANY(bytes);
	const char *end = at + VARSIZE_ANY_EXHDR(bytes);
	const char *start = at;
	const Kernel *kernel;
	State	   *state;
	Coded	   *coded;
	const char *taken;
	int			size;

	aggregate_only(fcinfo, "coded_deserial", NULL);
	memcpy(&size, dict_take(&at, end, sizeof(int)), sizeof(int));
	size = Max(VARSIZE(&size), sizeof(State));
	at = start;
	taken = dict_take(&at, end, size);
	state = memcpy(palloc(size), taken, size);
	kernel = kernel_by_id(state->kernel);
	if (kernel == NULL || kernel->of_levels == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this is not a state with categories")));
	state = state_check(kernel, (bytea *) state);
	coded = coded_new(kernel, state->ncols);
	coded->state = state;
	kernel->levels(state, coded->space);
	for (int nth = 0; nth <= coded_target(kernel, coded->columns); nth++)
	{
		int			c = written(kernel, coded->columns, nth);

		if (c < coded->columns && coded->space[c] > 0)
			coded->dicts[c] = dict_read(&at, end);
	}
	if (at != end)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("a state with categories is too long")));
	PG_RETURN_POINTER(coded);
}
