/*
 * store_memory.c: allocates and frees the memory of a store: its blocks, and the buffer of rows that are not in blocks yet.
 */
#include "postgres.h"

#include <sys/mman.h>
#include <unistd.h>

#include "port/pg_bitutils.h"
#include "store.h"
#include "storage/fd.h"
#include "utils/memutils.h"

/* Intended size of a block, small enough for the second-level cache. */
#define BLOCK_BYTES (1024 * 1024)
#define MAX_BLOCK_ROWS 4096
#define MIN_BLOCK_ROWS 64

#define PAGE (4 * 1024)

/* Most blocks of the buffer that are allocated at once, a power of two. */
#define MOST_BUFFERED 64

void
store_no_memory(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("could not allocate memory for columns: %s: %m", what),
			 errhint("Lower madpy.store_memory, so that trainings read the table in each pass instead.")));
}

/* Sets the number of columns, before the first block. */
void
store_shape(Store *store, int64 ncols)
{
	if (ncols > MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("%lld columns are too many", (long long) ncols),
				 errdetail("The most is %d.", MAX_COLUMNS)));
	store->ncols = ncols;
	store->block_rows = MAX_BLOCK_ROWS;
	while (store->block_rows > MIN_BLOCK_ROWS && (Size) store->block_rows * ncols * sizeof(double) > BLOCK_BYTES)
		store->block_rows /= 2;
	store->block_shift = pg_leftmost_one_pos32(store->block_rows);
	store->block_bytes = store_block_bytes(ncols, store->block_rows);
	store->has_nulls = MemoryContextAllocZero(store->context, Max(ncols, 1) * sizeof(bool));
}

/*
 * Reserves a range of addresses without memory.  A large range begins at the boundary of a huge page, since a few huge
 * pages are allocated ten times as fast as many small ones.
 */
static char *
new_range(Size size)
{
	Size		more = size < HUGE_PAGE ? 0 : HUGE_PAGE;
	char	   *range = mmap(NULL, size + more, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char	   *start;

	if (range == MAP_FAILED)
		store_no_memory("mmap");
	start = more ? (char *) TYPEALIGN(HUGE_PAGE, (uintptr_t) range) : range;
	if (start > range)
		munmap(range, start - range);
	if (range + more > start)
		munmap(start + size, range + more - start);
	return start;
}

/* Changes the capacity to a number of blocks; existing blocks move. */
void
store_resize(Store *store, int64 blocks)
{
	Size		size = TYPEALIGN(PAGE, blocks * store->block_bytes);
	char	   *to = new_range(size);
	char	   *base = store->base ? mremap(store->base, store->mapped, size, MREMAP_MAYMOVE | MREMAP_FIXED, to)
		: mmap(to, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (base == MAP_FAILED)
	{
		int			save = errno;

		munmap(to, size);
		errno = save;
		store_no_memory("mmap");
	}
	store->base = base;
	store->mapped = size;
	store->blocks = blocks;
	if (size >= HUGE_PAGE)
		madvise(base, size, MADV_HUGEPAGE); /* only advice to the kernel: failure does not matter */
}

/* Makes space for the block that begins with row store->rows. */
void
store_add_block(Store *store)
{
	if (block_of(store, store->rows) >= store->blocks)
		store_resize(store, Max(1, 2 * store->blocks));
}

void
store_set_null(Store *store, int64 row, int column)
{
	int			r = row_of(store, row);

	store_nulls(store, block_of(store, row), column)[r / 64] |= UINT64CONST(1) << (r % 64);
	store->has_nulls[column] = true;
}

/*
 * Makes space in the buffer for the block that begins with row store->rows.  To do so, it doubles the buffer, or adds
 * MOST_BUFFERED blocks to a large one: a few huge pages are allocated much faster than many small ones.
 */
void
store_buffer_block(Store *store)
{
	int64		block = block_of(store, store->rows);
	int64		more = Min(Max(1, block), MOST_BUFFERED);
	Size		doubles = (Size) buffer_width(store) * store->block_rows;
	uintptr_t	start;
	uintptr_t	end;

	if (block % MOST_BUFFERED != 0 && (block & (block - 1)) != 0)
		return;					/* the block has been allocated with an earlier one */
	store->buffer = block == 0 ? MemoryContextAlloc(store->context, sizeof(double *))
		: repalloc_huge(store->buffer, (block + more) * sizeof(double *));
	store->buffer[block] = MemoryContextAllocHuge(store->context, more * doubles * sizeof(double));
	for (int64 b = 1; b < more; b++)
		store->buffer[block + b] = store->buffer[block] + b * doubles;
	start = TYPEALIGN(HUGE_PAGE, (uintptr_t) store->buffer[block]);
	end = TYPEALIGN_DOWN(HUGE_PAGE, (uintptr_t) (store->buffer[block] + more * doubles));
	if (start < end)
		madvise((void *) start, end - start, MADV_HUGEPAGE);	/* only advice to the kernel: failure does not matter */
}

void
store_free_buffer(Store *store)
{
	int64		blocks = store->buffer ? block_of(store, store->rows + store->block_rows - 1) : 0;

	for (int64 block = 0; block < blocks; block++)
		if (block % MOST_BUFFERED == 0 || (block & (block - 1)) == 0)
			pfree(store->buffer[block]);
	if (store->buffer)
		pfree(store->buffer);
	if (store->order)
		pfree(store->order);
	store->buffer = NULL;
	store->order = NULL;
}

void
store_close_file(int fd)
{
	close(fd);
	ReleaseExternalFD();
}

/* Closes the files of rows. */
void
store_close_files(Store *store)
{
	for (int f = 0; f < lengthof(store->files); f++)
	{
		if (store->files[f] >= 0)
			store_close_file(store->files[f]);
		store->files[f] = -1;
	}
}

/* Frees the buffer and all memory outside the store's context. */
void
store_unmap(Store *store)
{
	store->filled = false;
	store_free_buffer(store);
	if (store->base)
		munmap(store->base, store->mapped);
	store->base = NULL;
	store->mapped = 0;
	if (store->fd >= 0)
		store_close_file(store->fd);
	store->fd = -1;
	store_close_files(store);
}
