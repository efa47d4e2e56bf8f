/*
 * moments_indicators.c: moments of categories that come as codes, in place of a column of 0 and 1 for each level.
 *
 * Without weights indicators and their products are counts, and their products with numbers are sums by level: a few
 * additions for each row, where columns would take a product for each pair of levels.  Counts are exact, and so are the
 * same to the bit as the sums of such columns.
 */
#include "postgres.h"

#include "engine/bounds.h"
#include "miscadmin.h"
#include "moments_chunk.h"

/* The sum of the products of columns i and j; -1 stands for the column of ones, z_0. */
DD_INLINE double *
pair_of(double *body, int i, int j)
{
	return body + 2 * moment_pair(Max(i, j) + 1, Min(i, j) + 1);
}

/* Takes the codes of some rows; returns how many rows have each. */
static int *
take_codes(const Indicators *category, int first, int real, int *codes)
{
	int		   *counts = palloc0((category->count + 1) * sizeof(int));

	for (int r = 0; r < real; r++)
	{
		codes[r] = integer_within(category->codes[first + r], 1, category->count, 0);
		counts[codes[r]]++;
	}
	return counts;
}

/* Adds the products of indicators with themselves and with 1, which are counts, and their ranges. */
static void
add_counts(double *body, int m, const Indicators *category, const int *counts, int real)
{
	double	   *minima = body + moments_minima(m);
	double	   *maxima = body + moments_maxima(m);

	for (int level = 1; level <= category->count; level++)
	{
		int			i = category->first + level - 1;

		pair_of(body, i, -1)[0] += counts[level];
		pair_of(body, i, i)[0] += counts[level];
		minima[i] = Min(minima[i], counts[level] == real);
		maxima[i] = Max(maxima[i], counts[level] > 0);
	}
}

/* Adds the products of indicators with a column of numbers: its sum by level. */
static void
add_by_level(double *body, const Chunk *chunk, int j, const Indicators *category, const int *codes)
{
	const double *column = chunk->columns[j];
	const double *low = chunk->lows[j];
	dd		   *sums = palloc0((category->count + 1) * sizeof(dd));

	for (int r = 0; r < chunk->real; r++)
		sums[codes[r]] = dd_add(sums[codes[r]], low ? (dd) {column[r], low[r]} : dd_from(column[r]));
	for (int level = 1; level <= category->count; level++)
		accumulate(pair_of(body, category->first + level - 1, j), sums[level]);
	pfree(sums);
}

/* Adds the products of the indicators of two categories: counts, which need no second number. */
static void
add_joint(double *body, const Indicators *a, const Indicators *b, const int *a_codes, const int *b_codes, int real)
{
	for (int r = 0; r < real; r++)
		if (a_codes[r] > 0 && b_codes[r] > 0)
			pair_of(body, a->first + a_codes[r] - 1, b->first + b_codes[r] - 1)[0] += 1;
}

void
moments_add_indicators(double *body, const Chunk *chunk, const RowBlock *block, int first)
{
	int		   *codes = palloc((Size) block->ncategories * CHUNK * sizeof(int));

	for (int c = 0; c < block->ncategories; c++)
	{
		const Indicators *category = &block->categories[c];
		int		   *own = codes + (Size) c * CHUNK;
		int		   *counts = take_codes(category, first, chunk->real, own);

		CHECK_FOR_INTERRUPTS();
		add_counts(body, chunk->m, category, counts, chunk->real);
		for (int j = 0; j < chunk->m; j++)
			if (chunk->columns[j] && !chunk->ones[j])
				add_by_level(body, chunk, j, category, own);
			else if (chunk->columns[j])
				for (int level = 1; level <= category->count; level++)
					accumulate(pair_of(body, category->first + level - 1, j), dd_from(counts[level]));
		for (int d = 0; d < c; d++)
			add_joint(body, category, &block->categories[d], own, codes + (Size) d * CHUNK, chunk->real);
		pfree(counts);
	}
	pfree(codes);
}
