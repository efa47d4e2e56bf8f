/*
 * store_sort.c: rows as they came, on a pile, laid into a store group by group.
 */
#include "postgres.h"

#include <sys/mman.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "store.h"
#include "utils/memutils.h"

/* Blocks of the pile that are asked for at once, a power of two. */
#define MOST_PILED 64

/*
 * Room in the pile for the block that row store->rows begins, and for as many as there are already, up to a limit.  Few
 * large pages are had much sooner than many small ones.
 */
void
store_pile_block(Store *store)
{
	int64		block = block_of(store, store->rows);
	int64		more = Min(Max(1, block), MOST_PILED);
	Size		doubles = (Size) pile_width(store) * store->block_rows;
	uintptr_t	start;
	uintptr_t	end;

	if (block % MOST_PILED != 0 && (block & (block - 1)) != 0)
		return;					/* there is */
	store->pile = block == 0 ? MemoryContextAlloc(store->context, sizeof(double *))
		: repalloc_huge(store->pile, (block + more) * sizeof(double *));
	store->pile[block] = MemoryContextAllocHuge(store->context, more * doubles * sizeof(double));
	for (int64 b = 1; b < more; b++)
		store->pile[block + b] = store->pile[block] + b * doubles;
	start = TYPEALIGN(HUGE_PAGE, (uintptr_t) store->pile[block]);
	end = TYPEALIGN_DOWN(HUGE_PAGE, (uintptr_t) (store->pile[block] + more * doubles));
	if (start < end)
		madvise((void *) start, end - start, MADV_HUGEPAGE);	/* a wish: it may be refused */
}

static void
free_pile(Store *store)
{
	int64		blocks = block_of(store, store->rows + store->block_rows - 1);

	for (int64 block = 0; block < blocks; block++)
		if (block % MOST_PILED == 0 || (block & (block - 1)) == 0)
			pfree(store->pile[block]);
	if (store->pile)
		pfree(store->pile);
	store->pile = NULL;
}

/*
 * Lay rows of the pile into a block of the store.  A few rows at once: each column's values are then written next to each
 * other, and reads of rows that lie anywhere wait for each other less.
 */
#define AT_ONCE 8

static void
lay_block(Store *store, int64 block, int rows, const int64 *order)
{
	int			ncols = store->ncols;
	double	   *to = store_column(store, block, 0);

	for (int r = 0; r < rows; r += AT_ONCE)
	{
		int			count = Min(AT_ONCE, rows - r);
		const double *row[AT_ONCE];

		for (int q = 0; q < count; q++)
			row[q] = pile_row(store, order[r + q]);
		for (int q = r + AT_ONCE; q < Min(r + 2 * AT_ONCE, rows); q++)
		{
			const double *next = pile_row(store, order[q]);

			for (int c = 0; c < Min(ncols, 64); c += 8)
				__builtin_prefetch(next + c);
		}
		for (int c = 0; c < ncols; c++)
			for (int q = 0; q < count; q++)
				to[(Size) c * store->block_rows + r + q] = row[q][c];
	}
}

static void
lay_nulls(Store *store, const int64 *order)
{
	bool		any = false;

	for (int c = 0; c < store->ncols; c++)
		any = any || store->has_nulls[c];
	for (int64 row = 0; row < store->rows && any; row++)
	{
		const uint64 *nulls = pile_nulls(store, pile_row(store, order[row]));

		for (int w = 0; w < (store->ncols + 63) / 64; w++)
			for (uint64 bits = nulls[w]; bits != 0; bits &= bits - 1)
				store_set_null(store, row, 64 * w + pg_rightmost_one_pos64(bits));
	}
}

/* The numbers of the rows, group by group; codes[row] is the group of each. */
static int64 *
order_by_group(Store *store, const int *codes)
{
	int			groups = dict_count(store->groups);
	int64	   *next = palloc(Max(1, groups) * sizeof(int64));
	int64	   *order = MemoryContextAllocHuge(CurrentMemoryContext, Max(1, store->rows) * sizeof(int64));

	store->group_start = MemoryContextAllocZero(store->context, (groups + 1) * sizeof(int64));
	for (int64 row = 0; row < store->rows; row++)
		store->group_start[codes[row] + 1]++;
	for (int g = 0; g < groups; g++)
		store->group_start[g + 1] += store->group_start[g];
	memcpy(next, store->group_start, groups * sizeof(int64));
	for (int64 row = 0; row < store->rows; row++)
		order[next[codes[row]]++] = row;
	pfree(next);
	return order;
}

/* Lay the rows of the pile into the store, group by group. */
void
store_sort(Store *store, const int *codes)
{
	int64	   *order = order_by_group(store, codes);
	int64		rows = store->rows;

	if (rows > 0)
		store_resize(store, block_of(store, rows + store->block_rows - 1));
	for (int64 first = 0; first < rows; first += store->block_rows)
	{
		CHECK_FOR_INTERRUPTS();
		lay_block(store, block_of(store, first), Min(store->block_rows, rows - first), order + first);
	}
	lay_nulls(store, order);
	pfree(order);
	free_pile(store);
}

