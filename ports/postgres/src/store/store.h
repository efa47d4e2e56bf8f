/*
 * store.h: the columns of a query, in memory.
 *
 * A store consists of blocks.  A block holds some rows, column by column, every value as a double, and after the values a
 * bitmap of NULLs for each column (a NaN is a value, a NULL is not).  Kernels read the blocks without PostgreSQL's
 * executor; numpy maps a memory file with a copy of them, which is written when it is first asked for.
 *
 * A store for another process has no blocks: its rows go to two memory files, row by row, the first columns to the one and
 * the others to the other, so that both are matrices that the process can map and use as they are (store_matrix.c).  A
 * value that is NULL or not finite is NaN there.  Rows of which the last column is 1 may go to a second pair of files.
 *
 * A store belongs to the transaction, and is freed at its end, also after an error.
 *
 *   smallint .. bigint, real, double precision, numeric, boolean   the number
 *   date, timestamp, timestamptz                                   seconds since 1970-01-01 00:00
 *   text, varchar, char, name, enum                                a code, and a dictionary
 *   double precision[]                                             a column for each element; the same length in every row
 */
#ifndef MADPY_STORE_H
#define MADPY_STORE_H

#include "engine/dict.h"
#include "engine/indicated.h"

#define HUGE_PAGE (2 * 1024 * 1024)

/*
 * Layout of a block: its values, column by column, then a bitmap of NULLs for each column in little-endian words of 64
 * rows.  Python maps it with ports/postgres/layouts/store.py.
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
	SubTransactionId since;		/* subtransaction that created it */
	bool		filled;			/* false until all rows are in it: store_find() ignores it until then */
	MemoryContext context;
	char	   *base;			/* the blocks */
	Size		mapped;			/* bytes at `base` */
	int			fd;				/* the memory file, -1 if there is none */
	int			features;		/* columns of the first of two files of rows, see store_matrix.c; -1: columns are in blocks */
	bool		apart;			/* whether the last column says which rows go to a second pair of files; it goes to none */
	int			files[4];		/* the first and the second pair of files, -1 if there are none */
	int64		apart_rows;		/* rows in the second pair */
	bool		has_nan[2];		/* whether a NaN is in the first files, and in the second ones, of the pairs */
	int64		sum_high;		/* sum of the hashes of the rows: this times 2^32, and the next */
	int64		sum_low;
	double	   *piece;			/* space for rows on their way to the files */
	int		  **recoded;		/* NULL, or for each column NULL or a count of codes and the new one for each, below 0: NaN */
	int			ncols;
	int			block_rows;		/* a power of two */
	int			block_shift;	/* log2(block_rows) */
	Size		block_bytes;
	int64		blocks;			/* blocks that fit into `mapped` bytes */
	int64		rows;
	bool	   *has_nulls;		/* one for each column: whether it has a NULL in any row */
	uint16	   *codes;			/* NULL, or the bin of each value, in the layout of the values: see store_bin */
	uint32	   *places;			/* NULL, or for each row a number that a kernel keeps from pass to pass */
	Dict	  **levels;			/* one for each column: the dictionary of its codes, NULL if it has none */
	int		   *indicators;		/* NULL, or for each column the number of indicators that kernels get in its place; -1: the column itself */
	Dict	   *groups;			/* NULL if all rows are one group */
	int64	   *group_start;	/* first row of each group, and the number of rows; rows are ordered by group */
	double	  **buffer;			/* with groups: rows in the order of the query, until store_lay() moves them; see buffer_row */
	int64	   *order;			/* row numbers of the buffer, group by group; NULL after store_lay() */
	int64		taken;			/* groups that a pass has read from the buffer */
	struct Store *part;			/* the rows read last from the buffer: see store_part */
} Store;

/* The files below: each calls functions of those above it only. */

/* store_memory.c */
extern void store_shape(Store *store, int64 ncols);
extern void store_resize(Store *store, int64 blocks);
extern void store_add_block(Store *store);
extern void store_set_null(Store *store, int64 row, int column);
extern void store_buffer_block(Store *store);
extern void store_free_buffer(Store *store);
extern void store_close_file(int fd);
extern void store_close_files(Store *store);
extern void store_unmap(Store *store);
pg_noreturn extern void store_no_memory(const char *what);

/* store_file.c */
extern int	store_new_file(void);
extern void store_write(int fd, const void *data, Size size);
extern Datum store_group_starts(const Store *store);

/* store_matrix.c */
extern void store_write_rows(Store *store, const double *block, int64 first, int rows);

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
extern Store *store_for_kernels(int id);
extern Store *store_argument(int id);

/* store_run.c */
extern State *store_group_state(Store *store, const Kernel *kernel, int group, const double *params, int nparams);

/* store_step.c */
extern void store_check_step(const Store *store, const Kernel *kernel, int64 nparams);

/* Returns the number of columns that a kernel gets, indicators included. */
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

/* Returns the bins of a column's values in a block. */
static inline uint16 *
store_codes(const Store *store, int64 block, int column)
{
	return store->codes + ((Size) block * store->ncols + column) * store->block_rows;
}

/* Returns a column's bitmap of NULLs in a block: a bit for each row, 1 for NULL. */
static inline uint64 *
store_nulls(const Store *store, int64 block, int column)
{
	double	   *end = store_column(store, block, store->ncols);

	return (uint64 *) end + (Size) column * (store->block_rows / 64);
}

/*
 * Returns the size of a row of the buffer, in doubles: its values, then a bit for each column, 1 for NULL.  Rows for files
 * have NaN for NULL, and no bits.
 */
static inline int
buffer_width(const Store *store)
{
	return store->features >= 0 ? store->ncols : store->ncols + (store->ncols + 63) / 64;
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
