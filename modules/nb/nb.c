/*
 * nb.c: the kernels "nb" and "weighted_nb": the counts and sums that naive Bayes needs for each class, in one pass.
 *
 * Columns of a block: features, each a number or the code of a level, then the class code, and with weights the weight;
 * NaN is a missing feature.  A row of weight 3 counts as three rows, a row of weight 0 is skipped.
 * Parameters: the body before the first row, so that they also give its length (modules/nb/core.py writes and reads it).
 *
 * Body: C, the number of classes; for each feature 0, or the number of its levels; rows of each class; then for each
 * feature and class a Cell, or the rows of each level.  Sums are double-double, as in moments.c: they merge by addition,
 * and a variance does not lose digits if the mean is far from zero.
 */
#include "postgres.h"

#include <math.h>

#include "nb_state.h"
#include "numeric/moments.h"

/* Rows of a chunk, so few that their columns stay in the first-level cache. */
#define CHUNK 256

/* Numbers of one class and their weights, with space for padding to a whole vector register. */
typedef struct Picked
{
	int			rows;
	double		numbers[CHUNK + LANES];
	double		weights[CHUNK + LANES];
} Picked;

/* Adds the weights, and the sums of weight times number and of weight times square, to a cell. */
static void
add_weighted(Cell *cell, const Picked *picked, int rows)
{
	double		high[CHUNK + LANES];
	double		low[CHUNK + LANES];

	column_times(picked->weights, picked->numbers, NULL, rows, high, low);
	cell->count += column_sum(picked->weights, rows).hi;
	cell->sum = dd_add(cell->sum, dd_add(column_sum(high, rows), column_sum(low, rows)));
	cell->squares = dd_add(cell->squares, column_product_low(high, low, picked->numbers, rows));
}

static void
add_numbers(Cell *cell, Picked *picked, bool weighted)
{
	double	   *numbers = picked->numbers;
	double		low = cell->low;
	double		high = cell->high;
	int			rows = TYPEALIGN(LANES, picked->rows);

	for (int r = 0; r < picked->rows; r++)
	{
		low = numbers[r] < low ? numbers[r] : low;
		high = numbers[r] > high ? numbers[r] : high;
	}
	cell->low = low;
	cell->high = high;
	for (int r = picked->rows; r < rows; r++)
		numbers[r] = picked->weights[r] = 0;
	if (weighted)
	{
		add_weighted(cell, picked, rows);
		return;
	}
	cell->count += picked->rows;
	cell->sum = dd_add(cell->sum, column_sum(numbers, rows));
	cell->squares = dd_add(cell->squares, column_product(numbers, numbers, rows));
}

/* The rows of a chunk sorted by class: rows order[start[c]] .. order[start[c + 1] - 1] are of class c. */
typedef struct Sorted
{
	int			rows;
	const double *weights;		/* weight of each row; NULL if all are 1 */
	int			codes[CHUNK];	/* class of each row */
	int			order[CHUNK];
	int		   *start;
} Sorted;

/* Copies the numbers of one class from a column, without NaN. */
static void
pick(const double *restrict column, const Sorted *sorted, int class, Picked *restrict picked)
{
	int			kept = 0;

	for (int i = sorted->start[class]; i < sorted->start[class + 1]; i++)
	{
		int			r = sorted->order[i];
		double		x = column[r];

		picked->numbers[kept] = x;
		if (sorted->weights)
			picked->weights[kept] = sorted->weights[r];
		kept += !isnan(x);
	}
	picked->rows = kept;
}

static void
count_levels(double *cells, int levels, const double *column, const Sorted *sorted, int feature)
{
	for (int r = 0; r < sorted->rows; r++)
	{
		int			level = nb_code(column[r], levels);

		if (level >= 0)
			cells[(Size) sorted->codes[r] * levels + level] += sorted->weights ? sorted->weights[r] : 1;
		else if (!isnan(column[r]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("feature %d has the code %g in some row, which is none of its %d levels",
							feature + 1, column[r], levels)));
	}
}

static void
sort_rows(const Shape *shape, const double *y, Sorted *sorted)
{
	int		   *start = sorted->start;

	memset(start, 0, (shape->classes + 2) * sizeof(int));
	for (int r = 0; r < sorted->rows; r++)
	{
		int			code = nb_code(y[r], shape->classes);

		if (code < 0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the target has the code %g in some row, which is none of the %d classes",
							y[r], shape->classes)));
		shape->rows[code] += sorted->weights ? sorted->weights[r] : 1;
		sorted->codes[r] = code;
		start[code + 2]++;
	}
	for (int c = 0; c < shape->classes; c++)
		start[c + 2] += start[c + 1];
	for (int r = 0; r < sorted->rows; r++)
		sorted->order[start[sorted->codes[r] + 1]++] = r;
}

static void
add_column(const Shape *shape, int feature, double *cells, const double *column, const Sorted *sorted)
{
	Picked		picked;

	for (int c = 0; c < shape->classes; c++)
	{
		Cell	   *cell = (Cell *) cells + c;

		if (sorted->start[c] == sorted->start[c + 1])
			continue;
		pick(column, sorted, c, &picked);
		if (picked.rows > 0)
			add_numbers(cell, &picked, sorted->weights != NULL);
		if (isinf(cell->low) || isinf(cell->high))
			if (cell->count > 0)
				not_finite(feature, shape->features + 1, INFINITY);
	}
}

/* Adds the rows of a block; `weights` has a weight for each row, or is NULL. */
static void
add_rows(State *state, const RowBlock *block, const double *weights)
{
	Shape		shape = nb_shape(state);
	Sorted		sorted = {.start = palloc((shape.classes + 2) * sizeof(int))};

	for (int first = 0; first < block->rows; first += CHUNK)
	{
		double	   *cells = shape.cells;

		sorted.rows = Min(CHUNK, block->rows - first);
		sorted.weights = weights ? weights + first : NULL;
		sort_rows(&shape, block->columns[shape.features] + first, &sorted);
		for (int f = 0; f < shape.features; f++)
		{
			const double *column = block->columns[f] + first;

			if (shape.levels[f] == 0)
				add_column(&shape, f, cells, column, &sorted);
			else
				count_levels(cells, shape.levels[f], column, &sorted, f);
			cells += (Size) shape.classes * nb_width(shape.levels[f]);
		}
	}
	pfree(sorted.start);
}

static void
nb_add(State *state, const RowBlock *block)
{
	add_rows(state, block, NULL);
	state->rows_used += block->rows;
}

static void
weighted_nb_add(State *state, const RowBlock *block)
{
	RowBlock	kept = positive_frequencies(block, state->ncols);

	if (kept.rows > 0)
		add_rows(state, &kept, kept.columns[state->ncols - 1]);
	state->rows_used += kept.rows;
	state->rows_skipped += block->rows - kept.rows;
}

static void
merge_cell(Cell *into, const Cell *from)
{
	into->count += from->count;
	into->sum = dd_add(into->sum, from->sum);
	into->squares = dd_add(into->squares, from->squares);
	into->low = Min(into->low, from->low);
	into->high = Max(into->high, from->high);
}

static void
nb_merge(State *into, const State *from)
{
	Shape		shape = nb_shape(into);
	Shape		other = nb_shape(from);
	double	   *cells = shape.cells;
	const double *others = other.cells;

	if (memcmp(into->body, from->body, (1 + shape.features) * sizeof(double)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states with other classes or levels cannot be merged")));
	for (int c = 0; c < shape.classes; c++)
		shape.rows[c] += other.rows[c];
	for (int f = 0; f < shape.features; f++)
	{
		int			size = shape.classes * nb_width(shape.levels[f]);

		if (shape.levels[f] == 0)
			for (int c = 0; c < shape.classes; c++)
				merge_cell((Cell *) cells + c, (const Cell *) others + c);
		else
			for (int i = 0; i < size; i++)
				cells[i] += others[i];
		cells += size;
		others += size;
	}
}

static int64
nb_size(int ncols, int nparams)
{
	return nparams;
}

static void
nb_start(State *state, const double *params)
{
	memcpy(state->body, params, state->nparams * sizeof(double));
}

const Kernel nb_kernel = {
	.name = "nb",
	.id = 6,
	.scalars = 1,
	.has_params = true,
	.takes_nulls = true,
	.body_size = nb_size,
	.start = nb_start,
	.add = nb_add,
	.merge = nb_merge,
	.of_levels = nb_of_levels,
	.numbers_of_levels = nb_numbers_of_levels,
	.levels = nb_levels,
	.recode = nb_recode,
};
MADPY_KERNEL(nb)
MADPY_CODED_KERNEL(nb)

const Kernel weighted_nb_kernel = {
	.name = "weighted_nb",
	.id = 60,
	.scalars = 2,
	.has_params = true,
	.takes_nulls = true,
	.body_size = nb_size,
	.start = nb_start,
	.add = weighted_nb_add,
	.merge = nb_merge,
	.of_levels = nb_of_levels,
	.numbers_of_levels = weighted_nb_numbers_of_levels,
	.levels = nb_levels,
	.recode = nb_recode,
};
MADPY_KERNEL(weighted_nb)
MADPY_CODED_KERNEL(weighted_nb)
