/*
 * kept.c: the aggregate keep(), which reads rows into stores, and the list of these stores.
 */
#include "postgres.h"

#include "engine/bounds.h"
#include "kept.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#define MOST_KEPT 1000			/* limit of stores in a backend */

static Kept *kept[MOST_KEPT];
static int	kept_count = 0;
static int64 kept_training = 0;

/* Forgets a store that is being freed; a callback of its memory context. */
static void
store_gone(void *arg)
{
	((Kept *) arg)->store = NULL;
}

/* Tells whether rows are still in memory and belong to this role; a failed subtransaction frees its rows. */
static bool
is_there(const Kept *one)
{
	return one->store && one->store->owner == GetUserId() && (one->store->base || one->store->rows == 0);
}

static void
forget_all(void)
{
	for (int i = 0; i < kept_count; i++)
	{
		if (kept[i]->store)
			store_free(kept[i]->store);
		pfree(kept[i]);
	}
	kept_count = 0;
}

/* Returns the slot for a new store, or -1 if there are too many. */
static int
new_slot(int64 training, Oid relation, ItemPointer at)
{
	Kept	   *one;

	if (training != kept_training)
		forget_all();
	kept_training = training;
	if (kept_count == MOST_KEPT)
		return -1;
	one = MemoryContextAllocZero(TopMemoryContext, sizeof(Kept));
	one->relation = relation;
	one->at = *at;
	kept[kept_count] = one;
	one->store = store_new();
	one->store->is_private = true;	/* Citus reads shards at the same time: they use the cores already */
	one->gone.func = store_gone;
	one->gone.arg = one;
	MemoryContextRegisterResetCallback(one->store->context, &one->gone);
	return kept_count++;
}

/* Returns the bytes of all stores and of one more block of `store`. */
static int64
bytes_with_block(const Store *store)
{
	int64		bytes = store->block_bytes;

	for (int i = 0; i < kept_count; i++)
		if (kept[i]->store && kept[i]->store->ncols > 0)
			bytes += block_of(kept[i]->store, kept[i]->store->rows + kept[i]->store->block_rows - 1) *
				(int64) kept[i]->store->block_bytes;
	return bytes;
}

/* Writes the numbers of an array into the last row, from column `first` on. */
static void
put_numbers(Store *store, ArrayType *array, int first)
{
	const double *numbers = (const double *) ARR_DATA_PTR(array);
	const bits8 *nulls = ARR_NULLBITMAP(array);
	int			length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int64		row = store->rows;
	double	   *to = store_column(store, block_of(store, row), first) + row_of(store, row);

	for (int i = 0; i < length; i++)
		if (nulls && !(nulls[i / 8] & (1 << (i % 8))))
			store_set_null(store, row, first + i);
		else
			to[(Size) i * store->block_rows] = *numbers++;
}

/* Adds a row to a store, all NULL if `features` is NULL; returns false if that exceeds madpy.store_memory. */
static bool
put_row(Store *store, ArrayType *features, ArrayType *scalars, int k)
{
	if (row_of(store, store->rows) == 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (bytes_with_block(store) > (int64) store_memory_kb * 1024)
			return false;
		store_add_block(store);
	}
	if (features)
	{
		put_numbers(store, features, 0);
		put_numbers(store, scalars, k);
	}
	else
		for (int c = 0; c < store->ncols; c++)
			store_set_null(store, store->rows, c);
	store->rows++;
	return true;
}

static int
length_of(ArrayType *array, const char *what)
{
	int			length;

	(void) vector_argument(array, what, &length);
	return length;
}

/*
 * Adds a row, and returns false if that exceeds madpy.store_memory.  Rows without features are only counted while the
 * number of features is unknown.
 */
static bool
keep_row(Kept *one, ArrayType *features, ArrayType *scalars)
{
	Store	   *store = one->store;
	int			s = length_of(scalars, "scalars");
	int			k = features ? length_of(features, "features") : store->ncols - s;

	if (store->ncols == 0 && features == NULL)
	{
		one->waiting++;
		return true;
	}
	if (k <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must not be an empty array")));
	if (store->ncols == 0)
		store_shape(store, k + s);
	if (k + s != store->ncols)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must have the same length in every row: %d after %d", k, store->ncols - s)));
	for (; one->waiting > 0; one->waiting--)
		if (!put_row(store, NULL, NULL, k))
			return false;
	return put_row(store, features, scalars, k);
}

static void
not_a_list(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("this is not a list of kept rows")));
}

/* Returns the list of entries in an argument, after checks: any user may have written the bytes. */
static KeptEntries *
entries_argument(FunctionCallInfo fcinfo, int arg, int *count)
{
	KeptEntries *entries = (KeptEntries *) aligned_bytes(PG_GETARG_BYTEA_P(arg));
	Size		size = VARSIZE(entries);

	if (size < offsetof(KeptEntries, entries) || (size - offsetof(KeptEntries, entries)) % sizeof(KeptEntry) != 0 ||
		entries->magic != KEPT_MAGIC)
		not_a_list();
	*count = (size - offsetof(KeptEntries, entries)) / sizeof(KeptEntry);
	return entries;
}

static KeptEntries *
new_entries(int64 count)
{
	int64		size = offsetof(KeptEntries, entries) + count * (int64) sizeof(KeptEntry);
	KeptEntries *entries = palloc_limited(size, MaxAllocSize, "a list of kept rows");

	SET_VARSIZE(entries, size);
	entries->magic = KEPT_MAGIC;
	return entries;
}

/* Creates a store for the shard or group whose first row this is; returns a list with its entry. */
static KeptEntries *
first_entry(int64 training, Oid relation, ItemPointer at)
{
	KeptEntries *entries = new_entries(1);
	int			slot = new_slot(training, relation, at);

	entries->entries[0] = (KeptEntry) {
		.block = ItemPointerGetBlockNumberNoCheck(at), .offset = ItemPointerGetOffsetNumberNoCheck(at),
		.over = slot < 0, .relation = relation, .slot = slot
	};
	return entries;
}

/* keep_accum(state bytea, training bigint, at tid, relation oid, features double precision[], scalars double precision[]) */
PG_FUNCTION_INFO_V1(keep_accum);
Datum
keep_accum(PG_FUNCTION_ARGS)
{
	KeptEntries *entries;
	KeptEntry  *entry;
	Kept	   *one;
	int			count = 1;

	aggregate_only(fcinfo, "keep", NULL);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(5))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("only features may be NULL where rows are kept")));
	entries = PG_ARGISNULL(0) ? first_entry(PG_GETARG_INT64(1), PG_GETARG_OID(3), (ItemPointer) PG_GETARG_POINTER(2))
		: entries_argument(fcinfo, 0, &count);
	if (count < 1)
		not_a_list();
	entry = &entries->entries[0];
	entry->rows++;
	if (entry->over)
		PG_RETURN_POINTER(entries);
	one = entry->slot < 0 || entry->slot >= kept_count ? NULL : kept[entry->slot];
	if (one == NULL || !is_there(one))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the kept rows have been freed")));
	if (!keep_row(one, PG_ARGISNULL(4) ? NULL : PG_GETARG_ARRAYTYPE_P(4), PG_GETARG_ARRAYTYPE_P(5)))
	{
		entry->over = 1;
		store_free(one->store);
	}
	PG_RETURN_POINTER(entries);
}

/* keep_combine(state bytea, other bytea): concatenates two lists of entries */
PG_FUNCTION_INFO_V1(keep_combine);
Datum
keep_combine(PG_FUNCTION_ARGS)
{
	KeptEntries *parts[2] = {NULL, NULL};
	int			counts[2] = {0, 0};
	KeptEntries *all;

	aggregate_only(fcinfo, "keep", NULL);
	for (int arg = 0; arg < 2; arg++)
		if (!PG_ARGISNULL(arg))
			parts[arg] = entries_argument(fcinfo, arg, &counts[arg]);
	all = new_entries((int64) counts[0] + counts[1]);
	for (int arg = 0; arg < 2; arg++)
		if (parts[arg])
			memcpy(all->entries + (arg == 0 ? 0 : counts[0]), parts[arg]->entries, counts[arg] * sizeof(KeptEntry));
	PG_RETURN_POINTER(all);
}

/* Returns the kept rows whose first row has this ctid; NULL if there are none. */
Kept *
kept_at(Oid relation, ItemPointer at)
{
	for (int i = 0; i < kept_count; i++)
		if (kept[i]->relation == relation && ItemPointerEquals(&kept[i]->at, at) && is_there(kept[i]))
			return kept[i];
	return NULL;
}
