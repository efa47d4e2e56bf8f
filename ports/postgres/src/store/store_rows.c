/*
 * store_rows.c: converts the values of a row to numbers and puts them into a store.
 */
#include "store_fill.h"

#include "engine/row_hash.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "numeric/seconds.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

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
		case TIME:
			return time_seconds(DatumGetTimeADT(value));
		case INTERVAL:
			return interval_seconds(value);
		default:
			elog(ERROR, "not a kind of number: %d", (int) kind);
	}
}

/* Tells whether the values of a row lie next to each other: in the buffer, or on their way to the files. */
static inline bool
is_by_row(const Fill *fill)
{
	return fill->ngroups > 0 || fill->store->features >= 0;
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

	if (!is_by_row(fill))
	{
		store_set_null(store, store->rows, column);
		return;
	}
	store->has_nulls[column] = true;
	if (store->features >= 0)
	{
		fill->row[column] = NAN;
		return;
	}
	fill->row[column] = 0;
	buffer_nulls(store, fill->row)[column / 64] |= UINT64CONST(1) << (column % 64);
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

/* Adds the hash of a row to the sum of all; it decides where the row goes if it has a column. */
static void
put_hash(Fill *fill, const Source *source, int64 hash)
{
	fill->store->sum_high += hash >> 32;
	fill->store->sum_low += hash & PG_UINT32_MAX;
	if (source->width > 0)
		put_number(fill, source->to, row_part(hash, fill->seed) < fill->share);
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

/* Returns the code of a value in its column of the query; raises an error for too many values. */
static int
level_code(const Fill *fill, int source, const Datum *values, const bool *nulls)
{
	int			code = dict_code(fill->sources[source].levels, values, nulls);

	if (fill->max_levels > 0 && code >= fill->max_levels)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column %d has more than %d distinct values", source + 1, fill->max_levels)));
	return code;
}

/* Writes the rows that are in fill->block to the files: those of the last block of store->rows rows. */
void
store_write_block(Fill *fill)
{
	Store	   *store = fill->store;
	int			rows = store->rows > 0 ? row_of(store, store->rows - 1) + 1 : 0;

	store_write_rows(store, fill->block, store->rows - rows, rows);
}

/* Makes space for a block of rows that begins with row store->rows. */
static void
next_block(Fill *fill)
{
	if (fill->block)
		store_write_block(fill);
	else if (is_by_row(fill))
		store_buffer_block(fill->store);
	else
		store_add_block(fill->store);
}

/* Makes space for the next row; returns false if the memory setting forbids it. */
static bool
next_row(Fill *fill)
{
	Store	   *store = fill->store;
	int64		row = store->rows;
	int			r = row_of(store, row);

	if (r % 64 == 0 && !store_fits(store))	/* checked often, as every row may have a new long text */
		return false;
	if (r == 0)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(fill->scratch);
		next_block(fill);
	}
	if (is_by_row(fill))
	{
		fill->row = fill->block ? fill->block + (Size) r * store->ncols : buffer_row(store, row);
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

bool
store_put_row(Fill *fill, const Datum *values, const bool *nulls)
{
	Store	   *store = fill->store;
	const Source *sources = fill->sources;
	double	   *row;
	Size		stride;
	int			nsources;

	if (!next_row(fill))
	{
		fill->over = true;
		return false;
	}
	row = fill->row;			/* copies, which the compiler need not read again for each value */
	stride = fill->stride;
	nsources = fill->nsources;
	for (int s = 0; s < nsources; s++)
	{
		const Source *source = &sources[s];

		if (nulls[s])
			for (int i = 0; i < source->width; i++)
				put_null(fill, source->to + i);
		else if (source->kind == FLOAT8)
			row[source->to * stride] = DatumGetFloat8(values[s]);
		else if (source->kind == VECTOR)
			put_vector(fill, source, values[s]);
		else if (source->kind == LEVELS)
			put_number(fill, source->to, level_code(fill, s, values, nulls));
		else if (source->kind == HASH)
			put_hash(fill, source, DatumGetInt64(values[s]));
		else
			put_number(fill, source->to, number(source->kind, values[s]));
	}
	if (fill->ngroups > 0)
		put_codes(fill, dict_code(store->groups, values, nulls), store->rows);
	store->rows++;
	return true;
}

bool
store_widths_known(Fill *fill, const Datum *values, const bool *nulls)
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
		known = known && (source->width > 0 || source->kind == HASH);
	}
	return known;
}

bool
store_begin_rows(Fill *fill)
{
	Store	   *store = fill->store;
	MemoryContext old = MemoryContextSwitchTo(store->context);
	TupleTableSlot *slot;
	int64		ncols = 0;
	bool		has_levels = false;	/* then the rows wait in the buffer for the codes' order, see store_order() */
	bool		has_space = true;

	for (int s = 0; s < fill->nsources; s++)
		ncols += fill->sources[s].width;
	store_shape(store, ncols);
	store->levels = palloc0(Max(ncols, 1) * sizeof(Dict *));
	ncols = 0;
	for (int s = 0; s < fill->nsources; s++)
	{
		fill->sources[s].to = ncols;
		if (fill->sources[s].width > 0)
			store->levels[ncols] = fill->sources[s].levels;
		has_levels = has_levels || fill->sources[s].levels;
		ncols += fill->sources[s].width;
	}
	store->apart = fill->apart;
	if (fill->beside >= 0)
		store->features = fill->beside > 0 ? fill->sources[fill->nsources - fill->beside].to : ncols;
	if (fill->beside >= 0 && fill->ngroups == 0 && !has_levels)
		fill->block = palloc((Size) store->block_rows * ncols * sizeof(double));
	fill->started = true;
	if (fill->waiting)
	{
		slot = MakeSingleTupleTableSlot(fill->desc, &TTSOpsMinimalTuple);
		while (has_space && tuplestore_gettupleslot(fill->waiting, true, false, slot))
		{
			slot_getallattrs(slot);
			MemoryContextSwitchTo(fill->scratch);	/* store_put_row() resets the scratch context: the slot must not use it */
			has_space = store_put_row(fill, slot->tts_values, slot->tts_isnull);
			MemoryContextSwitchTo(store->context);
		}
		ExecDropSingleTupleTableSlot(slot);
		tuplestore_end(fill->waiting);
		fill->waiting = NULL;
	}
	MemoryContextSwitchTo(old);
	return has_space;
}
