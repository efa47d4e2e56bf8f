/*
 * store_filling.c: memory for a store that several processes fill.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "store_fill.h"
#include "store_place.h"

/* Allocates the blocks of the store, or with groups its buffer; returns false if there is no memory that workers share. */
static bool
allocate_rows(Filling *filling, Fill *fill, int64 blocks)
{
	Store	   *store = fill->store;
	Size		rows = blocks * store->block_rows;
	Size		width = buffer_width(store);

	store->is_shared = true;
	if (fill->ngroups == 0)
		return (store->base = parallel_alloc(store->context, blocks * store->block_bytes)) != NULL;
	filling->codes = parallel_alloc(store->context, rows * sizeof(int));
	store->buffer_base = parallel_alloc(store->context, rows * width * sizeof(double));
	store->buffer = parallel_alloc(store->context, blocks * sizeof(double *));
	if (filling->codes == NULL || store->buffer_base == NULL || store->buffer == NULL)
		return false;
	for (int64 block = 0; block < blocks; block++)
		store->buffer[block] = store->buffer_base + block * store->block_rows * width;
	return true;
}

/* Returns the memory that rows take, for each block of the store. */
static Size
bytes_of_block(const Fill *fill)
{
	const Store *store = fill->store;

	if (fill->ngroups == 0)
		return store->block_bytes;
	return store->block_bytes + store->block_rows * (buffer_width(store) * sizeof(double) + sizeof(int) + sizeof(int64));
}

Filling *
filling_new(Fill *fill, BlockNumber pages)
{
	Store	   *store = fill->store;
	int			ranges = (pages + RANGE_PAGES - 1) / RANGE_PAGES;
	int64		blocks = Min(store_bytes_left(store) / (int64) bytes_of_block(fill),
							 block_of(store, (int64) pages * MaxHeapTuplesPerPage) + 1);
	Filling    *filling = blocks <= 0 ? NULL
		: parallel_alloc(store->context, sizeof(Filling) + ranges * (2 * sizeof(int64) + sizeof(int)) +
						 fill->nsources * sizeof(int) + store->ncols * sizeof(bool));

	if (filling == NULL || !allocate_rows(filling, fill, blocks))
		return NULL;
	filling->store = *store;
	filling->most_rows = blocks * store->block_rows;
	filling->nsources = fill->nsources;
	filling->ngroups = fill->ngroups;
	filling->counts = (int64 *) (filling + 1);
	filling->starts = filling->counts + ranges;
	filling->processes = (int *) (filling->starts + ranges);
	filling->widths = filling->processes + ranges;
	filling->store.has_nulls = (bool *) (filling->widths + fill->nsources);
	for (int s = 0; s < fill->nsources; s++)
		filling->widths[s] = fill->sources[s].width;
	memset(filling->counts, -1, 2 * ranges * sizeof(int64));
	filling->pages = pages;
	filling->ranges = ranges;
	pg_atomic_init_u32(&filling->next, 0);
	SpinLockInit(&filling->lock);
	ConditionVariableInit(&filling->moved);
	return filling;
}

void
filling_shrink(const Filling *filling, Store *store)
{
	Size		blocks = block_of(store, store->rows + store->block_rows - 1);

	if (filling->ngroups == 0)
		parallel_shrink(store->base, blocks * store->block_bytes);
	else
		parallel_shrink(store->buffer_base, blocks * store->block_rows * buffer_width(store) * sizeof(double));
}
