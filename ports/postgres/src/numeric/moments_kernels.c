/*
 * moments_kernels.c: the kernels "moments" and "weighted_moments", and access to the moments in states of any kernel.
 */
#include "postgres.h"

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

const Kernel moments_kernel = {
	.name = "moments",
	.id = 1,
	.scalars = 1,
	.takes_indicators = true,
	.body_size = plain_size,
	.start = plain_start,
	.add = plain_add,
	.merge = plain_merge,
};
MADPY_KERNEL(moments)

const Kernel weighted_moments_kernel = {
	.name = "weighted_moments",
	.id = 2,
	.scalars = 2,
	.takes_indicators = true,
	.body_size = weighted_size,
	.start = weighted_start,
	.add = weighted_add,
	.merge = weighted_merge,
	.beside_moments = 1,
};
MADPY_KERNEL(weighted_moments)

Moments
moments_of(const State *state)
{
	int			m = state->ncols - kernel_by_id(state->kernel)->beside_moments;

	return moments_in(state->body + state->nparams, m, state->rows_used);
}
