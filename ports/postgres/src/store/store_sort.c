/*
 * store_sort.c: orders the rows of a store by group.
 *
 * While the store is filled, rows are in a buffer in the order of the query.  The first pass over the groups copies some
 * rows of a group at a time from the buffer to a small store of one block, which stays in the cache.  A second pass begins
 * by moving all rows to the blocks of the store, group by group.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "parallel/parallel.h"
#include "port/pg_bitutils.h"
#include "store.h"
#include "utils/memutils.h"

/*
 * Rows that lay_block() copies at once from the buffer to a block.  So several values of a column are written next to each
 * other, and the processor can read several rows at the same time from distant addresses.
 */
#define ROWS_AT_ONCE 8

#define LAID_BLOCKS 4			/* blocks of a shared store that a task lays */

static void
lay_block(const Store *store, Store *into, int64 block, int rows, const int64 *order)
{
	int			ncols = store->ncols;
	int64		known = store->order + store->rows - order; /* rows from the first on, later groups included */
	double	   *to = store_column(into, block, 0);

	for (int r = 0; r < rows; r += ROWS_AT_ONCE)
	{
		int			count = Min(ROWS_AT_ONCE, rows - r);
		const double *row[ROWS_AT_ONCE];

		for (int q = 0; q < count; q++)
			row[q] = buffer_row(store, order[r + q]);
		for (int64 q = r + 2 * ROWS_AT_ONCE; q < Min(r + 3 * ROWS_AT_ONCE, known); q++)
		{
			const double *next = buffer_row(store, order[q]);

			for (int c = 0; c < Min(ncols, 64); c += 8)
				__builtin_prefetch(next + c);
		}
		for (int c = 0; c < ncols; c++)
			for (int q = 0; q < count; q++)
				to[(Size) c * into->block_rows + r + q] = row[q][c];
	}
}

/* Checks for interrupts once in 65,536 rows. */
static inline void
look_sometimes(int64 row)
{
	if ((row & 0xFFFF) == 0)
		CHECK_FOR_INTERRUPTS();
}

static void
lay_nulls(const Store *store, Store *into, int64 rows, const int64 *order)
{
	bool		any = false;

	for (int c = 0; c < store->ncols; c++)
		any = any || store->has_nulls[c];
	for (int64 row = 0; row < rows && any; row++)
	{
		const uint64 *nulls = buffer_nulls(store, buffer_row(store, order[row]));

		look_sometimes(row);
		for (int w = 0; w < (store->ncols + 63) / 64; w++)
			for (uint64 bits = nulls[w]; bits != 0; bits &= bits - 1)
				store_set_null(into, row, 64 * w + pg_rightmost_one_pos64(bits));
	}
}

/* Orders the row numbers by group after the last row has come; codes[row] is the group of a row. */
void
store_sort(Store *store, const int *codes)
{
	int			groups = dict_count(store->groups);
	int64	   *next = palloc(Max(1, groups) * sizeof(int64));

	store->order = store_alloc(store, store->context, Max(1, store->rows) * sizeof(int64));
	store->group_start = MemoryContextAllocZero(store->context, (groups + 1) * sizeof(int64));
	for (int64 row = 0; row < store->rows; row++)
	{
		look_sometimes(row);
		store->group_start[codes[row] + 1]++;
	}
	for (int g = 0; g < groups; g++)
		store->group_start[g + 1] += store->group_start[g];
	memcpy(next, store->group_start, groups * sizeof(int64));
	for (int64 row = 0; row < store->rows; row++)
	{
		look_sometimes(row);
		store->order[next[codes[row]]++] = row;
	}
	pfree(next);
}

/* Allocates a store of one block, for rows on their way from the buffer. */
static Store *
new_part(const Store *store, int block_rows)
{
	Store	   *part = palloc0(sizeof(Store));

	part->ncols = store->ncols;
	part->has_nulls = store->has_nulls;
	part->indicators = store->indicators;
	part->block_rows = block_rows;
	part->block_shift = pg_leftmost_one_pos32(part->block_rows);
	part->block_bytes = store_block_bytes(part->ncols, part->block_rows);
	part->base = palloc(part->block_bytes);
	return part;
}

/* Copies rows in the order of groups to a store of one block. */
static void
fill_part(const Store *store, Store *part, int64 from, int rows)
{
	part->rows = rows;
	lay_block(store, part, 0, rows, store->order + from);
	memset(store_nulls(part, 0, 0), 0, (Size) part->ncols * part->block_rows / 8);
	lay_nulls(store, part, rows, store->order + from);
}

/* Lays some blocks of a shared store; a task. */
static void
lay_blocks(void *argument, int task)
{
	const Store *store = argument;
	Store	   *part = new_part(store, store->block_rows);

	for (int b = 0; b < LAID_BLOCKS; b++)
	{
		int64		block = (int64) task * LAID_BLOCKS + b;
		int64		from = block * store->block_rows;

		if (from >= store->rows)
			break;
		fill_part(store, part, from, Min(store->block_rows, store->rows - from));
		parallel_write((char *) store_column(store, block, 0), part->base, store->block_bytes);
	}
}

/* Lays the blocks of a shared store, with workers. */
static void
lay_together(Store *store)
{
	int64		blocks = block_of(store, store->rows + store->block_rows - 1);
	Store	   *shared = store_alloc(store, CurrentMemoryContext, sizeof(Store));

	if (blocks == 0)
		return;
	store->base = store_alloc(store, store->context, blocks * store->block_bytes);
	*shared = *store;
	shared->has_nulls = store_alloc(store, CurrentMemoryContext, store->ncols * sizeof(bool));
	memcpy(shared->has_nulls, store->has_nulls, store->ncols * sizeof(bool));
	parallel_run(lay_blocks, shared, (blocks + LAID_BLOCKS - 1) / LAID_BLOCKS, blocks * store->block_bytes);
}

/* Lays the blocks of a store that is not shared. */
static void
lay_alone(Store *store)
{
	if (store->rows > 0)
		store_resize(store, block_of(store, store->rows + store->block_rows - 1));
	for (int64 first = 0; first < store->rows; first += store->block_rows)
	{
		CHECK_FOR_INTERRUPTS();
		lay_block(store, store, block_of(store, first), Min(store->block_rows, store->rows - first),
				  store->order + first);
	}
	lay_nulls(store, store, store->rows, store->order);
}

/* Moves the rows from the buffer to the blocks of the store, unless that has been done. */
void
store_lay(Store *store)
{
	if (store->order == NULL)
		return;
	if (store->is_shared)
		lay_together(store);
	else
		lay_alone(store);
	store_free_buffer(store);
}

/*
 * Copies rows `from` up to, without, `to` in the order of groups, or as many as fit, to a store of one block, which is
 * allocated in the current memory context if *part is NULL.
 */
const Store *
store_part(const Store *store, Store **part, int64 from, int64 to)
{
	if (*part == NULL)
		*part = new_part(store, Min(PART_ROWS, store->block_rows));
	fill_part(store, *part, from, Min(to - from, (*part)->block_rows));
	return *part;
}
