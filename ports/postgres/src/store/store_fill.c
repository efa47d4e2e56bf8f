/*
 * store_fill.c: fills a store with the rows of a query, which the executor passes to a DestReceiver.
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "store_fill.h"
#include "store_parallel.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Fill	   *fill = (Fill *) self;
	MemoryContext old = MemoryContextSwitchTo(fill->scratch);
	bool		has_space = true;

	slot_getallattrs(slot);
	if (!fill->started && !store_widths_known(fill, slot->tts_values, slot->tts_isnull))
		tuplestore_puttupleslot(fill->waiting, slot);
	else
		has_space = (fill->started || store_begin_rows(fill)) && store_put_row(fill, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(old);
	return has_space;
}

static void
start_up(DestReceiver *self, int operation, TupleDesc desc)
{
	Fill	   *fill = (Fill *) self;

	if (fill->desc)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a store must be one SELECT")));
	store_fill_start(fill, desc);
}

static void
shut_down(DestReceiver *self)
{
}

/* Completes the store.  A vector that is NULL in every row has no known length, and becomes one column. */
static void
finish(Fill *fill)
{
	if (!fill->started)
	{
		for (int s = 0; s < fill->nsources; s++)
			if (fill->sources[s].kind == VECTOR)
				fill->sources[s].width = Max(1, fill->sources[s].width);
		store_begin_rows(fill);
	}
	if (fill->block && !fill->over)
		store_write_block(fill);
	if (fill->ngroups > 0 && !fill->over && fill->store->order == NULL)
		store_sort(fill->store, fill->codes);
}

/* Checks that there are the columns by which rows are summed and set apart. */
static void
check_apart(const Fill *fill)
{
	bool		by_hash = fill->share > 0;
	int			needed = fill->hashed + (fill->apart && !by_hash);	/* columns */

	if ((by_hash && !(fill->apart && fill->hashed)) || (fill->apart && fill->ngroups > 0) ||
		Max(fill->beside, 0) < needed || isnan(fill->share))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the rows cannot be set apart, or summed, without a column for it")));
}

/*
 * store_fill(query, ngroups, categories, max_levels, beside, apart, hashed, share, seed): creates a store with the columns of
 * a query and returns its number; NULL if it does not fit into madpy.store_memory.  The last `ngroups` columns are the grouping
 * columns.
 * `categories` lists columns, counted from 1, whose values become codes whatever their type.  A column with more than
 * max_levels values that become codes is an error as soon as they have come, unless max_levels is 0.  If `beside` is not
 * below 0, the rows go to files for another process, the last `beside` columns before the grouping columns to a second one.
 * If `hashed`, the last of these is a hash of the row, which is summed.  If `apart`, the last number of these says by 1 which
 * rows go to a second pair of files; or, with a share above 0, that share of the rows does, chosen by hash and seed.
 */
PG_FUNCTION_INFO_V1(store_fill);
Datum
store_fill(PG_FUNCTION_ARGS)
{
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	SPIExecuteOptions options = {.read_only = true};
	Fill		fill = {
		.pub = {.receiveSlot = receive, .rStartup = start_up, .rShutdown = shut_down, .rDestroy = shut_down,
		.mydest = DestTuplestore},
		.ngroups = PG_GETARG_INT32(1),
		.max_levels = PG_GETARG_INT32(3),
		.beside = PG_GETARG_INT32(4),
		.apart = PG_GETARG_BOOL(5),
		.hashed = PG_GETARG_BOOL(6),
		.share = PG_GETARG_FLOAT8(7),
		.seed = PG_GETARG_INT64(8),
	};
	ArrayType  *categories = PG_GETARG_ARRAYTYPE_P(2);
	int			nest_level;
	int			id;

	fill.categories = (const int *) ARR_DATA_PTR(categories);
	fill.ncategories = array_contains_nulls(categories) ? 0
		: ArrayGetNItems(ARR_NDIM(categories), ARR_DIMS(categories));
	if (fill.ngroups < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a store cannot have %d grouping columns", fill.ngroups)));
	check_apart(&fill);
	store_fill_new(&fill);
	fill.waiting = tuplestore_begin_heap(false, false, work_mem);
	options.dest = &fill.pub;
	nest_level = NewGUCNestLevel();
	/* else a scan of a large table begins anywhere in it, and sums of the rows end in other bits */
	(void) set_config_option("synchronize_seqscans", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (!store_fill_in_parallel(&fill, query) && SPI_execute_extended(query, &options) != SPI_OK_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a store must be a SELECT")));
	SPI_finish();
	AtEOXact_GUC(true, nest_level);
	finish(&fill);
	id = fill.store->id;
	if (fill.over)
	{
		store_free(fill.store);
		PG_RETURN_NULL();
	}
	if (fill.codes)
		pfree(fill.codes);
	if (fill.block)
		pfree(fill.block);
	MemoryContextDelete(fill.scratch);
	fill.store->filled = true;
	PG_RETURN_INT32(id);
}
