/*
 * moments_kernels.c: the kernels "moments" and "weighted_moments", and access to the moments in states of any kernel.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "moments.h"

/* The kernel "moments" takes every column of the block. */

static int64
plain_size(int ncols, int nparams)
{
	return moments_size(ncols);
}

static void
plain_start(State *state, const double *params)
{
	moments_start(state->body, state->ncols);
}

static void
plain_add(State *state, const RowBlock *block)
{
	moments_add(state->body, state->ncols, block, NULL);
	state->rows_used += block->rows;
}

static void
plain_merge(State *into, const State *from)
{
	moments_merge(into->body, from->body, into->ncols);
}

/* In the kernel "weighted_moments" the last column is the weight.  Rows of weight 0 are skipped, as in R's lm(). */

static int64
weighted_size(int ncols, int nparams)
{
	return moments_size(ncols - 1);
}

static void
weighted_start(State *state, const double *params)
{
	moments_start(state->body, state->ncols - 1);
}

static bool
are_ones(const double *weights, int rows)
{
	for (int r = 0; r < rows; r++)
		if (weights[r] != 1)
			return false;
	return true;
}

/* Adds a block.  If all weights are 1, sums without weights are the same and take fewer operations. */
static void
weighted_add(State *state, const RowBlock *block)
{
	RowBlock	kept = positive_weights(block, state->ncols);
	const double *weights = kept.columns[state->ncols - 1];

	if (kept.rows > 0)
		moments_add(state->body, state->ncols - 1, &kept, are_ones(weights, kept.rows) ? NULL : weights);
	state->rows_used += kept.rows;
	state->rows_skipped += block->rows - kept.rows;
}

static void
weighted_merge(State *into, const State *from)
{
	moments_merge(into->body, from->body, into->ncols - 1);
}

/* Copies the moments of columns, and zeros for columns that are 0 in all rows. */
static void
arrange(State *into, const State *from, const int *columns)
{
	int			beside = kernel_by_id(into->kernel)->beside_moments;
	int			m = into->ncols - beside;
	Moments		given = moments_in(from->body, from->ncols - beside, from->rows_used);
	dd		   *pairs = (dd *) into->body;

	for (int i = 0; i <= m; i++)
	{
		int			a = i == 0 ? 0 : columns[i - 1] + 1;	/* 0 for a column that is not there, as for i = 0 */

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j <= i; j++)
		{
			int			b = j == 0 ? 0 : columns[j - 1] + 1;

			if ((a > 0 || i == 0) && (b > 0 || j == 0))
				pairs[moment_pair(i, j)] = moment(&given, Max(a, b), Min(a, b));
		}
		if (i == 0)
			continue;
		if (a > 0 || given.rows > 0)
		{
			into->body[moments_minima(m) + i - 1] = a > 0 ? given.minima[a - 1] : 0;
			into->body[moments_maxima(m) + i - 1] = a > 0 ? given.maxima[a - 1] : 0;
		}
		into->body[moments_pivots(m) + i - 1] = a > 0 ? given.pivots[a - 1] : 0;
	}
}

const Kernel moments_kernel = {
	.name = "moments",
	.id = 1,
	.scalars = 1,
	.takes_indicators = true,
	.body_size = plain_size,
	.start = plain_start,
	.add = plain_add,
	.merge = plain_merge,
	.arrange = arrange,
};
MADPY_KERNEL(moments)
MADPY_NUMBERED_KERNEL(moments)

const Kernel weighted_moments_kernel = {
	.name = "weighted_moments",
	.id = 2,
	.scalars = 2,
	.takes_indicators = true,
	.body_size = weighted_size,
	.start = weighted_start,
	.add = weighted_add,
	.merge = weighted_merge,
	.arrange = arrange,
	.beside_moments = 1,
};
MADPY_KERNEL(weighted_moments)
MADPY_NUMBERED_KERNEL(weighted_moments)

Moments
moments_of(const State *state)
{
	int			m = state->ncols - kernel_by_id(state->kernel)->beside_moments;

	return moments_in(state->body + state->nparams, m, state->rows_used);
}
