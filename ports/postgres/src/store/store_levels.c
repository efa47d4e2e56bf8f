/*
 * store_levels.c: the categories of a store: lists their levels, changes their codes, and turns them into indicators.
 *
 * While a store is filled, the values of a category get codes in the order in which they first occur.  The caller reads the
 * levels, sorts them, sets the codes to this order, and can have kernels get indicators in place of codes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "engine/bounds.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "store.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

static int
column_argument(const Store *store, int number)
{
	if (number < 1 || number > store->ncols)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no column %d in store %d", number, store->id)));
	return number - 1;
}

static bool
is_null(const Store *store, int64 row, int column)
{
	int			r = row_of(store, row);

	return (store_nulls(store, block_of(store, row), column)[r / 64] >> (r % 64)) & 1;
}

/* Tells whether a row has no NULL, and no weight of 0 in column `weight` (-1: there are no weights). */
static bool
is_complete(const Store *store, int64 row, int weight)
{
	for (int c = 0; c < store->ncols; c++)
		if (store->has_nulls[c] && is_null(store, row, c))
			return false;
	return weight < 0 || store_column(store, block_of(store, row), weight)[row_of(store, row)] != 0;
}

/* Returns for each code of a column whether it occurs in a complete row. */
static bool *
codes_used(const Store *store, int column, int weight)
{
	int			count = dict_count(store->levels[column]);
	bool	   *used = palloc_limited(count, MaxAllocSize, "a list of all levels");
	bool		any = weight >= 0;

	for (int c = 0; c < store->ncols; c++)
		any = any || store->has_nulls[c];
	if (!any)
		memset(used, true, count);	/* every code occurs in a row, and every row is complete */
	for (int64 row = 0; row < store->rows && any; row++)
	{
		if (row_of(store, row) == 0)
			CHECK_FOR_INTERRUPTS();
		if (is_complete(store, row, weight))
			used[(int) store_column(store, block_of(store, row), column)[row_of(store, row)]] = true;
	}
	return used;
}

/*
 * store_levels(store, column, complete, weight): returns the levels of a column as texts, in the order of their codes; NULL
 * if the column has no codes.  Columns are counted from 1.  With `complete`, levels that occur in no complete row are
 * NULL in the array.  A row is complete if it has no NULL and its weight, in column `weight`, is not 0 (`weight` 0: there
 * are no weights).
 */
PG_FUNCTION_INFO_V1(store_levels);
Datum
store_levels(PG_FUNCTION_ARGS)
{
	bool		complete = PG_GETARG_BOOL(2);
	Store	   *store = complete ? store_argument(PG_GETARG_INT32(0)) : store_find(PG_GETARG_INT32(0));
	int			column = column_argument(store, PG_GETARG_INT32(1));
	int			weight = PG_GETARG_INT32(3) == 0 ? -1 : column_argument(store, PG_GETARG_INT32(3));
	Dict	   *levels = store->levels[column];
	bool	   *used;
	Datum	   *texts;
	bool	   *nulls;
	int			count;
	int			lower = 1;
	Oid			output;
	bool		varlena;

	if (levels == NULL)
		PG_RETURN_NULL();
	count = dict_count(levels);
	used = complete ? codes_used(store, column, weight) : NULL;
	getTypeOutputInfo(dict_type(levels, 0), &output, &varlena);
	texts = palloc_limited(count * (int64) sizeof(Datum), MaxAllocSize, "an array of all levels");
	nulls = palloc_limited(count, MaxAllocSize, "an array of all levels");
	for (int code = 0; code < count; code++)
	{
		bool		isnull;
		Datum		value = dict_value(levels, code, 0, &isnull);

		CHECK_FOR_INTERRUPTS();
		nulls[code] = used && !used[code];
		if (!nulls[code])
			texts[code] = CStringGetTextDatum(OidOutputFunctionCall(output, value));
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(texts, nulls, 1, &count, &lower, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Replaces the codes of a column in a block; rows whose new code is below 0 become NULL. */
static void
order_block(Store *store, int64 block, int column, const int *codes, int count)
{
	double	   *values = store_column(store, block, column);
	int64		first = block * store->block_rows;
	int			rows = Min(store->rows - first, store->block_rows);

	for (int r = 0; r < rows; r++)
	{
		int64		code = integer_within(values[r], 0, count - 1, -1);

		if (code < 0 || (store->has_nulls[column] && is_null(store, first + r, column)))
			continue;
		values[r] = Max(codes[code], 0);
		if (codes[code] < 0)
			store_set_null(store, first + r, column);
	}
}

/* Notes the codes of a column for the time when the rows of the buffer are written to the files. */
static void
note_codes(Store *store, int column, const int *codes, int count)
{
	int		   *noted;

	if (store->files[0] >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the rows of store %d have been written", store->id)));
	noted = MemoryContextAlloc(store->context, (1 + count) * sizeof(int));
	if (store->recoded == NULL)
		store->recoded = MemoryContextAllocZero(store->context, store->ncols * sizeof(int *));
	noted[0] = count;
	memcpy(noted + 1, codes, count * sizeof(int));
	store->recoded[column] = noted;
}

/*
 * store_order(store, column, codes): replaces each code c of a column, counted from 1, by the code at position c of `codes`,
 * or by NULL if that is negative.  After that the column counts as one of numbers.
 */
PG_FUNCTION_INFO_V1(store_order);
Datum
store_order(PG_FUNCTION_ARGS)
{
	Store	   *store = store_find(PG_GETARG_INT32(0));
	int			column = column_argument(store, PG_GETARG_INT32(1));
	int			count;
	const int  *codes = integers_argument(PG_GETARG_ARRAYTYPE_P(2), "codes", &count);

	if (store->levels[column] == NULL || dict_count(store->levels[column]) != count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d codes do not fit column %d of store %d", count, column + 1, store->id)));
	store->levels[column] = NULL;
	store->ahead = NULL;
	if (store->features >= 0)
	{
		note_codes(store, column, codes, count);
		PG_RETURN_VOID();
	}
	store_lay(store);
	for (int64 block = 0; block * store->block_rows < store->rows; block++)
	{
		CHECK_FOR_INTERRUPTS();
		order_block(store, block, column, codes, count);
	}
	PG_RETURN_VOID();
}

/*
 * store_indicate(store, counts): makes kernels get columns as indicators.  `counts` has for each column the number of
 * indicators, or -1 for a column that stays as it is.  Code 0 is the level without an indicator.
 */
PG_FUNCTION_INFO_V1(store_indicate);
Datum
store_indicate(PG_FUNCTION_ARGS)
{
	Store	   *store = store_for_kernels(PG_GETARG_INT32(0));
	int			count;
	const int  *counts = integers_argument(PG_GETARG_ARRAYTYPE_P(1), "codes", &count);
	int64		width = 0;

	for (int c = 0; c < count; c++)
	{
		if (counts[c] < -1 || counts[c] > MAX_COLUMNS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a column cannot be %d indicators", counts[c])));
		width += counts[c] < 0 ? 1 : counts[c];
	}
	if (count != store->ncols || store->codes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d counts do not fit the columns of store %d", count, store->id)));
	if (width > MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("%lld columns are too many", (long long) width),
				 errdetail("The most is %d, the target and a weight included.", MAX_COLUMNS)));
	store->ahead = NULL;
	store->indicators = MemoryContextAlloc(store->context, Max(count, 1) * sizeof(int));
	memcpy(store->indicators, counts, count * sizeof(int));
	PG_RETURN_VOID();
}
