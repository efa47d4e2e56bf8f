/*
 * store_file.c: memory files, and copies a store to one, which numpy maps.
 */
#include "postgres.h"

#include <sys/mman.h>
#include <unistd.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "store.h"
#include "storage/fd.h"
#include "utils/array.h"

/* Bytes written between two checks for interrupts. */
#define WRITTEN_BYTES (1024 * 1024)

/* Creates a memory file; store_close_file() closes it. */
int
store_new_file(void)
{
	int			fd;

	if (!AcquireExternalFD())
		store_no_memory("too many files are open");
	fd = memfd_create("madpy", MFD_CLOEXEC);
	if (fd < 0)
	{
		ReleaseExternalFD();
		store_no_memory("memfd_create");
	}
	return fd;
}

/* Appends bytes to a memory file. */
void
store_write(int fd, const void *data, Size size)
{
	for (Size done = 0; done < size;)
	{
		ssize_t		written;

		CHECK_FOR_INTERRUPTS();
		written = write(fd, (const char *) data + done, Min(size - done, WRITTEN_BYTES));
		if (written < 0)
			store_no_memory("write");
		done += written;
	}
}

/* Writes the blocks to a memory file.  `store->fd` is set only after that, so that readers never map half a file. */
static void
write_file(Store *store, Size size)
{
	int			fd = store_new_file();

	PG_TRY();
	{
		store_write(fd, store->base, size);
	}
	PG_CATCH();
	{
		store_close_file(fd);
		PG_RE_THROW();
	}
	PG_END_TRY();
	store->fd = fd;
}

/* Returns the number of the first row of each group, then the number of rows. */
Datum
store_group_starts(const Store *store)
{
	int			groups = store_group_count(store);
	Datum	   *starts = palloc_extended((groups + 1) * sizeof(Datum), MCXT_ALLOC_HUGE);

	for (int g = 0; g < groups; g++)
		starts[g] = Int64GetDatum(store->group_start ? store->group_start[g] : 0);
	starts[groups] = Int64GetDatum(store->rows);
	return PointerGetDatum(construct_array(starts, groups + 1, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* store_map(store): returns a record of what is needed to map the file */
PG_FUNCTION_INFO_V1(store_map);
Datum
store_map(PG_FUNCTION_ARGS)
{
	Store	   *store = store_argument(PG_GETARG_INT32(0));
	int64		bytes = block_of(store, store->rows + store->block_rows - 1) * store->block_bytes;
	Datum		values[6];
	bool		nulls[6] = {false};
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
	values[5] = store_group_starts(store);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
