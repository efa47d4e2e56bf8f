/*
 * residuals.c: the kernels of the second pass of a regression: moments that depend on the residuals e = y - x b.
 *
 * Columns of a block: x_1 .. x_k, y, the weight w; parameters: the coefficients b.
 *
 * "meat": the sums of (w e)^2 x_i x_j, the middle matrix of White's (1980) sandwich covariance.
 * "squared_residuals": the moments of x and e^2, from which e^2 is regressed on x for the test of Breusch & Pagan (1979).
 *
 * Body: the coefficients, then moments (moments.c).
 */
#include "postgres.h"

#include "residuals.h"

/* Computes residuals with compensated sums, as they are small differences of large sums. */
DD_CLONES static void
residuals(const double *coef, int k, const RowBlock *block, double *e)
{
	for (int r = 0; r < block->rows; r++)
	{
		dd			sum = dd_from(block->columns[k][r]);

		for (int j = 0; j < k; j++)
		{
			dd			p = two_prod(-coef[j], block->columns[j][r]);
			dd			s = two_sum(sum.hi, p.hi);

			sum = (dd) {s.hi, s.lo + p.lo + sum.lo};
		}
		e[r] = dd_double(sum);
	}
}

/* Returns the residuals of a block; raises the error of the first pass for a value that is not finite. */
static double *
block_residuals(const State *state, int k, const RowBlock *block)
{
	double	   *e = palloc(block->rows * sizeof(double));

	residuals(state->body, k, block, e);
	for (int r = 0; r < block->rows; r++)
		if (!isfinite(e[r]))
		{
			for (int j = 0; j <= k; j++)
				if (!isfinite(block->columns[j][r]))
					not_finite(j, k + 1, block->columns[j][r]);
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the residual of some row is not finite")));
		}
	return e;
}

static int
features(const State *state)
{
	int			k = state->ncols - 2;

	if (state->nparams != k)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d coefficients do not fit %d features", state->nparams, k)));
	return k;
}

static int64
meat_size(int ncols, int nparams)
{
	return nparams + moments_size(ncols - 2);
}

static void
meat_start(State *state, const double *params)
{
	memcpy(state->body, params, state->nparams * sizeof(double));
	moments_start(state->body + state->nparams, state->ncols - 2);
}

static void
meat_add(State *state, const RowBlock *block)
{
	int			k = features(state);
	const double *w = block->columns[k + 1];
	double	   *squares = block_residuals(state, k, block);

	for (int r = 0; r < block->rows; r++)
		squares[r] = (w[r] * squares[r]) * (w[r] * squares[r]);
	moments_add(state->body + k, k, block, squares);
	state->rows_used += block->rows;
	pfree(squares);
}

static void
meat_merge(State *into, const State *from)
{
	moments_merge(into->body + into->nparams, from->body + from->nparams, into->ncols - 2);
}

static int64
squared_size(int ncols, int nparams)
{
	return nparams + moments_size(ncols - 1);
}

static void
squared_start(State *state, const double *params)
{
	memcpy(state->body, params, state->nparams * sizeof(double));
	moments_start(state->body + state->nparams, state->ncols - 1);
}

static void
squared_add(State *state, const RowBlock *block)
{
	int			k = features(state);
	double	   *squares = block_residuals(state, k, block);
	const double **columns = palloc((k + 1) * sizeof(double *));
	RowBlock		regressed = {block->rows, columns};

	for (int r = 0; r < block->rows; r++)
		squares[r] *= squares[r];
	memcpy(columns, block->columns, k * sizeof(double *));
	columns[k] = squares;
	moments_add(state->body + k, k + 1, &regressed, NULL);
	state->rows_used += block->rows;
	pfree(squares);
	pfree(columns);
}

static void
squared_merge(State *into, const State *from)
{
	moments_merge(into->body + into->nparams, from->body + from->nparams, into->ncols - 1);
}

const Kernel meat_kernel = {
	.name = "meat",
	.id = 3,
	.scalars = 2,
	.has_params = true,
	.body_size = meat_size,
	.start = meat_start,
	.add = meat_add,
	.merge = meat_merge,
	.beside_moments = 2,
};
MADPY_KERNEL(meat)

const Kernel squared_residuals_kernel = {
	.name = "squared_residuals",
	.id = 4,
	.scalars = 2,
	.has_params = true,
	.body_size = squared_size,
	.start = squared_start,
	.add = squared_add,
	.merge = squared_merge,
	.beside_moments = 1,
};
MADPY_KERNEL(squared_residuals)
