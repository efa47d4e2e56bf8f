/*
 * indicators_sums.c: score and Hessian of categories from the sums for each place (see indicators.h).
 *
 * A category with n levels besides the reference stands for n columns z = x - c, where x is 1 in the rows of the level.  The
 * sum of v (x - c) (u - d) is sum(v x u) - d sum(v x) - c sum(v u) + c d sum(v).  The shift c of an indicator is its share of
 * the weights, so that these differences lose few digits unless a share is close to 1 (see needs_columns()).
 */
#include "postgres.h"

#include <math.h>

#include "indicators.h"
#include "miscadmin.h"

static double *
pair_of(const Body *body, int i, int j)
{
	return body->hessian + 2 * (triangle(Max(i, j)) + Min(i, j));
}

/* Adds the products of a column with the levels of a category, from their sums for each place. */
static void
add_to_column(const Levels *levels, const Body *body, int i, int c, const double *by_place)
{
	const Indicators *category = &levels->places->categories[c];
	const double *sums = by_place + levels->places->start[c];
	double		total = 0;

	for (int code = 0; code <= category->count; code++)
		total += sums[code];
	for (int level = 1; level <= category->count; level++)
	{
		int			j = category->first + level - 1;

		if (!isnan(body->shift[j]))
			accumulate(pair_of(body, i, j), sums[level] - body->shift[j] * total);
	}
}

/* Tells whether column i of z is 1 in all rows. */
static bool
is_ones(const Levels *levels, const Body *body, int i)
{
	return levels->places->ones[i] && body->shift[i] == 0;
}

void
levels_add_column(const Levels *levels, const Body *body, int i, int rows, const Scratch *s)
{
	if (is_ones(levels, body, i))
		return;					/* its products are sums of weights: see levels_finish() */
	memset(levels->scratch, 0, levels->places->places * sizeof(double));
	for (int c = 0; c < levels->places->count; c++)
	{
		const int  *taken = levels->places->taken[c];

		for (int r = 0; r < rows; r++)
			levels->scratch[taken[r]] += s->weighted[r];
		add_to_column(levels, body, i, c, levels->scratch);
	}
}

/* Adds the residuals of a category and sets the weights of its places; returns the sum of the weights. */
static double
finish_rows(const Levels *levels, const Body *body, int c)
{
	const Indicators *category = &levels->places->categories[c];
	int			start = levels->places->start[c];
	int			width = levels->places->width[c];
	const double *row = levels->sums + places_row(levels->places, c, start);
	double		residuals = 0;
	double		weights = 0;

	for (int code = 0; code <= category->count; code++)
	{
		weights += levels->weights[start + code] = row[(Size) code * width + width - 2];
		residuals += row[(Size) code * width + width - 1];
	}
	for (int level = 1; level <= category->count; level++)
	{
		int			j = category->first + level - 1;

		if (!isnan(body->shift[j]))
			accumulate(body->score + 2 * j, row[(Size) level * width + width - 1] - body->shift[j] * residuals);
	}
	return weights;
}

/* Computes the products of one indicator with others, 0 for those that are left out; `weight` is the sum of its weights. */
DD_CLONES static void
products_of(const double *restrict joint, const double *restrict weights, const double *restrict shifts, int count,
			double weight, double shift, double total, double *restrict products)
{
	for (int b = 0; b < count; b++)
	{
		double		product = joint[b] - shifts[b] * weight - shift * weights[b] + shift * shifts[b] * total;

		products[b] = isnan(shifts[b]) ? 0 : product;
	}
}

/* Adds numbers to an array of pairs. */
DD_CLONES static void
accumulate_all(double *restrict pairs, const double *restrict numbers, int count)
{
	for (int b = 0; b < count; b++)
	{
		dd			sum = two_sum(pairs[2 * b], numbers[b]);

		pairs[2 * b] = sum.hi;
		pairs[2 * b + 1] += sum.lo;
	}
}

/* Adds the products of the levels of a category with those of earlier categories, and with each other. */
static void
finish_products(const Levels *levels, const Body *body, int c, double total)
{
	const Places *places = levels->places;
	const Indicators *category = &places->categories[c];

	for (int level = 1; level <= category->count; level++)
	{
		int			i = category->first + level - 1;
		int			place = places->start[c] + level;
		double		weight = levels->weights[place];
		const double *row = levels->sums + places_row(places, c, place);
		double	   *pairs = pair_of(body, i, 0);

		CHECK_FOR_INTERRUPTS();
		if (isnan(body->shift[i]))
			continue;
		for (int d = 0; d <= c; d++)
		{
			const Indicators *other = &places->categories[d];
			int			count = d == c ? level : other->count;
			int			after = places->start[d] + 1;	/* place of its code 1, the first one with an indicator */

			products_of(d == c ? levels->zeros : row + after, levels->weights + after, body->shift + other->first, count,
						weight, body->shift[i], total, levels->scratch);
			accumulate_all(pairs + 2 * other->first, levels->scratch, count);
		}
		accumulate(pairs + 2 * i, weight);	/* levels of one category have no rows in common */
	}
}

void
levels_finish(const Levels *levels, const Body *body)
{
	for (int c = 0; c < levels->places->count; c++)
	{
		double		total = finish_rows(levels, body, c);

		finish_products(levels, body, c, total);
		for (int i = 0; i < body->k; i++)
			if (is_ones(levels, body, i))
				add_to_column(levels, body, i, c, levels->weights);
	}
}
