/*
 * store_run.c: runs a kernel over rows of a store.
 */
#include "store.h"

#include <math.h>

#include "engine/indicated.h"
#include "miscadmin.h"
#include "utils/memutils.h"

static bool
is_null(const Store *store, int64 row, int column)
{
	int			r = row_of(store, row);

	return (store_nulls(store, block_of(store, row), column)[r / 64] >> (r % 64)) & 1;
}

/*
 * Copies the rows of a block that a kernel can use to the caller's buffers, points `into` to them and returns their number.
 * A row with a NULL is left out; if the kernel takes NULLs, a feature that is NULL becomes NaN instead.
 */
static int
usable_rows(const Store *store, const Kernel *kernel, int64 block, int first, int rows,
			RowBlock *into, double *value_buffer, uint16 *code_buffer)
{
	int			needed = kernel->takes_nulls ? store->ncols - kernel->scalars : 0;	/* first column that must not be NULL */
	int			kept = 0;

	for (int r = first; r < first + rows; r++)
	{
		bool		complete = true;

		for (int c = needed; c < store->ncols && complete; c++)
			complete = !is_null(store, block * store->block_rows + r, c);
		if (!complete)
			continue;
		for (int c = 0; c < store->ncols; c++)
			value_buffer[(Size) c * store->block_rows + kept] =
				c < needed && is_null(store, block * store->block_rows + r, c) ? NAN : store_column(store, block, c)[r];
		for (int c = 0; c < store->ncols && into->codes; c++)
			code_buffer[(Size) c * store->block_rows + kept] = store_codes(store, block, c)[r];
		kept++;
	}
	for (int c = 0; c < store->ncols; c++)
	{
		into->columns[c] = value_buffer + (Size) c * store->block_rows;
		if (into->codes)
			into->codes[c] = code_buffer + (Size) c * store->block_rows;
	}
	return kept;
}

static bool
has_nulls(const Store *store, int64 block, int first, int rows)
{
	for (int c = 0; c < store->ncols; c++)
	{
		const uint64 *nulls = store_nulls(store, block, c);

		if (!store->has_nulls[c])
			continue;
		for (int w = first / 64; w <= (first + rows - 1) / 64; w++)
			if (nulls[w])
				return true;
	}
	return false;
}

/*
 * Runs a kernel over the rows from `from` up to, without, `to`.  Blocks for the kernel have at most `most_rows` rows, and end
 * where those of the store end.
 */
static void
run_kernel(const Store *store, const Kernel *kernel, State *state, int64 from, int64 to, int most_rows)
{
	const double **columns = palloc(store->ncols * sizeof(double *));
	const uint16 **codes = store->codes ? palloc(store->ncols * sizeof(uint16 *)) : NULL;
	double	   *value_buffer = NULL;
	uint16	   *code_buffer = NULL;
	Indicated	seen = {0};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "madpy kernel", ALLOCSET_DEFAULT_SIZES);

	if (store->indicators)
		seen = indicated_new(kernel, store->ncols, store->indicators);
	while (from < to)
	{
		int64		block = block_of(store, from);
		int			first = row_of(store, from);
		int			rows = Min(Min(to - from, store->block_rows - first), most_rows);
		RowBlock	b = {rows, columns, codes, store->places ? store->places + from : NULL};
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (has_nulls(store, block, first, rows))
		{
			if (value_buffer == NULL)
				value_buffer = palloc((Size) store->ncols * store->block_rows * sizeof(double));
			if (codes && code_buffer == NULL)
				code_buffer = palloc((Size) store->ncols * store->block_rows * sizeof(uint16));
			b.places = NULL;
			b.rows = usable_rows(store, kernel, block, first, rows, &b, value_buffer, code_buffer);
			state->rows_skipped += rows - b.rows;
		}
		else
			for (int c = 0; c < store->ncols; c++)
			{
				columns[c] = store_column(store, block, c) + first;
				if (codes)
					codes[c] = store_codes(store, block, c) + first;
			}
		old = MemoryContextSwitchTo(scratch);
		if (b.rows > 0 && store->indicators)
			indicated_add(kernel, state, &b, &seen);
		else if (b.rows > 0)
			kernel->add(state, &b);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
		from += rows;
	}
	MemoryContextDelete(scratch);
}

/*
 * Runs a kernel over rows of one group.  The kernel gets the same blocks whether the rows are in blocks of the store or still
 * in the buffer, so that the state has the same bits.  `part`: see store_part().
 */
void
store_run_kernel(const Store *store, const Kernel *kernel, State *state, int64 from, int64 to, Store **part)
{
	int			most_rows = store->group_start ? PART_ROWS : store->block_rows;

	if (store->order == NULL)
		run_kernel(store, kernel, state, from, to, most_rows);
	else
		while (from < to)
		{
			const Store *rows = store_part(store, part, from, Min(to, from + store->block_rows - row_of(store, from)));

			run_kernel(rows, kernel, state, 0, rows->rows, PART_ROWS);
			from += rows->rows;
		}
}
