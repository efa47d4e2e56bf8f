/*
 * store_matrix.c: writes the rows of a store to two memory files, which another process maps.
 *
 * The first file has the features of all rows, row by row, the second one the other columns.  While the rows of a query
 * without groups and categories come, they are written in pieces that are in the processor's cache.  Others are in the
 * buffer until the caller asks for the files: then groups are complete, and it is known which codes categories have.
 */
#include "postgres.h"

#include <math.h>

#include "engine/bounds.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "store.h"
#include "utils/memutils.h"

#define ROWS_AHEAD 8			/* rows of the buffer that are on their way to the cache */

/* The exponent of a double that is not finite has all bits set: adding this to its bits, without the sign, sets the first. */
#define CARRY UINT64CONST(0x0010000000000000)
#define SIGN UINT64CONST(0x8000000000000000)

static int
width_of(const Store *store, int file)
{
	return file == 0 ? store->features : store->ncols - store->features;
}

/* Copies rows to `to`: the features of all rows, then their other columns. */
static void
collect(const Store *store, const double *block, int64 first, int rows, double *to)
{
	int			width[2] = {width_of(store, 0), width_of(store, 1)};
	double	   *others = to + (Size) rows * width[0];

	for (int r = 0; r < rows; r++)
	{
		const double *row = block + (Size) r * store->ncols;

		if (block == NULL)
		{
			int64		next = Min(first + r + ROWS_AHEAD, store->rows - 1);

			row = buffer_row(store, store->order ? store->order[first + r] : first + r);
			__builtin_prefetch(buffer_row(store, store->order ? store->order[next] : next));
		}
		for (int c = 0; c < width[0]; c++)
			*to++ = row[c];
		for (int c = 0; c < width[1]; c++)
			*others++ = row[width[0] + c];
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

/*
 * Appends rows `first` up to, without, `first + rows` to the files.  They are in `block`; if that is NULL, in the buffer.
 */
void
store_write_rows(Store *store, const double *block, int64 first, int rows)
{
	double	   *piece;

	if (store->piece == NULL)
		store->piece = MemoryContextAllocHuge(store->context, (Size) store->block_rows * store->ncols * sizeof(double));
	piece = store->piece;
	collect(store, block, first, rows, piece);
	for (int f = 0; f < 2; f++)
	{
		int			width = width_of(store, f);
		Size		count = (Size) rows * width;

		for (int c = 0; c < width && store->recoded; c++)
		{
			int			column = f * store->features + c;

			if (store->recoded[column])
				recode(piece + c, rows, width, store->recoded[column] + 1, store->recoded[column][0]);
		}
		store->has_nan[f] |= make_nan(piece, count);
		if (store->files[f] < 0)
			store->files[f] = store_new_file();
		store_write(store->files[f], piece, count * sizeof(double));
		piece += count;
	}
}

/* Writes all rows from the buffer to the files.  An earlier call may have failed in the middle of it. */
static void
write_buffer(Store *store)
{
	store_close_files(store);
	for (int64 first = 0; first < store->rows; first += store->block_rows)
		store_write_rows(store, NULL, first, Min(store->block_rows, store->rows - first));
	store_free_buffer(store);
}

/* store_files(store): returns a record of what is needed to map the files of rows. */
PG_FUNCTION_INFO_V1(store_files);
Datum
store_files(PG_FUNCTION_ARGS)
{
	Store	   *store = store_find(PG_GETARG_INT32(0));
	Datum		values[7];
	bool		nulls[7] = {false};
	TupleDesc	tupdesc;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "store_files does not return its record");
	if (store->features < 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the rows of store %d are in blocks", store->id)));
	if (store->buffer)
		write_buffer(store);
	for (int f = 0; f < 2; f++)
	{
		if (store->files[f] < 0)
			store->files[f] = store_new_file();
		values[f] = Int32GetDatum(store->files[f]);
		values[2 + f] = Int32GetDatum(width_of(store, f));
		values[4 + f] = BoolGetDatum(store->has_nan[f]);
	}
	values[6] = store_group_starts(store);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
