/*
 * nb.c: the kernel "nb": what naive Bayes needs to know of each class, counted and summed in one pass.
 *
 * Columns of a block: features, each a number or the code of a level, then the class code; NaN is a missing feature.
 * Parameters: the body as it begins, so that they say how long it is (modules/nb/core.py writes and reads it).
 *
 * Body: C, the number of classes; for each feature 0, or the number of its levels; rows of each class; then for each
 * feature and class a Cell, or the rows of each level.  Sums are double-double, as in moments.c: they merge by addition,
 * and a mean far from zero costs a variance nothing.
 */
#include "postgres.h"

#include <limits.h>

#include "engine/kernel.h"
#include "numeric/moments.h"
#include "nb.h"

/* Rows worked on at once: the columns of them stay in the first-level cache. */
#define CHUNK 256

typedef struct Shape
{
	int			classes;
	int			features;
	const double *levels;		/* of each feature, 0: numeric */
	double	   *rows;			/* of each class */
	double	   *cells;			/* of the first feature */
} Shape;

/* A whole number from 0 to below `limit`, or -1. */
static inline int
code_of(double value, double limit)
{
	return value >= 0 && value < limit && value == (int) value ? (int) value : -1;
}

static Shape
shape_of(const State *state)
{
	double	   *body = (double *) state->body;
	int			features = state->ncols - 1;
	double		cells = 0;
	bool		fits = state->nparams > 1 + features && code_of(body[0], MAX_PARAMS) > 0;

	for (int f = 0; f < features && fits; f++)
	{
		fits = code_of(body[1 + f], MAX_PARAMS) >= 0;
		cells += fits ? nb_width(body[1 + f]) : 0;
	}
	if (!fits || 1 + features + body[0] + body[0] * cells != state->nparams)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("these parameters do not fit %d features", features)));
	return (Shape) {
		.classes = body[0],
		.features = features,
		.levels = body + 1,
		.rows = body + 1 + features,
		.cells = body + 1 + features + (int) body[0],
	};
}

/* Add rows numbers, of which there is space for up to three more. */
static void
add_numbers(Cell *cell, double *numbers, int rows)
{
	double		low = cell->low;
	double		high = cell->high;

	for (int r = 0; r < rows; r++)
	{
		low = numbers[r] < low ? numbers[r] : low;
		high = numbers[r] > high ? numbers[r] : high;
	}
	cell->low = low;
	cell->high = high;
	cell->count += rows;
	for (int r = rows; r % LANES != 0; r++)
		numbers[r] = 0;
	rows = TYPEALIGN(LANES, rows);
	cell->sum = dd_add(cell->sum, column_sum(numbers, rows));
	cell->squares = dd_add(cell->squares, column_product(numbers, numbers, rows));
}

/* The numbers of one class, picked out of a column without its NaN. */
static int
pick(const double *restrict column, const int *restrict order, int rows, double *restrict numbers)
{
	int			kept = 0;

	for (int r = 0; r < rows; r++)
	{
		double		x = column[order[r]];

		numbers[kept] = x;
		kept += !isnan(x);
	}
	return kept;
}

static void
count_levels(double *cells, int classes, int levels, const double *column, const int *codes, int rows, int feature)
{
	for (int r = 0; r < rows; r++)
	{
		int			level = code_of(column[r], levels);

		if (level >= 0)
			cells[(Size) codes[r] * levels + level] += 1;
		else if (!isnan(column[r]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("feature %d has the code %g in some row, which is none of its %d levels",
							feature + 1, column[r], levels)));
	}
}

/* The rows of a chunk class by class: order[start[c]] .. order[start[c + 1] - 1] are those of class c. */
static void
sort_rows(const Shape *shape, const double *y, int rows, int *codes, int *order, int *start)
{
	memset(start, 0, (shape->classes + 2) * sizeof(int));
	for (int r = 0; r < rows; r++)
	{
		codes[r] = code_of(y[r], shape->classes);
		if (codes[r] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the target has the code %g in some row, which is none of the %d classes",
							y[r], shape->classes)));
		shape->rows[codes[r]] += 1;
		start[codes[r] + 2]++;
	}
	for (int c = 0; c < shape->classes; c++)
		start[c + 2] += start[c + 1];
	for (int r = 0; r < rows; r++)
		order[start[codes[r] + 1]++] = r;
}

static void
add_column(const Shape *shape, int feature, double *cells, const double *column, int rows,
		   const int *order, const int *start)
{
	double		numbers[CHUNK + LANES];

	for (int c = 0; c < shape->classes; c++)
	{
		Cell	   *cell = (Cell *) cells + c;
		int			kept;

		if (start[c] == start[c + 1])
			continue;
		kept = pick(column, order + start[c], start[c + 1] - start[c], numbers);
		if (kept > 0)
			add_numbers(cell, numbers, kept);
		if (isinf(cell->low) || isinf(cell->high))
			if (cell->count > 0)
				not_finite(feature, shape->features + 1, INFINITY);
	}
}

static void
nb_add(State *state, const RowBlock *block)
{
	Shape		shape = shape_of(state);
	int			codes[CHUNK];
	int			order[CHUNK];
	int		   *start = palloc((shape.classes + 2) * sizeof(int));

	for (int first = 0; first < block->rows; first += CHUNK)
	{
		int			rows = Min(CHUNK, block->rows - first);
		double	   *cells = shape.cells;

		sort_rows(&shape, block->columns[shape.features] + first, rows, codes, order, start);
		for (int f = 0; f < shape.features; f++)
		{
			const double *column = block->columns[f] + first;

			if (shape.levels[f] == 0)
				add_column(&shape, f, cells, column, rows, order, start);
			else
				count_levels(cells, shape.classes, shape.levels[f], column, codes, rows, f);
			cells += (Size) shape.classes * nb_width(shape.levels[f]);
		}
	}
	state->rows_used += block->rows;
	pfree(start);
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
	Shape		shape = shape_of(into);
	Shape		other = shape_of(from);
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

void
nb_check(const State *state)
{
	(void) shape_of(state);
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
};
MADPY_KERNEL(nb)
