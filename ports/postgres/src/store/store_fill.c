/*
 * store_fill.c: fills a store with the rows of a query, which the executor passes to a DestReceiver.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "store_fill.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

static Kind
kind_of(Form_pg_attribute attribute)
{
	Oid			type = getBaseType(attribute->atttypid);

	switch (type)
	{
		case FLOAT8OID:
			return FLOAT8;
		case FLOAT4OID:
			return FLOAT4;
		case INT2OID:
			return INT2;
		case INT4OID:
			return INT4;
		case INT8OID:
			return INT8;
		case BOOLOID:
			return BOOLEAN;
		case NUMERICOID:
			return NUMERIC;
		case DATEOID:
			return DATE;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return TIMESTAMP;
		case TIMEOID:
			return TIME;
		case INTERVALOID:
			return INTERVAL;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
			return LEVELS;
		case FLOAT8ARRAYOID:
			return VECTOR;
	}
	if (type_is_enum(type))
		return LEVELS;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" is of type %s, which cannot be kept as numbers",
					NameStr(attribute->attname), format_type_be(attribute->atttypid))));
}

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

static Kind
hash_kind(Form_pg_attribute attribute)
{
	if (attribute->atttypid != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the hash of a row must be of type bigint, not %s", format_type_be(attribute->atttypid))));
	return HASH;
}

/* Whether the caller has listed a column of the query as a category. */
static bool
is_category(const Fill *fill, int column)
{
	for (int i = 0; i < fill->ncategories; i++)
		if (fill->categories[i] == column + 1)
			return true;
	return false;
}

static void
start_up(DestReceiver *self, int operation, TupleDesc desc)
{
	Fill	   *fill = (Fill *) self;
	MemoryContext old = MemoryContextSwitchTo(fill->store->context);

	if (fill->desc)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a store must be one SELECT")));
	if (desc->natts <= fill->ngroups)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a store has %d columns, too few", desc->natts)));
	fill->desc = CreateTupleDescCopy(desc);
	fill->nsources = desc->natts - fill->ngroups;
	if (fill->beside >= fill->nsources)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d columns beside the others leave none of %d", fill->beside, fill->nsources)));
	fill->sources = palloc0(fill->nsources * sizeof(Source));
	for (int s = 0; s < fill->nsources; s++)
	{
		Source	   *source = &fill->sources[s];

		source->kind = is_category(fill, s) ? LEVELS : kind_of(TupleDescAttr(desc, s));
		if (fill->hashed && s == fill->nsources - 1)
			source->kind = hash_kind(TupleDescAttr(desc, s));
		source->width = source->kind != VECTOR && (source->kind != HASH || fill->share > 0);
		if (source->kind == LEVELS)
			source->levels = dict_new(fill->desc, s, 1);
	}
	if (fill->ngroups > 0)
	{
		fill->store->groups = dict_new(fill->desc, fill->nsources, fill->ngroups);
		fill->codes_capacity = 1024;
		fill->codes = MemoryContextAllocHuge(fill->store->context, fill->codes_capacity * sizeof(int));
	}
	MemoryContextSwitchTo(old);
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
	if (fill->ngroups > 0 && !fill->over)
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
	int			id;

	fill.categories = (const int *) ARR_DATA_PTR(categories);
	fill.ncategories = array_contains_nulls(categories) ? 0
		: ArrayGetNItems(ARR_NDIM(categories), ARR_DIMS(categories));
	if (fill.ngroups < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a store cannot have %d grouping columns", fill.ngroups)));
	check_apart(&fill);
	fill.store = store_new();
	fill.scratch = AllocSetContextCreate(fill.store->context, "madpy store fill", ALLOCSET_DEFAULT_SIZES);
	fill.waiting = tuplestore_begin_heap(false, false, work_mem);
	options.dest = &fill.pub;
	SPI_connect();
	if (SPI_execute_extended(query, &options) != SPI_OK_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a store must be a SELECT")));
	SPI_finish();
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
