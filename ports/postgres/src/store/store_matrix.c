/*
 * store_matrix.c: writes the rows of a store to memory files, which another process maps.
 *
 * The first file has the features of all rows, row by row, the second one the other columns.  A second pair of files has the
 * rows that are set apart.  While the rows of a query without groups and categories come, they are written in pieces that are
 * in the processor's cache.  Others are in the buffer until the caller asks for the files: then groups are complete, and it is
 * known which codes categories have.
 */
#include "postgres.h"

#include <math.h>

#include "engine/bounds.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "store.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#define ROWS_AHEAD 8			/* rows of the buffer that are on their way to the cache */

/* The exponent of a double that is not finite has all bits set: adding this to its bits, without the sign, sets the first. */
#define CARRY UINT64CONST(0x0010000000000000)
#define SIGN UINT64CONST(0x8000000000000000)

/* Returns the width of a file: the first and the third one have the features, the others the other columns. */
static int
width_of(const Store *store, int file)
{
	return file % 2 == 0 ? store->features : store->ncols - store->features - store->apart;
}

static const double *
row_at(const Store *store, const double *block, int64 first, int r)
{
	if (block)
		return block + (Size) r * store->ncols;
	return buffer_row(store, store->order ? store->order[first + r] : first + r);
}

static bool
is_apart(const Store *store, const double *row)
{
	return store->apart && row[store->ncols - 1] == 1;
}

/* Copies rows to `to`: for each file its columns of all of its rows.  counts[] has the rows of the two pairs of files. */
static void
collect(const Store *store, const double *block, int64 first, int rows, const int *counts, double *to)
{
	int			width[2] = {width_of(store, 0), width_of(store, 1)};
	double	   *ends[4];

	for (int f = 0; f < lengthof(ends); f++)
	{
		ends[f] = to;
		to += (Size) counts[f / 2] * width[f % 2];
	}
	for (int r = 0; r < rows; r++)
	{
		const double *row = row_at(store, block, first, r);
		double	  **end = is_apart(store, row) ? ends + 2 : ends;
		double	   *features = end[0];
		double	   *others = end[1];

		if (block == NULL)
			__builtin_prefetch(row_at(store, block, 0, Min(first + r + ROWS_AHEAD, store->rows - 1)));
		for (int c = 0; c < width[0]; c++)
			*features++ = row[c];
		for (int c = 0; c < width[1]; c++)
			*others++ = row[width[0] + c];
		end[0] = features;
		end[1] = others;
	}
}

/* Replaces the codes of one of the columns of rows. */
static void
recode(double *values, int rows, int width, const int *codes, int count)
{
	for (int r = 0; r < rows; r++)
	{
		double	   *value = values + (Size) r * width;
		int64		code = integer_within(*value, 0, count - 1, -1);

		if (code >= 0)
			*value = codes[code] < 0 ? NAN : codes[code];
	}
}

/* Replaces values that are not finite by NaN; returns whether there are any. */
static bool
make_nan(double *values, Size count)
{
	uint64		any = 0;

	for (Size i = 0; i < count; i++)
	{
		uint64		bits;

		memcpy(&bits, values + i, sizeof bits);
		any |= (bits & ~SIGN) + CARRY;
	}
	if (!(any & SIGN))
		return false;
	for (Size i = 0; i < count; i++)
		if (!isfinite(values[i]))
			values[i] = NAN;
	return true;
}

/* Appends rows of a file, which are changed. */
static void
append(Store *store, int file, double *values, int rows)
{
	int			width = width_of(store, file);
	Size		count = (Size) rows * width;

	for (int c = 0; c < width && store->recoded; c++)
	{
		int			column = file % 2 * store->features + c;

		if (store->recoded[column])
			recode(values + c, rows, width, store->recoded[column] + 1, store->recoded[column][0]);
	}
	store->has_nan[file % 2] |= make_nan(values, count);
	store_write(store->files[file], values, count * sizeof(double));
}

static void
open_files(Store *store)
{
	for (int f = 0; f < (store->apart ? 4 : 2); f++)
		if (store->files[f] < 0)
			store->files[f] = store_new_file();
}

/*
 * Appends rows `first` up to, without, `first + rows` to the files.  They are in `block`; if that is NULL, in the buffer.
 */
void
store_write_rows(Store *store, const double *block, int64 first, int rows)
{
	int			counts[2] = {rows, 0};
	double	   *piece;

	if (store->piece == NULL)
		store->piece = MemoryContextAllocHuge(store->context, (Size) store->block_rows * store->ncols * sizeof(double));
	piece = store->piece;
	for (int r = 0; r < rows && store->apart; r++)
		counts[1] += is_apart(store, row_at(store, block, first, r));
	counts[0] -= counts[1];
	collect(store, block, first, rows, counts, piece);
	open_files(store);
	for (int f = 0; f < (store->apart ? 4 : 2); f++)
	{
		append(store, f, piece, counts[f / 2]);
		piece += (Size) counts[f / 2] * width_of(store, f);
	}
	store->apart_rows += counts[1];
}

/* Writes all rows from the buffer to the files.  An earlier call may have failed in the middle of it. */
static void
write_buffer(Store *store)
{
	store_close_files(store);
	store->apart_rows = 0;
	for (int64 first = 0; first < store->rows; first += store->block_rows)
		store_write_rows(store, NULL, first, Min(store->block_rows, store->rows - first));
	store_free_buffer(store);
}

static Datum
hash_sum(const Store *store)
{
	Datum		high = NumericGetDatum(int64_to_numeric(store->sum_high));
	Datum		unit = NumericGetDatum(int64_to_numeric(INT64CONST(1) << 32));

	return DirectFunctionCall2(numeric_add, DirectFunctionCall2(numeric_mul, high, unit),
							   NumericGetDatum(int64_to_numeric(store->sum_low)));
}

/* store_files(store): returns a record of what is needed to map the files of rows. */
PG_FUNCTION_INFO_V1(store_files);
Datum
store_files(PG_FUNCTION_ARGS)
{
	Store	   *store = store_find(PG_GETARG_INT32(0));
	Datum		values[11];
	bool		nulls[11] = {false};
	TupleDesc	tupdesc;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "store_files does not return its record");
	if (store->features < 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the rows of store %d are in blocks", store->id)));
	if (store->buffer)
		write_buffer(store);
	open_files(store);
	for (int f = 0; f < lengthof(store->files); f++)
	{
		values[f] = Int32GetDatum(store->files[f]);
		nulls[f] = store->files[f] < 0;
	}
	for (int f = 0; f < 2; f++)
	{
		values[4 + f] = Int32GetDatum(width_of(store, f));
		values[6 + f] = BoolGetDatum(store->has_nan[f]);
	}
	values[8] = store_group_starts(store);
	values[9] = Int64GetDatum(store->apart_rows);
	values[10] = hash_sum(store);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
