/*
 * level_codes.c: gives codes to the levels of a category with more levels than codes.
 *
 * Levels are ordered by the mean of the target, or by the share of one class: the second of two, the most frequent of more.
 * Those that follow each other share a code, so that all codes have about as many rows.
 *
 * Source: Wright and König (2019), Splitting on categorical predictors in random forests, PeerJ 7.
 */
#include "level_codes.h"

#include <math.h>

#include "bins.h"
#include "coded_rows.h"
#include "engine/bounds.h"
#include "miscadmin.h"

typedef struct Level
{
	double		rows;
	double		mean;			/* a sum until all rows are counted */
	int			number;
} Level;

#define ST_SORT sort_levels
#define ST_ELEMENT_TYPE Level
#define ST_COMPARE(a, b) ((a)->mean != (b)->mean ? ((a)->mean < (b)->mean ? -1 : 1) : (a)->number - (b)->number)
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

static double
value_at(const Store *store, int64 row, int column)
{
	int64		block = block_of(store, row);
	int			r = row_of(store, row);

	if ((store_nulls(store, block, column)[r / 64] >> (r % 64)) & 1)
		return NAN;
	return store_column(store, block, column)[r];
}

/* Returns the most frequent class of some rows, the second of two classes. */
static int
class_of_shares(const Store *store, int scalars, int classes, int64 from, int64 to)
{
	int64	   *rows;
	int			best = 0;

	if (classes <= 2)
		return 1;
	rows = palloc0(classes * sizeof(int64));
	for (int64 row = from; row < to; row++)
	{
		int			class = integer_within(value_at(store, row, store->ncols - scalars), 0, classes - 1, -1);

		CHECK_FOR_INTERRUPTS();
		if (class >= 0)
			rows[class]++;
	}
	for (int c = 1; c < classes; c++)
		if (rows[c] > rows[best])
			best = c;
	pfree(rows);
	return best;
}

/* Counts the rows of each level, and sums their targets. */
static double
count_levels(const Store *store, int column, int scalars, int classes, int count, int64 from, int64 to, Level *levels)
{
	int			class = classes > 0 ? class_of_shares(store, scalars, classes, from, to) : 0;
	double		total = 0;

	for (int64 row = from; row < to; row++)
	{
		int			level = integer_within(value_at(store, row, column), 0, count - 1, -1);
		double		target = value_at(store, row, store->ncols - scalars);
		double		weight = scalars == 2 ? value_at(store, row, store->ncols - 1) : 1;

		CHECK_FOR_INTERRUPTS();
		if (level < 0 || !isfinite(target) || !(weight > 0))
			continue;
		levels[level].rows += weight;
		levels[level].mean += weight * (classes > 0 ? target == class : target);
		total += weight;
	}
	return total;
}

const uint8 *
codes_of_levels(const Store *store, int column, int scalars, int classes, int count, int64 from, int64 to)
{
	uint8	   *codes = MemoryContextAlloc(store->context, count);
	Level	   *levels = palloc0(count * sizeof(Level));
	double		total = count_levels(store, column, scalars, classes, count, from, to, levels);
	double		below = 0;
	int			used = 0;

	for (int level = 0; level < count; level++)
	{
		levels[level].number = level;
		if (levels[level].rows > 0)
			levels[level].mean /= levels[level].rows;
		codes[level] = MOST_CODES;
		if (levels[level].rows > 0)
			levels[used++] = levels[level];
	}
	sort_levels(levels, used);
	for (int i = 0; i < used; i++)
	{
		double		middle = (below + levels[i].rows / 2) / total;
		int			even = middle * MOST_CODES;

		below += levels[i].rows;
		codes[levels[i].number] = used <= MOST_CODES ? i : Min(even, MOST_CODES - 1);
	}
	pfree(levels);
	return codes;
}
