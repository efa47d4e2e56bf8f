/*
 * bins.c: converts values to codes: a number to its bin, a level to its index.
 */
#include "bins.h"

#include <math.h>

#include "engine/pieces.h"
#include "miscadmin.h"
#include "numeric/dd.h"
#include "parallel/parallel.h"
#include "parameters.h"
#include "store/store.h"
#include "utils/memutils.h"

/* Returns the length of an array of edges padded with infinities: a power of two less one, so that all searches take as long. */
int
padded_edges(int edges)
{
	int			padded = 1;

	while (padded - 1 < edges)
		padded *= 2;
	return padded - 1;
}

double *
edges_filled_up(const double *edges, int count)
{
	int			padded = padded_edges(count);
	double	   *filled = palloc(Max(padded, 1) * sizeof(double));

	for (int i = 0; i < padded; i++)
		filled[i] = i < count ? edges[i] : INFINITY;
	return filled;
}

/*
 * Sets codes to the number of edges below each value, and to null_code for NaN.  All values take each step of the search
 * together, so that the inner loop has no branches and no iteration depends on another.
 */
DD_CLONES void
code_numbers(const double *restrict values, int rows, const double *restrict edges, int padded, int null_code,
			 int *restrict codes)
{
	for (int r = 0; r < rows; r++)
		codes[r] = 0;
	for (int step = (padded + 1) / 2; step > 0; step /= 2)
		for (int r = 0; r < rows; r++)
			codes[r] += edges[codes[r] + step - 1] < values[r] ? step : 0;
	for (int r = 0; r < rows; r++)
		codes[r] = values[r] != values[r] ? null_code : codes[r];
}

/*
 * Converts numbers, at most TREE_CHUNK of them, to codes; a number that is not a code becomes that of NULL.  Values are first
 * limited to the range of an integer, outside of which a cast is undefined.  This has a loop of its own, because with gcc 12
 * one loop for both takes twice as long.
 */
DD_CLONES void
code_levels(const double *restrict values, int rows, int null_code, int *restrict codes)
{
	double		within[TREE_CHUNK];
	double		last = null_code;

	for (int r = 0; r < rows; r++)
	{
		double		code = values[r] < last ? values[r] : last;	/* for NaN too */

		within[r] = code > -1 ? code : -1;
	}
	for (int r = 0; r < rows; r++)
	{
		int			code = (int) within[r];

		codes[r] = (unsigned) code > (unsigned) null_code ? null_code : code;
	}
}

/* Converts the codes of a store to int; codes above those of the pass become that of NULL. */
DD_CLONES void
known_codes(const uint16 *restrict stored, int rows, int null_code, int *restrict codes)
{
	for (int r = 0; r < rows; r++)
		codes[r] = Min(stored[r], null_code);
}

/* The coding of a feature: how its values become codes. */
typedef struct Coding
{
	int			null_code;
	double	   *edges;			/* NULL for a category */
	int			padded;
} Coding;

/*
 * Codes the rows from `from` up to, without, `to` of a column.  The codes of numbers are stored beside the values, where NULL
 * becomes NaN; those of categories replace the values.  NULL has a code, so that the columns have no NULLs afterwards.
 */
static void
code_column(Store *store, int column, const Coding *coding, int64 from, int64 to)
{
	int			codes[TREE_CHUNK];

	while (from < to)
	{
		int64		block = block_of(store, from);
		int			first = row_of(store, from);
		int			rows = Min(Min(to - from, store->block_rows - first), TREE_CHUNK);
		double	   *values = store_column(store, block, column) + first;
		uint64	   *nulls = store_nulls(store, block, column);

		CHECK_FOR_INTERRUPTS();
		if (coding->edges)
			code_numbers(values, rows, coding->edges, coding->padded, coding->null_code, codes);
		else
			code_levels(values, rows, coding->null_code, codes);
		if (store->has_nulls[column])
			for (int r = first; r < first + rows; r++)
				if ((nulls[r / 64] >> (r % 64)) & 1)
				{
					codes[r - first] = coding->null_code;
					values[r - first] = NAN;
					nulls[r / 64] &= ~(UINT64CONST(1) << (r % 64));
				}
		if (coding->edges)
			for (int r = 0; r < rows; r++)
				store_codes(store, block, column)[first + r] = codes[r];
		else
			for (int r = 0; r < rows; r++)
				values[r] = codes[r];
		from += rows;
	}
}

/* Reads the coding of a feature: its number of bins and its edges, or minus its number of levels. */
static Coding
read_coding(const double **numbers, const double *end)
{
	Coding		coding = {0};
	int			bins;

	if (*numbers == end)
		whole_parameter(0, 1, MAX_PARAMS);
	bins = whole_parameter(*(*numbers)++, -MAX_LEVELS, PG_UINT16_MAX);
	coding.null_code = abs(bins);
	if (bins <= 0)
		return coding;
	if (bins - 1 > end - *numbers)
		whole_parameter(bins, 1, end - *numbers + 1);
	coding.edges = edges_filled_up(*numbers, bins - 1);
	coding.padded = padded_edges(bins - 1);
	*numbers += bins - 1;
	return coding;
}

/* Allocates the store's codes and places; returns false if the store would then exceed madpy.store_memory. */
static bool
make_room(Store *store)
{
	int64		blocks = block_of(store, store->rows + store->block_rows - 1);
	Size		rows = (Size) blocks * store->block_rows;
	Size		codes = rows * store->ncols * sizeof(uint16);
	Size		places = rows * sizeof(uint32);

	if (store->codes == NULL && blocks * store->block_bytes + MemoryContextMemAllocated(store->context, true) +
		codes + places <= (Size) store_memory_kb * 1024)
	{
		store->codes = store_alloc(store, codes);
		store->places = store_alloc(store, places);
	}
	return store->codes != NULL;
}

/*
 * store_bin(store, first_group, edges, scalars): codes the features of a store, which are all columns but the last `scalars`.
 * The codes of numbers are stored beside the values, those of categories replace the values.  Returns false, and does
 * nothing, if the codes do not fit into madpy.store_memory.
 * `edges` has the bytes of doubles: for each group from first_group on, for each feature, its number of bins and its edges,
 * or minus its number of levels.
 */
PG_FUNCTION_INFO_V1(store_bin);
Datum
store_bin(PG_FUNCTION_ARGS)
{
	Store	   *store = store_argument(PG_GETARG_INT32(0));
	int			groups = store->groups ? dict_count(store->groups) : 1;
	int			features = store->ncols - whole_parameter(PG_GETARG_INT32(3), 1, 2);
	bytea	   *given = PG_GETARG_BYTEA_P(2);
	Size		size = VARSIZE(given) - VARHDRSZ;
	double	   *copy = palloc(size);
	const double *numbers = copy;
	const double *end = copy + size / sizeof(double);

	if (parallel_workers(store->rows * store->ncols * sizeof(double)) > 0)
		store_share(store);
	if (!make_room(store))
		PG_RETURN_BOOL(false);
	copy_pieces(copy, VARDATA(given), size);
	for (int g = PG_GETARG_INT32(1); numbers < end; g++)
	{
		int64		from;
		int64		to;

		if (g < 0 || g >= groups)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there is no group %d in store %d", g, store->id)));
		from = store->groups ? store->group_start[g] : 0;
		to = store->groups ? store->group_start[g + 1] : store->rows;
		for (int column = 0; column < features; column++)
		{
			Coding		coding = read_coding(&numbers, end);

			CHECK_FOR_INTERRUPTS();
			code_column(store, column, &coding, from, to);
			if (coding.edges)
				pfree(coding.edges);
			if (to == store->rows && g == groups - 1)
				store->has_nulls[column] = false;
		}
	}
	PG_RETURN_BOOL(true);
}
