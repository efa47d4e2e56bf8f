/*
 * store.h: the columns of a query, in memory.
 *
 * A store is memory of blocks; a block holds some rows, column by column, every value a double, and behind them a bitmap
 * of NULLs per column (a NaN is a value, a NULL is not).  Kernels run over it with no executor in between; numpy and
 * other processes map a memory file of it, made when one asks.  It belongs to the transaction: freed at its end, on
 * error too.
 *
 *   smallint .. bigint, real, double precision, numeric, boolean   the number
 *   date, timestamp, timestamptz                                   seconds since 1970-01-01 00:00
 *   text, varchar, char, name, enum                                a code, and a dictionary
 *   double precision[]                                             a column per element, as many in every row
 */
#ifndef MADPY_STORE_H
#define MADPY_STORE_H

#include "engine/dict.h"
#include "engine/indicated.h"

#define HUGE_PAGE (2 * 1024 * 1024)

/*
 * A block in bytes: its values, column by column, and behind them a bitmap of NULLs for each column, little-endian words
 * of 64 rows.  Python maps it by ports/postgres/layouts/store.py.
 */
static inline Size
store_bits_offset(int ncols, int block_rows)
{
	return (Size) ncols * block_rows * sizeof(double);
}

static inline Size
store_block_bytes(int ncols, int block_rows)
{
	return store_bits_offset(ncols, block_rows) + (Size) ncols * block_rows / 8;
}

extern int	store_memory_kb;

typedef struct Store
{
	int			id;
	Oid			owner;
	SubTransactionId since;
	bool		filled;			/* the query that fills a store cannot name it */
	MemoryContext context;
	char	   *base;			/* the blocks */
	Size		mapped;			/* bytes there */
	int			fd;				/* the memory file, -1: nobody asked for it */
	int			ncols;
	int			block_rows;		/* a power of two */
	int			block_shift;	/* its logarithm */
	Size		block_bytes;
	int64		blocks;			/* capacity */
	int64		rows;
	bool	   *has_nulls;		/* ncols */
	uint16	   *codes;			/* NULL, or the bin of each value, laid out as the values are: see store_bin */
	uint32	   *places;			/* NULL, or by row what a kernel keeps from pass to pass */
	Dict	  **levels;			/* ncols, NULL where a column is not codes */
	int		   *indicators;		/* NULL, or ncols: as how many indicators a kernel sees a column, -1: as it is */
	Dict	   *groups;			/* NULL: one group, all rows */
	int64	   *group_start;	/* groups + 1 row numbers: rows lie group by group */
	double	  **buffer;			/* with groups, until rows are laid: blocks of them as they came, see buffer_row */
	int64	   *order;			/* rows of the buffer, group by group; NULL: they are laid */
	int64		taken;			/* groups that were taken from the buffer */
	struct Store *part;			/* what was taken last */
} Store;

/* Each file uses those above it only. */

/* store_memory.c */
extern void store_shape(Store *store, int64 ncols);
extern void store_resize(Store *store, int64 blocks);
extern void store_add_block(Store *store);
extern void store_set_null(Store *store, int64 row, int column);
extern void store_buffer_block(Store *store);
extern void store_free_buffer(Store *store);
extern void store_close_file(int fd);
extern void store_unmap(Store *store);
pg_noreturn extern void store_no_memory(const char *what);

/* store_sort.c */
extern void store_sort(Store *store, const int *codes);
extern void store_lay(Store *store);
extern const Store *store_part(Store *store, int64 from, int64 to);

/* store.c */
extern void store_init(void);
extern Store *store_new(void);
extern bool store_fits(const Store *store);
extern void store_free(Store *store);
extern Store *store_find(int id);
extern Store *store_argument(int id);

/* store_run.c */
extern State *store_group_state(Store *store, const Kernel *kernel, int group, const double *params, int nparams);

/* store_step.c */
extern void store_check_step(const Store *store, const Kernel *kernel, int64 nparams);

/* Returns the number of columns that a kernel sees, indicators included. */
static inline int
store_width(const Store *store)
{
	return store->indicators ? (int) indicated_width(store->ncols, store->indicators) : store->ncols;
}

static inline int
store_group_count(const Store *store)
{
	return store->groups ? dict_count(store->groups) : 1;
}

/* Return the block of a row, and the row's number in it. */
static inline int64
block_of(const Store *store, int64 row)
{
	return row >> store->block_shift;
}

static inline int
row_of(const Store *store, int64 row)
{
	return row & (store->block_rows - 1);
}

static inline double *
store_column(const Store *store, int64 block, int column)
{
	return (double *) (store->base + block * store->block_bytes) + (Size) column * store->block_rows;
}

/* The bins of a column's values in a block. */
static inline uint16 *
store_codes(const Store *store, int64 block, int column)
{
	return store->codes + ((Size) block * store->ncols + column) * store->block_rows;
}

/* One bit per row: 1 is NULL. */
static inline uint64 *
store_nulls(const Store *store, int64 block, int column)
{
	double	   *end = store_column(store, block, store->ncols);

	return (uint64 *) end + (Size) column * (store->block_rows / 64);
}

/* Rows of the buffer lie one behind the other: values, and behind them a bit per column, 1 is NULL. */
static inline int
buffer_width(const Store *store)
{
	return store->ncols + (store->ncols + 63) / 64;
}

static inline double *
buffer_row(const Store *store, int64 row)
{
	return store->buffer[block_of(store, row)] + (Size) row_of(store, row) * buffer_width(store);
}

static inline uint64 *
buffer_nulls(const Store *store, double *row)
{
	return (uint64 *) (row + store->ncols);
}

#endif
