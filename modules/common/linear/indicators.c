/*
 * indicators.c: score and Hessian of categories that come as codes (see irls.h).
 *
 * A category of n levels beside the reference is n columns z = x - c, x being 1 in the rows of the level.  What a row adds
 * depends on its code alone: a table gives what it adds to the predictor, and sums by level, or by the levels of two
 * categories, give the products, since the sum of v (x - c) (u - d) is that of v x u less d times that of v x, less c times
 * that of v u, with c d times that of v.  Shifts of indicators are shares, so these differences lose next to no digits.
 */
#include "postgres.h"

#include <math.h>

#include "engine/bounds.h"
#include "indicators.h"
#include "miscadmin.h"
#include "utils/memutils.h"

Levels *
levels_new(const RowBlock *block)
{
	Levels	   *levels;
	int			most = 0;

	if (block->ncategories == 0)
		return NULL;
	levels = palloc0(sizeof(Levels));
	levels->count = block->ncategories;
	levels->categories = block->categories;
	levels->codes = palloc(levels->count * sizeof(int *));
	levels->weights = palloc(levels->count * sizeof(double *));
	levels->added = palloc(levels->count * sizeof(double *));
	levels->joint = palloc(triangle(levels->count) * sizeof(double *));
	for (int c = 0; c < levels->count; c++)
	{
		int64		own = levels->categories[c].count + 1;

		levels->codes[c] = palloc(CHUNK * sizeof(int));
		levels->weights[c] = palloc0(own * sizeof(double));
		levels->added[c] = palloc(own * sizeof(double));
		for (int d = 0; d < c; d++)
			levels->joint[triangle(c) + d] = palloc_limited(
				own * (levels->categories[d].count + 1) * (int64) sizeof(double), MaxAllocSize, "sums of pairs of levels");
		most = Max(most, own);
	}
	levels->scratch = palloc(2 * most * sizeof(double));
	return levels;
}

/* Table by code: what the category adds to the predictor, and to its change. */
static const double *
table_of(const Levels *levels, const Body *body, const Indicators *category)
{
	double	   *table = levels->scratch;

	table[0] = table[1] = 0;
	for (int level = 1; level <= category->count; level++)
	{
		int			j = category->first + level - 1;
		bool		is_in = !isnan(body->shift[j]);

		table[2 * level] = is_in ? body->coef[j] : 0;
		table[2 * level + 1] = is_in ? body->step[j] : 0;
		table[0] -= is_in ? body->coef[j] * body->shift[j] : 0;
		table[1] -= is_in ? body->step[j] * body->shift[j] : 0;
	}
	for (int level = 1; level <= category->count; level++)
	{
		table[2 * level] += table[0];
		table[2 * level + 1] += table[1];
	}
	return table;
}

static void
add_from_table(const double *restrict table, const int *restrict codes, int rows,
			   double *restrict eta, double *restrict change)
{
	for (int r = 0; r < rows; r++)
	{
		eta[r] += table[2 * codes[r]];
		change[r] += table[2 * codes[r] + 1];
	}
}

/* Doubles as codes: none is above the last one, whatever comes. */
DD_CLONES static void
take_codes(const double *restrict given, int rows, int last, int *restrict codes)
{
	for (int r = 0; r < rows; r++)
		codes[r] = integer_clamped(given[r], 0, last);
}

void
levels_take(Levels *levels, const Body *body, int first, int real, int rows, Scratch *s)
{
	for (int c = 0; c < levels->count; c++)
	{
		const Indicators *category = &levels->categories[c];
		int		   *codes = levels->codes[c];

		take_codes(category->codes + first, real, category->count, codes);
		memset(codes + real, 0, (rows - real) * sizeof(int));
		add_from_table(table_of(levels, body, category), codes, real, s->eta, s->change);
	}
}

void
levels_expand(const Levels *levels, const Body *body, int real, int rows, Scratch *s)
{
	for (int c = 0; c < levels->count; c++)
		for (int level = 1; level <= levels->categories[c].count; level++)
		{
			int			j = levels->categories[c].first + level - 1;
			double	   *z = s->z + (Size) j * CHUNK;
			bool		counts = !isnan(body->shift[j]);

			for (int r = 0; r < rows; r++)
				z[r] = counts && r < real ? (levels->codes[c][r] == level) - body->shift[j] : 0;
		}
}

/* Sums numbers by code; returns the sum of all. */
static double
sum_by_code(const double *restrict numbers, const int *restrict codes, int rows, int count, double *restrict sums)
{
	double		total = 0;

	memset(sums, 0, (count + 1) * sizeof(double));
	for (int r = 0; r < rows; r++)
		sums[codes[r]] += numbers[r];
	for (int code = 0; code <= count; code++)
		total += sums[code];
	return total;
}

/* Sums residuals and weights by code, one beside the other. */
static void
sum_two_by_code(const Scratch *s, const int *restrict codes, int rows, int count, double *restrict sums)
{
	memset(sums, 0, 2 * (count + 1) * sizeof(double));
	for (int r = 0; r < rows; r++)
	{
		sums[2 * codes[r]] += s->residual[r];
		sums[2 * codes[r] + 1] += s->weight[r];
	}
}

/* Sums weights by two codes. */
static void
add_joint(const double *restrict weights, const int *restrict codes, const int *restrict others, int width, int rows,
		  double *restrict joint)
{
	for (int r = 0; r < rows; r++)
		joint[codes[r] * width + others[r]] += weights[r];
}

void
levels_add(Levels *levels, const Body *body, int rows, Scratch *s)
{
	for (int c = 0; c < levels->count; c++)
	{
		const Indicators *category = &levels->categories[c];
		double	   *sums = levels->scratch;
		double		total = 0;

		sum_two_by_code(s, levels->codes[c], rows, category->count, sums);
		levels->chunk_weight = 0;
		for (int code = 0; code <= category->count; code++)
		{
			total += sums[2 * code];
			levels->added[c][code] = sums[2 * code + 1];
			levels->weights[c][code] += sums[2 * code + 1];
			levels->chunk_weight += sums[2 * code + 1];
		}
		for (int level = 1; level <= category->count; level++)
		{
			int			j = category->first + level - 1;

			if (!isnan(body->shift[j]))
				accumulate(body->score + 2 * j, sums[2 * level] - body->shift[j] * total);
		}
		for (int d = 0; d < c; d++)
			add_joint(s->weight, levels->codes[c], levels->codes[d], levels->categories[d].count + 1, rows,
					  levels->joint[triangle(c) + d]);
	}
	levels->weight += levels->chunk_weight;
}

static double *
pair_of(const Body *body, int i, int j)
{
	return body->hessian + 2 * (triangle(Max(i, j)) + Min(i, j));
}

/* Whether a column is 1 in all rows, as an intercept is, but for rows that do not count, where it is 0. */
DD_CLONES static bool
is_ones(const double *restrict weighted, const double *restrict weight, int rows)
{
	int			others = 0;

	for (int r = 0; r < rows; r++)
		others += weighted[r] != weight[r];
	return others == 0;
}

void
levels_add_column(const Levels *levels, const Body *body, int i, int rows, Scratch *s)
{
	bool		ones = is_ones(s->weighted, s->weight, rows);

	for (int c = 0; c < levels->count; c++)
	{
		const Indicators *category = &levels->categories[c];
		const double *sums = ones ? levels->added[c] : levels->scratch;
		double		total = levels->chunk_weight;

		if (!ones)
			total = sum_by_code(s->weighted, levels->codes[c], rows, category->count, levels->scratch);
		for (int level = 1; level <= category->count; level++)
		{
			int			j = category->first + level - 1;

			if (!isnan(body->shift[j]))
				accumulate(pair_of(body, i, j), sums[level] - body->shift[j] * total);
		}
	}
}

/* Adds the products of levels of a category with each other: a row has one of them. */
static void
finish_within(const Levels *levels, const Body *body, int c)
{
	const Indicators *category = &levels->categories[c];
	const double *weights = levels->weights[c];
	const double *shifts = body->shift + category->first;

	for (int a = 0; a < category->count; a++)
		for (int b = 0; b <= a; b++)
			if (!isnan(shifts[a]) && !isnan(shifts[b]))
				accumulate(pair_of(body, category->first + a, category->first + b),
						   (a == b ? weights[a + 1] : 0) - shifts[b] * weights[a + 1] - shifts[a] * weights[b + 1] +
						   shifts[a] * shifts[b] * levels->weight);
}

/* Adds the products of levels of two categories. */
static void
finish_between(const Levels *levels, const Body *body, int c, int d)
{
	const Indicators *one = &levels->categories[c];
	const Indicators *other = &levels->categories[d];
	const double *joint = levels->joint[triangle(c) + d];
	const double *shifts = body->shift + one->first;
	const double *others = body->shift + other->first;

	for (int a = 0; a < one->count; a++)
		for (int b = 0; b < other->count; b++)
			if (!isnan(shifts[a]) && !isnan(others[b]))
				accumulate(pair_of(body, one->first + a, other->first + b),
						   joint[(Size) (a + 1) * (other->count + 1) + b + 1] - others[b] * levels->weights[c][a + 1] -
						   shifts[a] * levels->weights[d][b + 1] + shifts[a] * others[b] * levels->weight);
}

void
levels_finish(const Levels *levels, const Body *body)
{
	for (int c = 0; c < levels->count; c++)
	{
		CHECK_FOR_INTERRUPTS();
		finish_within(levels, body, c);
		for (int d = 0; d < c; d++)
			finish_between(levels, body, c, d);
	}
}
