/*
 * store_memory.c: the memory of a store, and the file that others map.
 */
#include "postgres.h"

#include <sys/mman.h>
#include <unistd.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "store.h"
#include "storage/fd.h"
#include "utils/memutils.h"

/* A block aims at this size, so that it stays in the second-level cache. */
#define BLOCK_BYTES (1024 * 1024)
#define MAX_BLOCK_ROWS 4096
#define MIN_BLOCK_ROWS 64

#define PAGE (4 * 1024)

static void
no_memory(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("could not get memory to keep columns in: %s: %m", what),
			 errhint("Lower madpy.store_memory, so that trainings read the table in each pass instead.")));
}

/* Say how many columns there are, before the first block. */
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
 * Addresses for so many bytes, nothing in them yet.  They begin where a large page does: a few large pages are had ten
 * times sooner than many small ones.
 */
static char *
new_range(Size size)
{
	Size		more = size < HUGE_PAGE ? 0 : HUGE_PAGE;
	char	   *range = mmap(NULL, size + more, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char	   *start;

	if (range == MAP_FAILED)
		no_memory("mmap");
	start = more ? (char *) TYPEALIGN(HUGE_PAGE, (uintptr_t) range) : range;
	if (start > range)
		munmap(range, start - range);
	if (range + more > start)
		munmap(start + size, range + more - start);
	return start;
}

/* Change the capacity to so many blocks; those that are there move. */
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
		no_memory("mmap");
	}
	store->base = base;
	store->mapped = size;
	store->blocks = blocks;
	if (size >= HUGE_PAGE)
		madvise(base, size, MADV_HUGEPAGE); /* a wish: it may be refused */
}

/* Make space for the block that row store->rows begins. */
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

static void
close_file(int fd)
{
	close(fd);
	ReleaseExternalFD();
}

void
store_unmap(Store *store)
{
	store->filled = false;
	store_free_pile(store);
	if (store->base)
		munmap(store->base, store->mapped);
	store->base = NULL;
	store->mapped = 0;
	if (store->fd >= 0)
		close_file(store->fd);
	store->fd = -1;
}

static void
write_blocks(int fd, const char *blocks, Size size)
{
	for (Size done = 0; done < size;)
	{
		ssize_t		written;

		CHECK_FOR_INTERRUPTS();
		written = write(fd, blocks + done, Min(size - done, BLOCK_BYTES));
		if (written < 0)
			no_memory("write");
		done += written;
	}
}

/* A memory file of the blocks; the store's once it is whole, since whoever maps it reads all of it. */
static void
write_file(Store *store, Size size)
{
	int			fd;

	if (!AcquireExternalFD())
		no_memory("too many files are open");
	fd = memfd_create("madpy", MFD_CLOEXEC);
	if (fd < 0)
	{
		ReleaseExternalFD();
		no_memory("memfd_create");
	}
	PG_TRY();
	{
		write_blocks(fd, store->base, size);
	}
	PG_CATCH();
	{
		close_file(fd);
		PG_RE_THROW();
	}
	PG_END_TRY();
	store->fd = fd;
}

/* store_map(store, OUT fd, OUT bytes, OUT num_rows, OUT num_columns, OUT block_rows): what a reader of the file needs. */
PG_FUNCTION_INFO_V1(store_map);
Datum
store_map(PG_FUNCTION_ARGS)
{
	Store	   *store = store_argument(PG_GETARG_INT32(0));
	int64		bytes = block_of(store, store->rows + store->block_rows - 1) * store->block_bytes;
	Datum		values[5];
	bool		nulls[5] = {false};
	TupleDesc	tupdesc;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "store_map does not return its record");
	if (store->fd < 0)
		write_file(store, bytes);
	values[0] = Int32GetDatum(store->fd);
	values[1] = Int64GetDatum(bytes);
	values[2] = Int64GetDatum(store->rows);
	values[3] = Int32GetDatum(store->ncols);
	values[4] = Int32GetDatum(store->block_rows);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

