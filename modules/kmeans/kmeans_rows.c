/*
 * kmeans_rows.c: rows that are worth keeping, and the kernels "kmeans_sample" and "weighted_kmeans_sample".
 *
 * A sample must not depend on the order of the rows, which parallel workers and VACUUM change: every distinct row has a
 * number of its own, a hash of its values and the seed, and those with the largest numbers are the sample.
 *
 * They take m + 1 parameters: the seed, and m of which only the number counts: the size of the sample.
 * Body: the parameters; minimum and maximum of each column, the weight among them; the rows kept.  Where fewer than m are kept they are all
 * the distinct rows there are.
 */
#include "postgres.h"

#include "kmeans.h"
#include "miscadmin.h"

/* The rows that lie at `body`, which may come from anywhere: checked as far as memory is concerned. */
Kept
kept_in(double *body, int capacity, int d)
{
	Kept		kept = {
		.capacity = capacity,
		.d = d,
		.count = body,
		.order = body + kept_array(KEPT_ORDER, capacity),
		.key = body + kept_array(KEPT_KEY, capacity),
		.times = body + kept_array(KEPT_TIMES, capacity),
		.rows = body + kept_array(KEPT_ROWS, capacity),
	};
	bool		whole = *kept.count >= 0 && *kept.count <= capacity;

	for (int i = 0; whole && i < (int) *kept.count; i++)
		whole = kept.order[i] >= 0 && kept.order[i] < capacity;
	if (!whole)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this state is damaged")));
	return kept;
}

static int
kept_slot(const Kept *kept, int place)
{
	return (int) kept->order[place];
}

/* No row of a smaller key would be kept. */
double
kept_bound(const Kept *kept)
{
	int			count = (int) *kept->count;

	return count < kept->capacity || count == 0 ? -INFINITY : kept->key[kept_slot(kept, count - 1)];
}

/* Whether a row stands before the one in a slot: 1, behind it: -1, or is the same: 0. */
static int
compare_rows(const Kept *kept, double key, const double *row, int slot)
{
	const double *other = kept->rows + (Size) slot * kept->d;

	if (key != kept->key[slot])
		return key > kept->key[slot] ? 1 : -1;
	for (int j = 0; j < kept->d; j++)
		if (row[j] != other[j])
			return row[j] > other[j] ? 1 : -1;
	return 0;
}

void
kept_insert(Kept *kept, double key, double times, const double *row)
{
	int			count = (int) *kept->count;
	int			low = 0;
	int			high = count;
	int			slot = count;

	CHECK_FOR_INTERRUPTS();
	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = compare_rows(kept, key, row, kept_slot(kept, middle));

		if (order == 0)
		{
			kept->times[kept_slot(kept, middle)] += times;
			return;
		}
		if (order > 0)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == kept->capacity)
		return;
	if (count == kept->capacity)
		slot = kept_slot(kept, --count);
	memmove(kept->order + low + 1, kept->order + low, (count - low) * sizeof(double));
	kept->order[low] = slot;
	kept->key[slot] = key;
	kept->times[slot] = times;
	memcpy(kept->rows + (Size) slot * kept->d, row, kept->d * sizeof(double));
	*kept->count = count + 1;
}

void
kept_merge(Kept *into, const Kept *from)
{
	for (int i = 0; i < (int) *from->count; i++)
	{
		int			slot = kept_slot(from, i);

		kept_insert(into, from->key[slot], from->times[slot], from->rows + (Size) slot * from->d);
	}
}

/* A number between 0 and 1 for each row of a chunk, which depends on its values and the seed only. */
void
row_uniforms(const double *const *columns, int d, double seed, double *uniforms)
{
	uint64		hash[KMEANS_CHUNK];
	uint64		bits;

	memcpy(&bits, &seed, sizeof(bits));
	for (int r = 0; r < KMEANS_CHUNK; r++)
		hash[r] = bits;
	for (int j = 0; j < d; j++)
		for (int r = 0; r < KMEANS_CHUNK; r++)
		{
			double		x = columns[j][r] + 0.0;	/* -0 is 0 */
			uint64		h;

			memcpy(&bits, &x, sizeof(bits));
			h = (hash[r] ^ bits) * UINT64CONST(0x9E3779B97F4A7C15);
			hash[r] = h ^ (h >> 32);
		}
	for (int r = 0; r < KMEANS_CHUNK; r++)
	{
		uint64		h = hash[r];

		/* the finalizer of MurmurHash3 */
		h = (h ^ (h >> 33)) * UINT64CONST(0xFF51AFD7ED558CCD);
		h = (h ^ (h >> 33)) * UINT64CONST(0xC4CEB9FE1A85EC53);
		h ^= h >> 33;
		uniforms[r] = ((double) (h >> 11) + 0.5) / 9007199254740992.0;
	}
}

/* The kernels. */

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
sample_size(int ncols, int nparams)
{
	return nparams + 2 * (int64) ncols + kept_size(sample_capacity(nparams), ncols);
}

static int64
weighted_sample_size(int ncols, int nparams)
{
	return nparams + 2 * (int64) ncols + kept_size(sample_capacity(nparams), ncols - 1);
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

/* Minimum and maximum of a column; false where a value cannot be used. */
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

/* The bounds of all columns with those of a chunk. */
static void
take_bounds(State *state, const double *const *columns, int rows)
{
	int			d = features_of(state);
	double	   *low = state->body + state->nparams;
	double	   *high = low + state->ncols;

	for (int j = 0; j < state->ncols; j++)
		if (!column_bounds(columns[j], &low[j], &high[j]))
			check_chunk(columns, d, rows);
	if (d < state->ncols && high[d] > KMEANS_LARGEST_WEIGHT)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a weight is %g in some row", high[d]),
				 errhint("Divide all weights by one number: the largest that can be used is %g.",
						 KMEANS_LARGEST_WEIGHT)));
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
	double	   *room = palloc((Size) d * KMEANS_CHUNK * sizeof(double));
	const double **columns = palloc(d * sizeof(double *));

	for (int first = 0; first < block->rows; first += KMEANS_CHUNK)
	{
		int			rows = Min(KMEANS_CHUNK, block->rows - first);

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < d; j++)
			columns[j] = chunk_of(block->columns[j] + first, rows, room + (Size) j * KMEANS_CHUNK);
		sample_chunk(state, &kept, columns, rows, row);
	}
	state->rows_used += block->rows;
	pfree(row);
	pfree(room);
	pfree(columns);
}

static void
weighted_sample_add(State *state, const RowBlock *block)
{
	RowBlock	used = positive_weights(block, state->ncols);

	sample_add(state, &used);
	state->rows_skipped += block->rows - used.rows;
	free_positive_weights(&used, block, state->ncols);
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

const Kernel kmeans_sample_kernel = {
	.name = "kmeans_sample",
	.id = 10,
	.scalars = 0,
	.has_params = true,
	.body_size = sample_size,
	.start = sample_start,
	.add = sample_add,
	.merge = sample_merge,
};
MADPY_KERNEL(kmeans_sample)

const Kernel weighted_kmeans_sample_kernel = {
	.name = "weighted_kmeans_sample",
	.id = 22,
	.scalars = 1,
	.has_params = true,
	.body_size = weighted_sample_size,
	.start = sample_start,
	.add = weighted_sample_add,
	.merge = sample_merge,
};
MADPY_KERNEL(weighted_kmeans_sample)
