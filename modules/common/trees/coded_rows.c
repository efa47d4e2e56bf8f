/*
 * coded_rows.c: codes the rows of a store.
 */
#include "coded_rows.h"

#include <math.h>

#include "bins.h"
#include "chunk.h"
#include "engine/pieces.h"
#include "level_codes.h"
#include "miscadmin.h"
#include "numeric/dd.h"
#include "parallel/parallel.h"
#include "parameters.h"
#include "utils/memutils.h"

/* A row of the store, and the hash of its values. */
typedef struct HashedRow
{
	uint64		hash;
	int64		row;
} HashedRow;

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE HashedRow
#define ST_COMPARE(a, b) ((a)->hash < (b)->hash ? -1 : (a)->hash > (b)->hash)
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* Copies at most TREE_CHUNK values of a column, from `row` on, with NaN for NULL; returns how many lie in one block. */
static int
take_values(const Store *store, int64 row, int64 to, int column, double *values)
{
	int64		block = block_of(store, row);
	int			first = row_of(store, row);
	int			count = Min(Min(to - row, store->block_rows - first), TREE_CHUNK);
	const uint64 *nulls = store_nulls(store, block, column);

	memcpy(values, store_column(store, block, column) + first, count * sizeof(double));
	for (int r = 0; store->has_nulls[column] && r < count; r++)
		if ((nulls[(first + r) / 64] >> ((first + r) % 64)) & 1)
			values[r] = NAN;
	return count;
}

DD_CLONES static void
hash_values(const double *restrict values, int count, uint64 *restrict hash)
{
	for (int r = 0; r < count; r++)
	{
		uint64		bits;

		memcpy(&bits, &values[r], sizeof(bits));
		bits = values[r] != values[r] ? PG_UINT64_MAX : bits;
		hash[r] = (hash[r] ^ (hash[r] >> 29) ^ bits) * UINT64CONST(0x9E3779B97F4A7C15);
	}
}

/* Hashes the rows of a store from `from` up to `to` that can be used; returns their number. */
static int64
hash_rows(const Store *store, int scalars, int64 from, int64 to, HashedRow *hashed)
{
	int64		kept = 0;
	double		values[TREE_CHUNK];
	double		scalar[2][TREE_CHUNK];
	uint64		hash[TREE_CHUNK];
	int			count;

	for (int64 row = from; row < to; row += count)
	{
		CHECK_FOR_INTERRUPTS();
		memset(hash, 0, sizeof(hash));
		count = 0;
		for (int s = 0; s < scalars; s++)
		{
			count = take_values(store, row, to, store->ncols - scalars + s, scalar[s]);
			hash_values(scalar[s], count, hash);
		}
		for (int c = 0; c < store->ncols - scalars; c++)
		{
			take_values(store, row, to, c, values);
			hash_values(values, count, hash);
		}
		for (int r = 0; r < count; r++)
		{
			hashed[kept] = (HashedRow) {mixed(hash[r]), row + r};
			kept += isfinite(scalar[0][r]) && (scalars == 1 || (scalar[1][r] > 0 && isfinite(scalar[1][r])));
		}
	}
	return kept;
}

/* Sets rank[row - from] to the place of each row of the store in its group, -1 for a row that is left out. */
static int64
rank_rows(const Store *store, int scalars, int64 from, int64 to, int64 *rank)
{
	HashedRow  *hashed = MemoryContextAllocHuge(CurrentMemoryContext, Max(1, to - from + 1) * sizeof(HashedRow));
	int64		kept = hash_rows(store, scalars, from, to, hashed);

	sort_rows(hashed, kept);
	for (int64 row = from; row < to; row++)
		rank[row - from] = -1;
	for (int64 i = 0; i < kept; i++)
		rank[hashed[i].row - from] = i;
	pfree(hashed);
	return kept;
}

/*
 * Reads the coding of a feature: its number of bins and its edges, of which trailing infinities do not count; or minus its
 * number of levels.  The edges stay where they are.
 */
static CodedFeature
read_feature(const double **numbers, const double *end)
{
	CodedFeature feature = {0};
	const double *edges;
	int			bins;

	if (*numbers >= end)
		whole_parameter(0, 1, MAX_PARAMS);
	bins = whole_parameter(*(*numbers)++, -MAX_LEVELS, MOST_CODES);
	if (bins <= 0)
	{
		feature.levels = -bins;
		feature.codes = Min(feature.levels, MOST_CODES);
		return feature;
	}
	if (bins - 1 > end - *numbers)
		whole_parameter(bins, 1, end - *numbers + 1);
	edges = *numbers;
	*numbers += bins - 1;
	for (int i = 1; i < bins - 1; i++)
		if (!(edges[i] >= edges[i - 1]))
			whole_parameter(edges[i], edges[i - 1], MAX_PARAMS);
	feature.codes = bins;
	while (feature.codes > 1 && edges[feature.codes - 2] == INFINITY)
		feature.codes--;
	feature.edges = edges;
	return feature;
}

/* Codes a column of a group's rows; `rank` and `first` say where each goes. */
static void
code_column(const Store *store, CodedRows *rows, int column, const CodedFeature *feature, int64 from, int64 to,
			const int64 *rank, int64 first)
{
	double		values[TREE_CHUNK];
	int			codes[TREE_CHUNK];
	double	   *edges = feature->edges ? edges_filled_up(feature->edges, feature->codes - 1) : NULL;
	int			padded = padded_edges(feature->codes - 1);
	int			count;

	for (int64 row = from; row < to; row += count)
	{
		CHECK_FOR_INTERRUPTS();
		count = take_values(store, row, to, column, values);
		if (feature->levels == 0)
			code_numbers(values, count, edges, padded, feature->codes, codes);
		else
			code_levels(values, count, feature->levels, codes);
		for (int r = 0; feature->code_of_level && r < count; r++)
			codes[r] = codes[r] == feature->levels ? feature->codes : feature->code_of_level[codes[r]];
		for (int r = 0; r < count; r++)
			if (rank[row - from + r] >= 0)
				rows->codes[(first + rank[row - from + r]) * rows->features + column] = codes[r];
	}
	if (edges)
		pfree(edges);
}

static void
copy_scalar(const Store *store, int column, int64 from, int64 to, const int64 *rank, double *target)
{
	double		values[TREE_CHUNK];
	int			count;

	for (int64 row = from; row < to; row += count)
	{
		CHECK_FOR_INTERRUPTS();
		count = take_values(store, row, to, column, values);
		for (int r = 0; r < count; r++)
			if (rank[row - from + r] >= 0)
				target[rank[row - from + r]] = values[r];
	}
}

static void
check_classes(const CodedRows *rows, int64 first, int64 count)
{
	for (int64 row = first; row < first + count && rows->classes > 0; row++)
		whole_parameter(rows->target[row], 0, rows->classes - 1);
}

/* Codes the next group. */
static void
code_group(Store *store, CodedRows *rows, int scalars, const double **numbers, const double *end)
{
	int			group = rows->coded_groups;
	int64		from = store->groups ? store->group_start[group] : 0;
	int64		to = store->groups ? store->group_start[group + 1] : store->rows;
	int64		first = rows->first[group];
	int64	   *rank = MemoryContextAllocHuge(CurrentMemoryContext, Max(1, to - from) * sizeof(int64));
	int64		count = rank_rows(store, scalars, from, to, rank);

	copy_scalar(store, rows->features, from, to, rank, rows->target + first);
	if (rows->weight)
		copy_scalar(store, rows->features + 1, from, to, rank, rows->weight + first);
	check_classes(rows, first, count);
	for (int f = 0; f < rows->features; f++)
	{
		CodedFeature *feature = &rows->coding[(Size) group * rows->features + f];

		*feature = read_feature(numbers, end);
		if (feature->levels > MOST_CODES)
			feature->code_of_level = codes_of_levels(store, f, scalars, rows->classes, feature->levels, from, to);
		code_column(store, rows, f, feature, from, to, rank, first);
	}
	rows->first[group + 1] = first + count;
	rows->coded_groups++;
	pfree(rank);
}

/* Allocates memory of a store, which workers share if they can read the rows. */
static void *
rows_alloc(const Store *store, bool is_shared, Size size)
{
	void	   *memory = is_shared ? parallel_alloc(store->context, Max(size, 1)) :
		MemoryContextAllocHuge(store->context, Max(size, 1));

	if (memory == NULL)
		store_no_memory("memory that workers share");
	return memory;
}

static CodedRows *
new_rows(const Store *store, int scalars, int classes)
{
	int			features = store->ncols - scalars;
	bool		is_shared = !store->is_private && parallel_workers(store->rows * (Size) features) > 0;
	void	   *first = is_shared ? parallel_alloc(store->context, sizeof(CodedRows)) : NULL;
	CodedRows  *rows = first ? first : rows_alloc(store, false, sizeof(CodedRows));

	*rows = (CodedRows) {
		.is_shared = first != NULL,
		.features = features,
		.classes = classes,
		.groups = store_group_count(store)
	};
	is_shared = rows->is_shared;
	rows->first = rows_alloc(store, is_shared, (rows->groups + (Size) 1) * sizeof(int64));
	rows->first[0] = 0;
	rows->coding = rows_alloc(store, is_shared, (Size) rows->groups * features * sizeof(CodedFeature));
	rows->codes = rows_alloc(store, is_shared, store->rows * (Size) features);
	rows->target = rows_alloc(store, is_shared, store->rows * sizeof(double));
	if (scalars == 2)
		rows->weight = rows_alloc(store, is_shared, store->rows * sizeof(double));
	return rows;
}

/*
 * store_code(store, edges, scalars, classes): codes the next groups of a store, from the first one on, as many as `edges` has
 * bytes of doubles for: for each group, for each feature, its number of bins and its edges, or minus its number of levels.
 * The features are all columns but the last `scalars`, the target and perhaps a weight.  Returns the number of groups that are
 * coded.
 */
PG_FUNCTION_INFO_V1(store_code);
Datum
store_code(PG_FUNCTION_ARGS)
{
	Store	   *store = store_argument(PG_GETARG_INT32(0));
	bytea	   *given = PG_GETARG_BYTEA_PP(1);
	Size		size = VARSIZE_ANY_EXHDR(given);
	const double *numbers;
	const double *end;
	int			scalars = whole_parameter(PG_GETARG_INT32(2), 1, 2);
	int			classes = whole_parameter(PG_GETARG_INT32(3), 0, MAX_PARAMS);

	if (store->ncols <= scalars)
		whole_parameter(store->ncols, scalars + 1, MAX_COLUMNS);
	if (store->coded == NULL)
		store->coded = new_rows(store, scalars, classes);
	if (store->coded->features != store->ncols - scalars || store->coded->classes != classes)
		whole_parameter(classes, store->coded->classes, store->coded->classes);
	numbers = copy_pieces(rows_alloc(store, store->coded->is_shared, size), VARDATA_ANY(given), size);
	end = numbers + size / sizeof(double);
	while (numbers < end)
	{
		CHECK_FOR_INTERRUPTS();
		if (store->coded->coded_groups == store->coded->groups)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("all %d groups of store %d are coded", store->coded->groups, store->id)));
		code_group(store, store->coded, scalars, &numbers, end);
	}
	PG_RETURN_INT32(store->coded->coded_groups);
}

void *
coded_alloc(const Store *store, Size size)
{
	return rows_alloc(store, store->coded->is_shared, size);
}

Store *
store_with_codes(int number)
{
	Store	   *store = store_argument(number);

	if (store->coded == NULL || store->coded->coded_groups < store->coded->groups)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the rows of store %d are not coded", store->id)));
	return store;
}
