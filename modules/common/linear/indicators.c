/*
 * indicators.c: categories that come as codes in a pass of iteratively reweighted least squares (see irls.h).
 *
 * A category with n levels besides the reference stands for n columns z = x - c, where x is 1 in the rows of the level.  So
 * a row's terms depend only on its code.  A table has what each code adds to the predictor; score and Hessian follow from
 * sums over the rows of each level, and of each pair of levels of two categories (indicators_sums.c).
 */
#include "postgres.h"

#include <math.h>

#include "engine/bounds.h"
#include "indicators.h"
#include "utils/memutils.h"

/* Fills the table of a category; `table` points to the entry of its code 0. */
static void
fill_table(double *table, const Body *body, const Indicators *category)
{
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
}

/* If a level has more than this share of all weights, differences of sums lose more than six digits. */
#define MOST_SHARE (1 - 1e-6)

/* Tells whether the indicators must be columns: a basis combines columns, or a level has more than MOST_SHARE. */
static bool
needs_columns(const Body *body, const Places *places)
{
	bool		needs = body->basis != NULL;

	for (int c = 0; c < places->count; c++)
		for (int level = 1; level <= places->categories[c].count; level++)
			needs = needs || body->shift[places->categories[c].first + level - 1] > MOST_SHARE;
	return needs;
}

Levels *
levels_new(const RowBlock *block, const Body *body)
{
	const Places *places = places_new(block, body->k, CHUNK, 2);
	Levels	   *levels;

	if (places == NULL)
		return NULL;
	levels = palloc(sizeof(Levels));
	levels->places = places;
	levels->as_columns = needs_columns(body, places);
	levels->table = palloc(2 * places->places * sizeof(double));
	for (int c = 0; c < places->count; c++)
		fill_table(levels->table + 2 * places->start[c], body, &places->categories[c]);
	levels->sums = palloc_limited(places->sums * (int64) sizeof(double), MaxAllocSize, "sums of pairs of levels");
	levels->weights = palloc(places->places * sizeof(double));
	levels->zeros = palloc0(places->places * sizeof(double));
	levels->scratch = palloc(places->places * sizeof(double));
	return levels;
}

/* Adds the terms of `count` categories, from category `first` on, to the predictors of rows and to their changes. */
DD_INLINE void
add_from_table(const Levels *levels, int first, int count, int rows, double *restrict eta, double *restrict change)
{
	const int  *taken[FEW_CATEGORIES];
	const double *table = levels->table;

	for (int c = 0; c < count; c++)
		taken[c] = levels->places->taken[first + c];
	for (int r = 0; r < rows; r++)
	{
		double		sum = eta[r];
		double		sum_of_changes = change[r];

		for (int c = 0; c < count; c++)
		{
			const double *added = table + 2 * taken[c][r];

			sum += added[0];
			sum_of_changes += added[1];
		}
		eta[r] = sum;
		change[r] = sum_of_changes;
	}
}

void
levels_take(const Levels *levels, int first, int real, int rows, Scratch *s)
{
	int			count = levels->places->count;
	int			c;

	places_take(levels->places, first, real, rows);
	for (c = 0; c + FEW_CATEGORIES <= count; c += FEW_CATEGORIES)
		add_from_table(levels, c, FEW_CATEGORIES, real, s->eta, s->change);
	for (; c + 2 <= count; c += 2)
		add_from_table(levels, c, 2, real, s->eta, s->change);
	if (c < count)
		add_from_table(levels, c, 1, real, s->eta, s->change);
}

void
levels_expand(const Levels *levels, const Body *body, int real, int rows, Scratch *s)
{
	const Places *places = levels->places;

	for (int c = 0; c < places->count; c++)
		for (int level = 1; level <= places->categories[c].count; level++)
		{
			int			j = places->categories[c].first + level - 1;
			double	   *z = s->z + (Size) j * CHUNK;
			bool		counts = !isnan(body->shift[j]);

			for (int r = 0; r < rows; r++)
				z[r] = counts && r < real ? (places->taken[c][r] == places->start[c] + level) - body->shift[j] : 0;
		}
}

/* Adds rows to the sums of FEW_CATEGORIES or fewer. */
DD_INLINE void
add_rows(const Places *places, int count, int rows, const double *weight, const double *residual, double *sums)
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
		double		w = weight[r];
		double		v = residual[r];
		int			place[FEW_CATEGORIES];

		for (int c = 0; c < count; c++)
			place[c] = taken[c][r];
		for (int c = 0; c < count; c++)
		{
			double	   *row = sums + (at[c] + (int64) place[c] * width[c]);

			for (int d = 0; d < c; d++)
				row[place[d]] += w;
			row[width[c] - 2] += w;
			row[width[c] - 1] += v;
		}
	}
}

/* Adds rows to the sums of any number of categories. */
static void
add_rows_of_many(const Places *places, int rows, const double *weight, const double *residual, double *sums)
{
	for (int c = 0; c < places->count; c++)
		for (int r = 0; r < rows; r++)
		{
			double	   *row = sums + places_row(places, c, places->taken[c][r]);

			for (int d = 0; d < c; d++)
				row[places->taken[d][r]] += weight[r];
			row[places->width[c] - 2] += weight[r];
			row[places->width[c] - 1] += residual[r];
		}
}

void
levels_add(const Levels *levels, int rows, const Scratch *s)
{
	const Places *places = levels->places;

	switch (places->count)
	{
		case 1:
			add_rows(places, 1, rows, s->weight, s->residual, levels->sums);
			break;
		case 2:
			add_rows(places, 2, rows, s->weight, s->residual, levels->sums);
			break;
		case 3:
			add_rows(places, 3, rows, s->weight, s->residual, levels->sums);
			break;
		case 4:
			add_rows(places, 4, rows, s->weight, s->residual, levels->sums);
			break;
		case FEW_CATEGORIES:
			add_rows(places, FEW_CATEGORIES, rows, s->weight, s->residual, levels->sums);
			break;
		default:
			add_rows_of_many(places, rows, s->weight, s->residual, levels->sums);
	}
}
