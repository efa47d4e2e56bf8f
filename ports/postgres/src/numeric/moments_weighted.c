/*
 * moments_weighted.c: moments of categories that come as codes, where rows have weights (see moments_indicators.c).
 *
 * The sum of the products of two indicators is a sum of weights; with numbers it is the sum of numbers times weights in each
 * level.  Sums are double-doubles, and differ from those of columns of 0 and 1 only in the last bits of a double-double.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "moments_chunk.h"

/* Adds high + low to a sum whose halves may overlap, which takes fewer operations than dd_add(). */
DD_INLINE void
add_to(dd *sum, double high, double low)
{
	dd			total = two_sum(sum->hi, high);

	sum->hi = total.hi;
	sum->lo += total.lo + low;
}

/* Adds a sum that add_to() made to a sum of products in the body. */
DD_INLINE void
accumulate_sum(double *pair, dd sum)
{
	accumulate(pair, two_sum(sum.hi, sum.lo));
}

/* Adds the weights of rows to the sums of their levels and pairs of levels. */
static void
add_weights(const Places *places, const double *weights, int rows, dd *sums)
{
	for (int c = 0; c < places->count; c++)
		for (int r = 0; r < rows; r++)
		{
			dd		   *row = sums + places_row(places, c, places->taken[c][r]);

			for (int d = 0; d < c; d++)
				add_to(row + places->taken[d][r], weights[r], 0);
			add_to(row + places->width[c] - 1, weights[r], 0);
		}
}

/* Adds column j times the weights to its sums for each place. */
static void
add_column(const Chunk *chunk, Joint *joint, int j)
{
	const Places *places = joint->places;
	dd		   *sums = joint->weighted[j];

	if (sums == NULL)
		sums = joint->weighted[j] = palloc0(places->places * sizeof(dd));
	column_times(chunk->weights, chunk->columns[j], chunk->lows[j], chunk->real, chunk->high, chunk->low);
	for (int c = 0; c < places->count; c++)
	{
		const int  *taken = places->taken[c];

		for (int r = 0; r < chunk->real; r++)
			add_to(sums + taken[r], chunk->high[r], chunk->low[r]);
	}
}

void
moments_weigh_indicators(const Chunk *chunk, Joint *joint, int first)
{
	const Places *places = joint->places;

	CHECK_FOR_INTERRUPTS();
	places_take(places, first, chunk->real, chunk->real);
	add_weights(places, chunk->weights, chunk->real, joint->weights);
	for (int j = 0; j < chunk->m; j++)
		if (chunk->columns[j] && !(places->ones[j] && chunk->ones[j]))	/* the sums of a column of ones are sums of weights */
			add_column(chunk, joint, j);
}

/* Adds the products of an indicator with itself, with 1 and with columns of ones; `weight` is its sum of weights. */
static void
add_weight(double *body, int m, const Places *places, int i, dd weight)
{
	const double *pivots = body + moments_pivots(m);

	accumulate_sum(moments_pair(body, i, -1), weight);
	accumulate_sum(moments_pair(body, i, i), weight);
	for (int j = 0; j < m; j++)
		if (places->ones[j] && pivots[j] == 0)
			accumulate_sum(moments_pair(body, i, j), weight);
}

/* Extends the ranges of a category's indicators.  Weights are positive, so a level has rows if its sum of weights is not 0. */
static void
add_ranges(double *body, int m, const Joint *joint, int c)
{
	const Places *places = joint->places;
	const dd   *own = joint->weights + places_row(places, c, places->start[c]) + places->width[c] - 1;
	int			count = places->categories[c].count;
	int			levels = 0;		/* number of levels with rows */

	for (int code = 0; code <= count; code++)
		levels += own[(Size) code * places->width[c]].hi > 0;
	for (int level = 1; level <= count; level++)
	{
		double	   *minimum = body + moments_minima(m) + places->categories[c].first + level - 1;
		double	   *maximum = body + moments_maxima(m) + places->categories[c].first + level - 1;
		bool		has_rows = own[(Size) level * places->width[c]].hi > 0;

		*minimum = Min(*minimum, has_rows && levels == 1);
		*maximum = Max(*maximum, has_rows);
	}
}

void
moments_add_weights(double *body, int m, const Joint *joint)
{
	const Places *places = joint->places;

	for (int c = 0; c < places->count; c++)
	{
		add_ranges(body, m, joint, c);
		for (int level = 1; level <= places->categories[c].count; level++)
		{
			int			i = places->categories[c].first + level - 1;
			int			place = places->start[c] + level;
			const dd   *weights = joint->weights + places_row(places, c, place);

			CHECK_FOR_INTERRUPTS();
			add_weight(body, m, places, i, weights[places->width[c] - 1]);
			for (int j = 0; j < m; j++)
				if (joint->weighted[j])
					accumulate_sum(moments_pair(body, i, j), joint->weighted[j][place]);
			for (int d = 0; d < c; d++)
				for (int b = 1; b <= places->categories[d].count; b++)
					accumulate_sum(moments_pair(body, i, places->categories[d].first + b - 1), weights[places->start[d] + b]);
		}
	}
}
