/*
 * moments_indicators.c: moments of categories that come as codes, in place of a column of 0 and 1 for each level.
 *
 * Without weights indicators and their products are counts, and their products with numbers are sums by level: a few
 * additions for each row, where columns would take a product for each pair of levels.  Counts are exact, and so are the
 * same to the bit as the sums of such columns.
 */
#include "postgres.h"

#include <math.h>

#include "engine/bounds.h"
#include "miscadmin.h"
#include "moments_chunk.h"
#include "utils/memutils.h"

/* Returns the sum of the products of columns i and j; -1 stands for the column of ones, z_0. */
DD_INLINE double *
pair_of(double *body, int i, int j)
{
	return body + 2 * moment_pair(Max(i, j) + 1, Min(i, j) + 1);
}

/* Reads the codes of some rows and returns the number of rows of each code. */
static int *
take_codes(const Indicators *category, int first, int real, int *codes)
{
	int		   *counts = palloc0((category->count + 1) * sizeof(int));

	for (int r = 0; r < real; r++)
		codes[r] = integer_clamped(category->codes[first + r], 0, category->count);
	for (int r = 0; r < real; r++)
		counts[codes[r]]++;
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

/* Tells whether all numbers are integers so small that plain sums over a chunk are exact. */
DD_CLONES static bool
are_whole(const double *restrict numbers, int rows)
{
	int			others = 0;

	for (int r = 0; r < rows; r++)
		others += !(fabs(numbers[r]) < 0x1p40) || (numbers[r] + 0x1.8p52) - 0x1.8p52 != numbers[r];
	return others == 0;
}

static void
sum_whole(const double *restrict numbers, const int *restrict codes, int rows, dd *restrict sums)
{
	for (int r = 0; r < rows; r++)
		sums[codes[r]].hi += numbers[r];
}

/* Adds the products of indicators with a column of numbers: its sum by level. */
static void
add_by_level(double *body, const Chunk *chunk, int j, const Indicators *category, const int *codes)
{
	const double *column = chunk->columns[j];
	const double *low = chunk->lows[j];
	dd		   *sums = palloc0((category->count + 1) * sizeof(dd));

	if (low == NULL && are_whole(column, chunk->real))
		sum_whole(column, codes, chunk->real, sums);
	else
		for (int r = 0; r < chunk->real; r++)
			sums[codes[r]] = dd_add(sums[codes[r]], low ? (dd) {column[r], low[r]} : dd_from(column[r]));
	for (int level = 1; level <= category->count; level++)
		accumulate(pair_of(body, category->first + level - 1, j), sums[level]);
	pfree(sums);
}

/* Returns the position of a pair of categories d < c in the list of pairs: c (c - 1) / 2 + d. */
static int64
place_of(int c, int d)
{
	return (int64) c * (c - 1) / 2 + d;
}

Joint *
moments_joint(const RowBlock *block)
{
	Joint	   *joint = palloc0(sizeof(Joint));

	joint->block = block;
	joint->codes = palloc((Size) block->ncategories * CHUNK * sizeof(int));
	joint->counts = palloc((place_of(block->ncategories, 0) + 1) * sizeof(int *));
	for (int c = 0; c < block->ncategories; c++)
		for (int d = 0; d < c; d++)
			joint->counts[place_of(c, d)] = palloc_limited(
				(block->categories[c].count + 1) * (block->categories[d].count + 1) * (int64) sizeof(int), MaxAllocSize,
				"counts of pairs of levels");
	return joint;
}

static void
count_joint(const int *restrict codes, const int *restrict others, int width, int real, int *restrict counts)
{
	for (int r = 0; r < real; r++)
		counts[codes[r] * width + others[r]]++;
}

void
moments_add_indicators(double *body, const Chunk *chunk, Joint *joint, int first)
{
	const RowBlock *block = joint->block;

	for (int c = 0; c < block->ncategories; c++)
	{
		const Indicators *category = &block->categories[c];
		int		   *codes = joint->codes + (Size) c * CHUNK;
		int		   *counts = take_codes(category, first, chunk->real, codes);

		CHECK_FOR_INTERRUPTS();
		add_counts(body, chunk->m, category, counts, chunk->real);
		for (int j = 0; j < chunk->m; j++)
			if (chunk->columns[j] && !chunk->ones[j])
				add_by_level(body, chunk, j, category, codes);
			else if (chunk->columns[j])
				for (int level = 1; level <= category->count; level++)
					accumulate(pair_of(body, category->first + level - 1, j), dd_from(counts[level]));
		for (int d = 0; d < c; d++)
			count_joint(codes, joint->codes + (Size) d * CHUNK, block->categories[d].count + 1, chunk->real,
						joint->counts[place_of(c, d)]);
		pfree(counts);
	}
}

void
moments_add_joint(double *body, const Joint *joint)
{
	const RowBlock *block = joint->block;

	for (int c = 0; c < block->ncategories; c++)
		for (int d = 0; d < c; d++)
		{
			const Indicators *one = &block->categories[c];
			const Indicators *other = &block->categories[d];
			const int  *counts = joint->counts[place_of(c, d)];

			CHECK_FOR_INTERRUPTS();
			for (int a = 1; a <= one->count; a++)
				for (int b = 1; b <= other->count; b++)
					pair_of(body, one->first + a - 1, other->first + b - 1)[0] += counts[(Size) a * (other->count + 1) + b];
		}
}
