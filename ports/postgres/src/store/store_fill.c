/*
 * store_fill.c: the rows of a query, received straight from the executor, into a store.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "store.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#define EPOCH_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

typedef enum Kind
{
	FLOAT8, FLOAT4, INT2, INT4, INT8, BOOLEAN, NUMERIC, DATE, TIMESTAMP, LEVELS, VECTOR
} Kind;

/* One column of the query: where its values go. */
typedef struct Source
{
	Kind		kind;
	int			to;				/* first column in the store */
	int			width;			/* columns there; of a vector 0 until one was seen */
	Dict	   *levels;
} Source;

typedef struct Fill
{
	DestReceiver pub;
	Store	   *store;
	TupleDesc	desc;
	int			nsources;		/* columns of the query that are no grouping columns */
	int			ngroups;
	const int  *categories;		/* columns, counted from 1, whose values are numbered whatever their type */
	int			ncategories;
	Source	   *sources;
	Tuplestorestate *waiting;	/* rows before the first one that told the length of every vector */
	bool		started;
	bool		over;			/* the memory setting was reached */
	int		   *codes;			/* group of every row */
	int64		codes_capacity;
	double	   *row;			/* where the values of the row being filled go */
	Size		stride;			/* from one value of it to the next */
	MemoryContext scratch;
} Fill;

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

static double
timestamp_seconds(Timestamp t)
{
	if (TIMESTAMP_IS_NOBEGIN(t))
		return -get_float8_infinity();
	if (TIMESTAMP_IS_NOEND(t))
		return get_float8_infinity();
	return (double) (t + EPOCH_DAYS * USECS_PER_DAY) / USECS_PER_SEC;
}

static double
date_seconds(DateADT d)
{
	if (DATE_IS_NOBEGIN(d))
		return -get_float8_infinity();
	if (DATE_IS_NOEND(d))
		return get_float8_infinity();
	return ((double) d + EPOCH_DAYS) * SECS_PER_DAY;
}

static inline double
number(Kind kind, Datum value)
{
	switch (kind)
	{
		case FLOAT8:
			return DatumGetFloat8(value);
		case FLOAT4:
			return DatumGetFloat4(value);
		case INT2:
			return DatumGetInt16(value);
		case INT4:
			return DatumGetInt32(value);
		case INT8:
			return (double) DatumGetInt64(value);
		case BOOLEAN:
			return DatumGetBool(value);
		case NUMERIC:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8, value));
		case DATE:
			return date_seconds(DatumGetDateADT(value));
		case TIMESTAMP:
			return timestamp_seconds(DatumGetTimestamp(value));
		default:
			elog(ERROR, "not a kind of number: %d", (int) kind);
	}
}

static inline void
put_number(Fill *fill, int column, double value)
{
	fill->row[column * fill->stride] = value;
}

static void
put_null(Fill *fill, int column)
{
	Store	   *store = fill->store;

	if (fill->ngroups == 0)
	{
		store_set_null(store, store->rows, column);
		return;
	}
	fill->row[column] = 0;
	buffer_nulls(store, fill->row)[column / 64] |= UINT64CONST(1) << (column % 64);
	store->has_nulls[column] = true;
}

static void
put_vector(Fill *fill, const Source *source, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	const double *numbers = (const double *) ARR_DATA_PTR(array);
	const bits8 *bitmap = ARR_NULLBITMAP(array);
	int			length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must be an array of one dimension, not of %d", ARR_NDIM(array))));
	if (length != source->width)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must have the same length in every row: %d after %d", length, source->width)));
	for (int i = 0; i < length; i++)
	{
		if (bitmap && !(bitmap[i / 8] & (1 << (i % 8))))
			put_null(fill, source->to + i);
		else
			put_number(fill, source->to + i, *numbers++);
	}
}

static void
put_codes(Fill *fill, int code, int64 row)
{
	if (row == fill->codes_capacity)
	{
		fill->codes_capacity *= 2;
		fill->codes = repalloc_huge(fill->codes, fill->codes_capacity * sizeof(int));
	}
	fill->codes[row] = code;
}

/* Make space for the next row: in its block, or, with groups, in the buffer; false: there is no memory left. */
static bool
next_row(Fill *fill)
{
	Store	   *store = fill->store;
	int64		row = store->rows;
	int			r = row_of(store, row);

	if (r % 64 == 0 && !store_fits(store))	/* a long text may be in every row */
		return false;
	if (r == 0)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(fill->scratch);
		if (fill->ngroups > 0)
			store_buffer_block(store);
		else
			store_add_block(store);
	}
	if (fill->ngroups > 0)
	{
		fill->row = buffer_row(store, row);
		fill->stride = 1;
		memset(buffer_nulls(store, fill->row), 0, (buffer_width(store) - store->ncols) * sizeof(uint64));
	}
	else
	{
		fill->row = store_column(store, block_of(store, row), 0) + r;
		fill->stride = store->block_rows;
	}
	return true;
}

/* One row; false: there is no memory left for it. */
static bool
put_row(Fill *fill, const Datum *values, const bool *nulls)
{
	Store	   *store = fill->store;

	if (!next_row(fill))
	{
		fill->over = true;
		return false;
	}
	for (int s = 0; s < fill->nsources; s++)
	{
		const Source *source = &fill->sources[s];

		if (nulls[s])
			for (int i = 0; i < source->width; i++)
				put_null(fill, source->to + i);
		else if (source->kind == FLOAT8)
			put_number(fill, source->to, DatumGetFloat8(values[s]));
		else if (source->kind == VECTOR)
			put_vector(fill, source, values[s]);
		else if (source->kind == LEVELS)
			put_number(fill, source->to, dict_code(source->levels, values, nulls));
		else
			put_number(fill, source->to, number(source->kind, values[s]));
	}
	if (fill->ngroups > 0)
		put_codes(fill, dict_code(store->groups, values, nulls), store->rows);
	store->rows++;
	return true;
}

/* Whether the length of every vector is known, this row included. */
static bool
widths_known(Fill *fill, const Datum *values, const bool *nulls)
{
	bool		known = true;

	for (int s = 0; s < fill->nsources; s++)
	{
		Source	   *source = &fill->sources[s];

		if (source->kind == VECTOR && source->width == 0 && !nulls[s])
		{
			ArrayType  *array = DatumGetArrayTypeP(values[s]);

			source->width = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
			if (source->width == 0)
				ereport(ERROR,
						(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						 errmsg("features must not be an empty array")));
		}
		known = known && source->width > 0;
	}
	return known;
}

/* All widths are known: lay the store out and put the rows in that waited. */
static bool
begin_rows(Fill *fill)
{
	Store	   *store = fill->store;
	MemoryContext old = MemoryContextSwitchTo(store->context);
	TupleTableSlot *slot;
	int64		ncols = 0;
	bool		has_space = true;

	for (int s = 0; s < fill->nsources; s++)
		ncols += fill->sources[s].width;
	store_shape(store, ncols);
	store->levels = palloc0(Max(ncols, 1) * sizeof(Dict *));
	ncols = 0;
	for (int s = 0; s < fill->nsources; s++)
	{
		fill->sources[s].to = ncols;
		store->levels[ncols] = fill->sources[s].levels;
		ncols += fill->sources[s].width;
	}
	fill->started = true;
	if (fill->waiting)
	{
		slot = MakeSingleTupleTableSlot(fill->desc, &TTSOpsMinimalTuple);
		while (has_space && tuplestore_gettupleslot(fill->waiting, true, false, slot))
		{
			slot_getallattrs(slot);
			MemoryContextSwitchTo(fill->scratch);	/* put_row empties it: the row must not be in it */
			has_space = put_row(fill, slot->tts_values, slot->tts_isnull);
			MemoryContextSwitchTo(store->context);
		}
		ExecDropSingleTupleTableSlot(slot);
		tuplestore_end(fill->waiting);
		fill->waiting = NULL;
	}
	MemoryContextSwitchTo(old);
	return has_space;
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Fill	   *fill = (Fill *) self;
	MemoryContext old = MemoryContextSwitchTo(fill->scratch);
	bool		has_space = true;

	slot_getallattrs(slot);
	if (!fill->started && !widths_known(fill, slot->tts_values, slot->tts_isnull))
		tuplestore_puttupleslot(fill->waiting, slot);
	else
		has_space = (fill->started || begin_rows(fill)) && put_row(fill, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(old);
	return has_space;
}

/* Whether a column of the query is a category by the caller's will. */
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
	fill->sources = palloc0(fill->nsources * sizeof(Source));
	for (int s = 0; s < fill->nsources; s++)
	{
		Source	   *source = &fill->sources[s];

		source->kind = is_category(fill, s) ? LEVELS : kind_of(TupleDescAttr(desc, s));
		source->width = source->kind == VECTOR ? 0 : 1;
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

/* No row told the length of some vector: they are all NULL, one column will do. */
static void
finish(Fill *fill)
{
	if (!fill->started)
	{
		for (int s = 0; s < fill->nsources; s++)
			fill->sources[s].width = Max(1, fill->sources[s].width);
		begin_rows(fill);
	}
	if (fill->ngroups > 0 && !fill->over)
		store_sort(fill->store, fill->codes);
}

/*
 * store_fill(query, ngroups, categories): the number of a store that holds the columns of a query, the last ngroups of them
 * as grouping columns; NULL where madpy.store_memory is too little.  The values of `categories`, columns counted from 1,
 * are numbered whatever their type.
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
	MemoryContextDelete(fill.scratch);
	fill.store->filled = true;
	PG_RETURN_INT32(id);
}
