/*
 * store_place.c: copies the rows of a range to their place in a store that several processes fill.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "store_place.h"
#include "utils/wait_event.h"

/* Notes how many rows a range has, which may tell where the ranges behind it begin. */
static void
note_rows(Filling *filling, int range, int64 rows)
{
	SpinLockAcquire(&filling->lock);
	filling->counts[range] = rows;
	while (filling->placed < filling->ranges && filling->counts[filling->placed] >= 0)
	{
		filling->starts[filling->placed] = filling->rows;
		filling->rows += filling->counts[filling->placed++];
	}
	filling->is_over = filling->is_over || filling->rows > filling->most_rows;
	SpinLockRelease(&filling->lock);
	ConditionVariableBroadcast(&filling->moved);
}

/* Returns the first row of a range, -1 if it is not known yet; sets whether the store has too many rows. */
static int64
start_of(Filling *filling, int range, bool *is_over)
{
	int64		start;

	SpinLockAcquire(&filling->lock);
	start = filling->starts[range];
	*is_over = filling->is_over;
	SpinLockRelease(&filling->lock);
	return start;
}

/* Copies rows of one block of `part` to one block of the store. */
static void
copy_rows(Filling *filling, const Store *part, int64 from, int64 to, int rows)
{
	const Store *store = &filling->store;

	for (int c = 0; c < store->ncols; c++)
		parallel_write(store_column(store, block_of(store, to), c) + row_of(store, to),
					   store_column(part, block_of(part, from), c) + row_of(part, from), rows * sizeof(double));
}

/* Copies the NULLs of a column.  Two processes may write to the same word of the bitmap. */
static void
copy_nulls(Filling *filling, const Store *part, int column, int64 start)
{
	const Store *store = &filling->store;

	store->has_nulls[column] = true;
	for (int64 first = 0; first < part->rows; first += 64)
	{
		uint64		bits = store_nulls(part, block_of(part, first), column)[row_of(part, first) / 64];

		for (; bits != 0; bits &= bits - 1)
		{
			int64		row = start + first + pg_rightmost_one_pos64(bits);
			int			r = row_of(store, row);
			uint64	   *word = store_nulls(store, block_of(store, row), column) + r / 64;

			pg_atomic_fetch_or_u64((pg_atomic_uint64 *) word, UINT64CONST(1) << (r % 64));
		}
	}
}

/* Copies the rows of `part` to the blocks of the store. */
static void
place_in_blocks(Filling *filling, Store *part, int64 start)
{
	const Store *store = &filling->store;

	for (int64 from = 0; from < part->rows;)
	{
		int64		to = start + from;
		int			rows = Min(store->block_rows - row_of(store, to), part->block_rows - row_of(part, from));

		rows = Min(rows, part->rows - from);
		copy_rows(filling, part, from, to, rows);
		from += rows;
	}
	for (int c = 0; c < store->ncols; c++)
		if (part->has_nulls[c])
			copy_nulls(filling, part, c, start);
}

/* Copies the rows of `part` and their groups to the buffer of the store. */
static void
place_in_buffer(Filling *filling, Store *part, int64 start, const int *codes)
{
	const Store *store = &filling->store;
	Size		width = buffer_width(store);

	for (int64 from = 0; from < part->rows; from += part->block_rows)
		parallel_write(store->buffer_base + (start + from) * width, part->buffer[block_of(part, from)],
					   Min(part->block_rows, part->rows - from) * width * sizeof(double));
	parallel_write(filling->codes + start, codes, part->rows * sizeof(int));
	for (int c = 0; c < store->ncols; c++)
		if (part->has_nulls[c])
			store->has_nulls[c] = true;
}

int64
filling_place(Filling *filling, int range, Store *part, const int *codes)
{
	bool		is_over;
	int64		start;

	note_rows(filling, range, part->rows);
	ConditionVariablePrepareToSleep(&filling->moved);
	while ((start = start_of(filling, range, &is_over)) < 0 && !is_over)
		ConditionVariableSleep(&filling->moved, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
	if (is_over)
		return -1;
	if (filling->ngroups > 0)
		place_in_buffer(filling, part, start, codes);
	else
		place_in_blocks(filling, part, start);
	return start;
}
