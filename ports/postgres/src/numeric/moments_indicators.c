/*
 * moments_indicators.c: moments of categories that come as codes, not as a column of 0 and 1 for each level.
 *
 * Without weights, sums of indicators and of their products are counts of rows, and sums of their products with numbers are
 * sums of the numbers in each level.  This takes a few additions for each row, where columns would take a product for each
 * pair of levels.  Counts and sums of whole numbers are exact, and so equal to the sums of such columns to the bit.
 */
#include "postgres.h"

#include <math.h>

#include "engine/bounds.h"
#include "miscadmin.h"
#include "moments_chunk.h"
#include "utils/memutils.h"

/* Integers below this are summed without compensation: the sum of up to 8,192 of them is exact. */
#define MOST_WHOLE 0x1p40

Joint *
moments_joint(const RowBlock *block, int m, bool weighted)
{
	const Places *places = places_new(block, m, CHUNK, 1);
	Joint	   *joint;

	if (places == NULL)
		return NULL;
	joint = palloc0(sizeof(Joint));
	joint->places = places;
	if (weighted)
	{
		joint->weights = palloc_limited(places->sums * (int64) sizeof(dd), MaxAllocSize, "weights of pairs of levels");
		joint->weighted = palloc0(m * sizeof(dd *));
		return joint;
	}
	joint->counts = palloc_limited(places->sums * (int64) sizeof(int), MaxAllocSize, "counts of pairs of levels");
	joint->sums = palloc0(m * sizeof(double *));
	joint->exact = block->rows <= 0x1p53 / MOST_WHOLE;
	return joint;
}

/* Tells whether all numbers are integers so small that plain sums over a block are exact. */
DD_CLONES static bool
are_whole(const double *restrict numbers, int rows)
{
	int			others = 0;

	for (int r = 0; r < rows; r++)
		others += !(fabs(numbers[r]) < MOST_WHOLE) || (numbers[r] + 0x1.8p52) - 0x1.8p52 != numbers[r];
	return others == 0;
}

static void
sum_whole(const Chunk *chunk, Joint *joint, int j)
{
	const double *column = chunk->columns[j];
	double	   *sums = joint->sums[j];

	if (sums == NULL)
		sums = joint->sums[j] = palloc0(joint->places->places * sizeof(double));
	for (int c = 0; c < joint->places->count; c++)
	{
		const int  *taken = joint->places->taken[c];

		for (int r = 0; r < chunk->real; r++)
			sums[taken[r]] += column[r];
	}
}

/* Adds the products of indicators with a column of numbers, which are the sums of the numbers in each level. */
static void
add_by_level(double *body, const Chunk *chunk, const Places *places, int j)
{
	const double *column = chunk->columns[j];
	const double *low = chunk->lows[j];
	dd		   *sums = palloc0(places->places * sizeof(dd));

	for (int c = 0; c < places->count; c++)
	{
		const Indicators *category = &places->categories[c];
		const int  *taken = places->taken[c];

		for (int r = 0; r < chunk->real; r++)
			sums[taken[r]] = dd_add(sums[taken[r]], low ? (dd) {column[r], low[r]} : dd_from(column[r]));
		for (int level = 1; level <= category->count; level++)
			accumulate(moments_pair(body, category->first + level - 1, j), sums[places->start[c] + level]);
	}
	pfree(sums);
}

/* Counts rows of FEW_CATEGORIES or fewer. */
DD_INLINE void
count_rows(const Places *places, int count, int rows, int *counts)
{
	const int  *taken[FEW_CATEGORIES];
	int64		at[FEW_CATEGORIES];
	int			width[FEW_CATEGORIES];

	for (int c = 0; c < count; c++)
	{
		taken[c] = places->taken[c];
		at[c] = places->at[c];
		width[c] = places->width[c];
	}
	for (int r = 0; r < rows; r++)
	{
		int			place[FEW_CATEGORIES];

		for (int c = 0; c < count; c++)
		{
			int		   *row = counts + (at[c] + (int64) (place[c] = taken[c][r]) * width[c]);

			for (int d = 0; d < c; d++)
				row[place[d]]++;
			row[width[c] - 1]++;
		}
	}
}

/* Counts rows of any number of categories. */
static void
count_rows_of_many(const Places *places, int rows, int *counts)
{
	for (int c = 0; c < places->count; c++)
		for (int r = 0; r < rows; r++)
		{
			int		   *row = counts + places_row(places, c, places->taken[c][r]);

			for (int d = 0; d < c; d++)
				row[places->taken[d][r]]++;
			row[places->width[c] - 1]++;
		}
}

static void
count_chunk(const Places *places, int rows, int *counts)
{
	switch (places->count)
	{
		case 1:
			count_rows(places, 1, rows, counts);
			break;
		case 2:
			count_rows(places, 2, rows, counts);
			break;
		case 3:
			count_rows(places, 3, rows, counts);
			break;
		case 4:
			count_rows(places, 4, rows, counts);
			break;
		case FEW_CATEGORIES:
			count_rows(places, FEW_CATEGORIES, rows, counts);
			break;
		default:
			count_rows_of_many(places, rows, counts);
	}
}

void
moments_add_indicators(double *body, const Chunk *chunk, Joint *joint, int first)
{
	const Places *places = joint->places;

	CHECK_FOR_INTERRUPTS();
	places_take(places, first, chunk->real, chunk->real);
	count_chunk(places, chunk->real, joint->counts);
	for (int j = 0; j < chunk->m; j++)
	{
		if (chunk->columns[j] == NULL || (places->ones[j] && chunk->ones[j]))
			continue;			/* indicators and columns of ones: their sums are counts */
		if (joint->exact && chunk->lows[j] == NULL && are_whole(chunk->columns[j], chunk->real))
			sum_whole(chunk, joint, j);
		else
			add_by_level(body, chunk, places, j);
	}
}

/* Adds the products of an indicator with itself, with 1 and with columns of ones, all of which are counts; sets its range. */
static void
add_count(double *body, int m, const Places *places, int i, int count, int rows)
{
	double	   *minimum = body + moments_minima(m) + i;
	double	   *maximum = body + moments_maxima(m) + i;
	const double *pivots = body + moments_pivots(m);

	moments_pair(body, i, -1)[0] += count;
	moments_pair(body, i, i)[0] += count;
	*minimum = Min(*minimum, count == rows);
	*maximum = Max(*maximum, count > 0);
	for (int j = 0; j < m; j++)
		if (places->ones[j] && pivots[j] == 0)
			accumulate(moments_pair(body, i, j), dd_from(count));
}

void
moments_add_joint(double *body, int m, const Joint *joint, int rows)
{
	const Places *places = joint->places;

	for (int c = 0; c < places->count; c++)
		for (int level = 1; level <= places->categories[c].count; level++)
		{
			int			i = places->categories[c].first + level - 1;
			int			place = places->start[c] + level;
			const int  *counts = joint->counts + places_row(places, c, place);

			CHECK_FOR_INTERRUPTS();
			add_count(body, m, places, i, counts[places->width[c] - 1], rows);
			for (int j = 0; j < m; j++)
				if (joint->sums[j])
					accumulate(moments_pair(body, i, j), dd_from(joint->sums[j][place]));
			for (int d = 0; d < c; d++)
				for (int b = 1; b <= places->categories[d].count; b++)
					moments_pair(body, i, places->categories[d].first + b - 1)[0] += counts[places->start[d] + b];
		}
}
