/*
 * store_run.c: runs a kernel over the rows of one group in a store.
 */
#include "store.h"

#include <math.h>

#include "engine/bounds.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Rows that a kernel gets at once as columns of indicators: few enough that they stay in the second-level cache. */
#define INDICATED_ROWS 512

/* The columns that a kernel gets from a store with indicators. */
typedef struct Seen
{
	const double **columns;		/* store_width() columns */
	Indicators *categories;
	int			ncategories;
	double	   *buffer;			/* values of the columns of indicators; NULL if the kernel takes codes */
} Seen;

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

static Seen
seen_new(const Store *store, const Kernel *kernel)
{
	Seen		seen = {
		.columns = palloc0(store_width(store) * sizeof(double *)),
		.categories = palloc(store->ncols * sizeof(Indicators)),
	};
	int64		made = 0;
	int			to = 0;

	for (int c = 0; c < store->ncols; c++)
	{
		int			count = store->indicators[c];

		if (count >= 0)
			seen.categories[seen.ncategories++] = (Indicators) {to, count};
		made += Max(count, 0);
		to += count < 0 ? 1 : count;
	}
	if (!kernel->takes_indicators)
		seen.buffer = palloc_limited(made * INDICATED_ROWS * sizeof(double), MaxAllocSize, "a block of indicators");
	return seen;
}

/* Writes the codes of a category as columns of 0 and 1; returns the end of what it has written. */
static double *
indicate(const Indicators *category, int rows, const double **columns, double *buffer)
{
	memset(buffer, 0, (Size) category->count * INDICATED_ROWS * sizeof(double));
	for (int i = 0; i < category->count; i++)
		columns[category->first + i] = buffer + (Size) i * INDICATED_ROWS;
	for (int r = 0; r < rows; r++)
	{
		int64		code = integer_within(category->codes[r], 1, category->count, 0);

		if (code > 0)
			buffer[(code - 1) * INDICATED_ROWS + r] = 1;
	}
	return buffer + (Size) category->count * INDICATED_ROWS;
}

/* Passes the rows of a block of stored columns to a kernel, with categories as indicators. */
static void
add_indicated(const Store *store, const Kernel *kernel, State *state, const RowBlock *block, const Seen *seen)
{
	int			most = seen->buffer ? INDICATED_ROWS : block->rows;

	for (int first = 0; first < block->rows; first += most)
	{
		RowBlock	part = {.rows = Min(most, block->rows - first), .columns = seen->columns};
		double	   *buffer = seen->buffer;
		int			to = 0;
		int			category = 0;

		for (int c = 0; c < store->ncols; c++)
			if (store->indicators[c] < 0)
				seen->columns[to++] = block->columns[c] + first;
			else
			{
				Indicators *one = &seen->categories[category++];

				one->codes = block->columns[c] + first;
				if (buffer)
					buffer = indicate(one, part.rows, seen->columns, buffer);
				to += one->count;
			}
		if (seen->buffer == NULL)
		{
			part.ncategories = seen->ncategories;
			part.categories = seen->categories;
		}
		kernel->add(state, &part);
	}
}

/* Runs a kernel over the rows from `from` up to, without, `to`. */
static void
run_kernel(const Store *store, const Kernel *kernel, State *state, int64 from, int64 to)
{
	const double **columns = palloc(store->ncols * sizeof(double *));
	const uint16 **codes = store->codes ? palloc(store->ncols * sizeof(uint16 *)) : NULL;
	double	   *value_buffer = NULL;
	uint16	   *code_buffer = NULL;
	Seen		seen = {0};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "madpy kernel", ALLOCSET_DEFAULT_SIZES);

	if (store->indicators)
		seen = seen_new(store, kernel);
	while (from < to)
	{
		int64		block = block_of(store, from);
		int			first = row_of(store, from);
		int			rows = Min(to - from, store->block_rows - first);
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
			add_indicated(store, kernel, state, &b, &seen);
		else if (b.rows > 0)
			kernel->add(state, &b);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
		from += rows;
	}
	MemoryContextDelete(scratch);
}

/* Runs a kernel over the rows of one group and returns the state. */
State *
store_group_state(Store *store, const Kernel *kernel, int group, const double *params, int nparams)
{
	State	   *state = state_new(kernel, store_width(store), nparams, params, 0);
	int64		from = store->groups ? store->group_start[group] : 0;
	int64		to = store->groups ? store->group_start[group + 1] : store->rows;

	if (store->taken == store_group_count(store))
		store_lay(store);		/* this is a second pass: see store_sort.c */
	if (store->order == NULL)
	{
		run_kernel(store, kernel, state, from, to);
		return state;
	}
	store->taken++;
	while (from < to)
	{
		const Store *part = store_part(store, from, to);

		run_kernel(part, kernel, state, 0, part->rows);
		from += part->rows;
	}
	return state;
}
