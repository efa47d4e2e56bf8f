/*
 * store_share.c: moves the rows of a store to memory that workers share.
 */
#include "postgres.h"

#include <sys/mman.h>

#include "parallel/parallel.h"
#include "store.h"

/* Bytes of blocks that are moved before their old memory is freed, so that the rows are never in memory twice. */
#define MOVED_BYTES ((Size) 16 * 1024 * 1024)

/* Moves the blocks of a store to `to`. */
static void
move_blocks(Store *store, char *to, Size size)
{
	for (Size done = 0; done < size; done += MOVED_BYTES)
	{
		Size		bytes = Min(size - done, MOVED_BYTES);

		parallel_write(to + done, store->base + done, bytes);
		madvise(store->base + done, TYPEALIGN_DOWN(HUGE_PAGE, bytes), MADV_DONTNEED);
	}
	munmap(store->base, store->mapped);
	store->base = to;
	store->mapped = 0;
	store->is_shared = true;
}

/* Moves the rows of a store to memory that workers share, unless they are there.  Returns false if there is none. */
bool
store_share(Store *store)
{
	Size		size = block_of(store, store->rows + store->block_rows - 1) * store->block_bytes;
	char	   *to;

	if (store->is_shared)
		return true;
	store_lay(store);
	if (store->codes)			/* store_alloc() has given memory of this process for them */
		return false;
	to = parallel_alloc(store->context, size);
	if (to == NULL)
		return false;
	move_blocks(store, to, size);
	return true;
}

/* Allocates memory with zeros, which workers share if they share the blocks of the store. */
void *
store_alloc(const Store *store, MemoryContext context, Size size)
{
	void	   *memory = store->is_shared ? parallel_alloc(context, size)
		: MemoryContextAllocExtended(context, Max(size, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	if (memory == NULL)
		store_no_memory("memory that workers share");
	return memory;
}
