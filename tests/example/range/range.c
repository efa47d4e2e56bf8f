/*
 * range.c: the kernel "column_range": the smallest and the largest value of each column.
 *
 * Body: a minimum of each column, then a maximum of each.
 */
#include "postgres.h"

#include <math.h>

#include "engine/kernel.h"

static int64
range_size(int ncols, int nparams)
{
	return 2 * (int64) ncols;
}

static void
range_start(State *state, const double *params)
{
	for (int j = 0; j < state->ncols; j++)
	{
		state->body[j] = INFINITY;
		state->body[state->ncols + j] = -INFINITY;
	}
}

static void
range_add(State *state, const RowBlock *block)
{
	for (int j = 0; j < state->ncols; j++)
		for (int r = 0; r < block->rows; r++)
		{
			state->body[j] = Min(state->body[j], block->columns[j][r]);
			state->body[state->ncols + j] = Max(state->body[state->ncols + j], block->columns[j][r]);
		}
	state->rows_used += block->rows;
}

static void
range_merge(State *into, const State *from)
{
	for (int j = 0; j < into->ncols; j++)
	{
		into->body[j] = Min(into->body[j], from->body[j]);
		into->body[into->ncols + j] = Max(into->body[into->ncols + j], from->body[into->ncols + j]);
	}
}

const Kernel column_range_kernel = {
	.name = "column_range",
	.id = 10000,
	.scalars = 0,
	.body_size = range_size,
	.start = range_start,
	.add = range_add,
	.merge = range_merge,
};
MADPY_KERNEL(column_range)
