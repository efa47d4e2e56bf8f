/*
 * store.c: creates, finds and frees the stores of a transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "engine/bounds.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "store.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#define MOST_STORES 1000		/* limit of stores in a transaction; a training uses one */

int			store_memory_kb;

static List *stores = NIL;		/* in TopMemoryContext */
static int	last_id = 0;

/* Frees what is outside the store's memory context; a callback for when the context is deleted. */
static void
store_release(void *arg)
{
	stores = list_delete_ptr(stores, arg);
	store_unmap(arg);
}

/*
 * Frees the mapped memory and the files of stores of a failed subtransaction and of later ones, whose numbers are higher.
 * PostgreSQL would keep them in a failed transaction block until the user's ROLLBACK, which may come much later.
 */
static void
unmap_since(SubTransactionId first)
{
	ListCell   *cell;

	foreach(cell, stores)
		if (((Store *) lfirst(cell))->since >= first)
			store_unmap(lfirst(cell));
}

static void
transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		unmap_since(TopSubTransactionId);
}

static void
subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		unmap_since(mine);
}

void
store_init(void)
{
	RegisterXactCallback(transaction_end, NULL);
	RegisterSubXactCallback(subtransaction_end, NULL);
}

/* Creates an empty store that lives as long as the current (sub)transaction. */
Store *
store_new(void)
{
	MemoryContext context;
	MemoryContext old;
	Store	   *store;
	MemoryContextCallback *callback;

	if (list_length(stores) >= MOST_STORES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a transaction cannot have more than %d stores", MOST_STORES)));
	context = AllocSetContextCreate(CurTransactionContext, "madpy store", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	store = palloc0(sizeof(Store));
	callback = palloc0(sizeof(MemoryContextCallback));
	store->id = ++last_id;
	store->owner = GetUserId();
	store->since = GetCurrentSubTransactionId();
	store->context = context;
	store->fd = -1;
	store->features = -1;
	memset(store->files, -1, sizeof store->files);
	callback->func = store_release;
	callback->arg = store;
	MemoryContextSwitchTo(TopMemoryContext);
	stores = lappend(stores, store);
	MemoryContextRegisterResetCallback(context, callback);
	MemoryContextSwitchTo(old);
	return store;
}

/* Returns the bytes of a store: its blocks or files, its dictionaries and its buffer. */
static int64
bytes_of(const Store *store, int64 blocks)
{
	return blocks * (int64) store->block_bytes + (int64) MemoryContextMemAllocated(store->context, true);
}

/* Tells whether a store of a finished or running fill has blocks or files, besides its buffer. */
static bool
has_blocks(const Store *store)
{
	return store->base || store->files[0] >= 0;
}

/* Tells whether all stores of the transaction stay within the memory setting with one more row. */
bool
store_fits(const Store *store)
{
	int64		bytes = bytes_of(store, store->buffer && !store->groups ? 0 : block_of(store, store->rows) + 1);
	ListCell   *cell;

	foreach(cell, stores)
	{
		const Store *other = lfirst(cell);

		if (other != store)
			bytes += bytes_of(other, has_blocks(other) ? block_of(other, other->rows) + 1 : 0);
	}
	return bytes <= (int64) store_memory_kb * 1024;
}

void
store_free(Store *store)
{
	MemoryContextDelete(store->context);
}

Store *
store_find(int id)
{
	ListCell   *cell;

	foreach(cell, stores)
	{
		Store	   *store = lfirst(cell);

		if (store->id == id && store->filled && store->owner == GetUserId())
			return store;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no store %d in this transaction", id)));
}

/* Returns a store whose rows are in blocks, or in the buffer on their way to blocks. */
Store *
store_for_kernels(int id)
{
	Store	   *store = store_find(id);

	if (store->features >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the rows of store %d are in files for another process", id)));
	return store;
}

/* Returns a store whose rows have been moved from the buffer to blocks, for functions that read them repeatedly. */
Store *
store_argument(int id)
{
	Store	   *store = store_for_kernels(id);

	store_lay(store);
	return store;
}

/* store_free(store) */
PG_FUNCTION_INFO_V1(store_drop);
Datum
store_drop(PG_FUNCTION_ARGS)
{
	store_free(store_find(PG_GETARG_INT32(0)));
	PG_RETURN_VOID();
}

/* store_groups(store): returns a row for each group: its number, from 0, and the values of the grouping columns. */
PG_FUNCTION_INFO_V1(store_groups);
Datum
store_groups(PG_FUNCTION_ARGS)
{
	Store	   *store = store_find(PG_GETARG_INT32(0));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			groups = store_group_count(store);
	int			n;
	Datum	   *values;
	bool	   *nulls;
	MemoryContext old;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) || !(rsinfo->allowedModes & SFRM_Materialize) ||
		rsinfo->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("store_groups is called in FROM, with a column definition list")));
	n = rsinfo->expectedDesc->natts;
	if (TupleDescAttr(rsinfo->expectedDesc, 0)->atttypid != INT4OID ||
		n - 1 != (store->groups ? dict_columns(store->groups) : 0))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the columns must be an integer and the grouping columns of store %d", store->id)));
	for (int c = 1; c < n; c++)
		if (TupleDescAttr(rsinfo->expectedDesc, c)->atttypid != dict_type(store->groups, c - 1))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("grouping column %d is of type %s", c, format_type_be(dict_type(store->groups, c - 1)))));

	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setResult = tuplestore_begin_heap(false, false, work_mem);
	rsinfo->setDesc = CreateTupleDescCopy(rsinfo->expectedDesc);
	MemoryContextSwitchTo(old);
	values = palloc(n * sizeof(Datum));
	nulls = palloc0(n * sizeof(bool));
	for (int group = 0; group < groups; group++)
	{
		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum(group);
		for (int c = 1; c < n; c++)
			values[c] = dict_value(store->groups, group, c - 1, &nulls[c]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}
