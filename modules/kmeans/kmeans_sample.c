/*
 * kmeans_sample.c: the kernels "kmeans_sample" and "weighted_kmeans_sample": a sample of distinct rows, and the bounds of all
 * values.
 *
 * The sample must not depend on the order of the rows, which parallel workers and VACUUM change.  So each distinct row gets a
 * hash of its values and the seed as its key, and the rows with the largest keys are the sample.
 *
 * The kernels take m + 1 parameters: the seed, and m numbers that are ignored, since m itself is the size of the sample.
 *
 * Body: the parameters; minimum and maximum of each column, including the weight; the list of rows (kmeans.h).  If the list
 * has fewer than m rows, it has all distinct rows.
 */
#include "postgres.h"

#include "kmeans.h"
#include "miscadmin.h"

extern const Kernel weighted_kmeans_sample_kernel;

static int
features_of(const State *state)
{
	return state->ncols - (state->kernel == weighted_kmeans_sample_kernel.id ? 1 : 0);
}

static int
sample_capacity(int nparams)
{
	return Max(0, nparams - SAMPLE_HEAD);
}

static int64
sample_size(int d, int scalars, int nparams, const double *params)
{
	return nparams + 2 * ((int64) d + scalars) + kept_size(sample_capacity(nparams), d);
}

static void
sample_start(State *state, const double *params)
{
	double	   *low = state->body + state->nparams;

	memcpy(state->body, params, state->nparams * sizeof(double));
	for (int j = 0; j < state->ncols; j++)
	{
		low[j] = INFINITY;
		low[state->ncols + j] = -INFINITY;
	}
}

static Kept
sample_kept(const State *state)
{
	return kept_in((double *) state->body + state->nparams + 2 * state->ncols, sample_capacity(state->nparams),
				   features_of(state));
}

/* Finds minimum and maximum of a column; returns false if a value cannot be used. */
DD_CLONES static bool
column_bounds(const double *restrict column, double *low, double *high)
{
	double		lows[4] = {*low, *low, *low, *low};
	double		highs[4] = {*high, *high, *high, *high};
	double		poison[4] = {0};

	for (int r = 0; r < KMEANS_CHUNK; r += 4)
		for (int q = 0; q < 4; q++)
		{
			double		x = column[r + q];

			lows[q] = x < lows[q] ? x : lows[q];
			highs[q] = x > highs[q] ? x : highs[q];
			poison[q] += x - x; /* NaN for NaN and for infinities */
		}
	for (int q = 0; q < 4; q++)
	{
		*low = lows[q] < *low ? lows[q] : *low;
		*high = highs[q] > *high ? highs[q] : *high;
		poison[0] += q > 0 ? poison[q] : 0;
	}
	return poison[0] == 0 && *low >= -KMEANS_LARGEST && *high <= KMEANS_LARGEST;
}

/* Extends the bounds of all columns by those of a chunk. */
static void
take_bounds(State *state, const double *const *columns, int rows)
{
	int			d = features_of(state);
	double	   *low = state->body + state->nparams;
	double	   *high = low + state->ncols;

	for (int j = 0; j < state->ncols; j++)
		if (!column_bounds(columns[j], &low[j], &high[j]))
			check_chunk(columns, d, rows);
}

static void
sample_chunk(State *state, Kept *kept, const double *const *columns, int rows, double *row)
{
	int			d = features_of(state);
	double		uniforms[KMEANS_CHUNK];

	take_bounds(state, columns, rows);
	row_uniforms(columns, d, state->body[0], uniforms);
	for (int r = 0; r < rows; r++)
		if (uniforms[r] >= kept_bound(kept))
		{
			for (int j = 0; j < d; j++)
				row[j] = columns[j][r] + 0.0;
			kept_insert(kept, uniforms[r], d < state->ncols ? columns[d][r] : 1, row);
		}
}

static void
sample_add(State *state, const RowBlock *block)
{
	int			d = state->ncols;
	Kept		kept = sample_kept(state);
	double	   *row = palloc(d * sizeof(double));
	double	   *scratch = palloc((Size) d * KMEANS_CHUNK * sizeof(double));
	const double **columns = palloc(d * sizeof(double *));

	for (int first = 0; first < block->rows; first += KMEANS_CHUNK)
	{
		int			rows = Min(KMEANS_CHUNK, block->rows - first);

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < d; j++)
			columns[j] = chunk_of(block->columns[j] + first, rows, scratch + (Size) j * KMEANS_CHUNK);
		sample_chunk(state, &kept, columns, rows, row);
	}
	state->rows_used += block->rows;
	pfree(row);
	pfree(scratch);
	pfree(columns);
}

static void
sample_merge(State *into, const State *from)
{
	int			d = into->ncols;
	double	   *low = into->body + into->nparams;
	const double *other = from->body + from->nparams;
	Kept		kept = sample_kept(into);
	Kept		others = sample_kept(from);

	for (int j = 0; j < d; j++)
	{
		low[j] = other[j] < low[j] ? other[j] : low[j];
		low[d + j] = other[d + j] > low[d + j] ? other[d + j] : low[d + j];
	}
	kept_merge(&kept, &others);
}

KMEANS_KERNEL(kmeans_sample, 10, sample, 0, NULL)
MADPY_KERNEL(kmeans_sample)

KMEANS_KERNEL(weighted_kmeans_sample, 22, sample, 1, NULL)
MADPY_KERNEL(weighted_kmeans_sample)
