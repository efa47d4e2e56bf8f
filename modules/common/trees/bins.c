/*
 * bins.c: converts values to codes: a number to its bin, a level to its index.
 */
#include "bins.h"

#include <math.h>

#include "engine/pieces.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "numeric/dd.h"
#include "parallel/parallel.h"
#include "parameters.h"
#include "store/store.h"
#include "utils/memutils.h"

#define CODED_BLOCKS 8			/* blocks of a store that a task codes */

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

/*
 * Reads the number of bins of a feature, or minus its number of levels, and the numbers of its edges; returns the former.
 */
static int
skip_coding(const double **numbers, const double *end)
{
	int			bins;

	if (*numbers == end)
		whole_parameter(0, 1, MAX_PARAMS);
	bins = whole_parameter(*(*numbers)++, -MAX_LEVELS, PG_UINT16_MAX);
	if (bins <= 0)
		return bins;
	if (bins - 1 > end - *numbers)
		whole_parameter(bins, 1, end - *numbers + 1);
	*numbers += bins - 1;
	return bins;
}

/* Reads the coding of a feature. */
static Coding
read_coding(const double **numbers, const double *end)
{
	Coding		coding = {0};
	const double *edges = *numbers + 1;
	int			bins = skip_coding(numbers, end);

	coding.null_code = abs(bins);
	if (bins > 0)
	{
		coding.edges = edges_filled_up(edges, bins - 1);
		coding.padded = padded_edges(bins - 1);
	}
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
		store->codes = store_alloc(store, store->context, codes);
		store->places = store_alloc(store, store->context, places);
	}
	return store->codes != NULL;
}

/* The argument of code_blocks(); it lies in memory that workers share. */
typedef struct Coder
{
	Store		store;			/* a copy */
	int			features;
	int			groups;
	int64	   *starts;			/* first row of each group, and the row behind the last one */
	int64	   *offsets;		/* where the numbers of each group begin */
	double	   *numbers;
	double	   *end;
} Coder;

/* Codes rows of one group. */
static void
code_group(const Coder *coder, int group, int64 from, int64 to)
{
	Store		store = coder->store;
	const double *numbers = coder->numbers + coder->offsets[group];

	for (int column = 0; column < coder->features; column++)
	{
		Coding		coding = read_coding(&numbers, coder->end);

		CHECK_FOR_INTERRUPTS();
		code_column(&store, column, &coding, from, to);
		if (coding.edges)
			pfree(coding.edges);
	}
}

/* Codes the rows of some blocks of the store: all bits of a word of a bitmap are of one task. */
static void
code_blocks(void *argument, int task)
{
	const Coder *coder = argument;
	int64		first = block_of(&coder->store, coder->starts[0]) + (int64) task * CODED_BLOCKS;
	int64		from = Max(first * coder->store.block_rows, coder->starts[0]);
	int64		to = Min((first + CODED_BLOCKS) * coder->store.block_rows, coder->starts[coder->groups]);
	int			group = 0;

	for (int step = pg_nextpower2_32(coder->groups); step > 0; step /= 2)
		if (group + step < coder->groups && coder->starts[group + step] <= from)
			group += step;
	for (; group < coder->groups && coder->starts[group] < to; group++)
		code_group(coder, group, Max(from, coder->starts[group]), Min(to, coder->starts[group + 1]));
}

/* Returns how many groups the numbers are for; sets where those of each group begin, unless `offsets` is NULL. */
static int
count_groups(const double *numbers, const double *end, int features, int64 *offsets)
{
	const double *number = numbers;
	int			groups = 0;

	if (features < 1 && number < end)	/* numbers of no feature would be those of any number of groups */
		whole_parameter(end - number, 0, 0);
	for (; number < end; groups++)
	{
		CHECK_FOR_INTERRUPTS();
		if (offsets)
			offsets[groups] = number - numbers;
		for (int column = 0; column < features; column++)
			skip_coding(&number, end);
	}
	return groups;
}

static void
check_groups(const Store *store, int first, int groups)
{
	int			wrong = first < 0 ? first : store_group_count(store);

	if (groups > 0 && (first < 0 || first > store_group_count(store) - groups))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no group %d in store %d", wrong, store->id)));
}

/* Codes the features of groups from `first` on, with workers if the store is large. */
static void
code_groups(Store *store, int first, int features, const bytea *given)
{
	Size		size = VARSIZE(given) - VARHDRSZ;
	double	   *numbers = store_alloc(store, CurrentMemoryContext, size);
	double	   *end = numbers + size / sizeof(double);
	Coder	   *coder = store_alloc(store, CurrentMemoryContext, sizeof(Coder));

	copy_pieces(numbers, VARDATA(given), size);
	coder->store = *store;
	coder->features = features;
	coder->numbers = numbers;
	coder->end = end;
	coder->groups = count_groups(numbers, end, features, NULL);
	check_groups(store, first, coder->groups);
	if (coder->groups == 0)
		return;
	coder->offsets = store_alloc(store, CurrentMemoryContext, coder->groups * sizeof(int64));
	count_groups(numbers, end, features, coder->offsets);
	coder->starts = store_alloc(store, CurrentMemoryContext, (coder->groups + 1) * sizeof(int64));
	for (int g = 0; g <= coder->groups; g++)
		coder->starts[g] = store->groups ? store->group_start[first + g] : g * store->rows;
	coder->store.has_nulls = store_alloc(store, CurrentMemoryContext, store->ncols * sizeof(bool));
	memcpy(coder->store.has_nulls, store->has_nulls, store->ncols * sizeof(bool));
	parallel_run(code_blocks, coder,
				 (block_of(store, Max(coder->starts[coder->groups], 1) - 1) - block_of(store, coder->starts[0])) / CODED_BLOCKS + 1,
				 (coder->starts[coder->groups] - coder->starts[0]) * store->ncols * sizeof(double));
	if (first + coder->groups == store_group_count(store))
		memset(store->has_nulls, false, features * sizeof(bool));
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
	int			features = store->ncols - whole_parameter(PG_GETARG_INT32(3), 1, 2);

	if (parallel_workers(store->rows * store->ncols * sizeof(double)) > 0)
		store_share(store);
	if (!make_room(store))
		PG_RETURN_BOOL(false);
	store->ahead = NULL;
	code_groups(store, PG_GETARG_INT32(1), features, PG_GETARG_BYTEA_P(2));
	PG_RETURN_BOOL(true);
}
