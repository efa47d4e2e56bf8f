/*
 * moments.c: first and second moments in double-double, the body of several kernels.
 *
 * Moments are the sums of w z_i z_j, j <= i, where z_0 = 1, z_1 .. z_m are the columns of a block, each less its pivot, and
 * w are weights or 1.  Every product is split exactly (FMA) and every sum is compensated (TwoSum), so that the Gram matrix
 * has a relative error of about 2^-104.  Moments merge by addition.  The body also has the minimum and maximum of each
 * column.
 *
 * The pivot of a column is the minimum of its first rows if these are far from zero and close together, else 0.  The
 * subtraction is exact, and no digits are lost with a mean of 10^15.
 */
#include "postgres.h"

#include "engine/kernel.h"
#include "miscadmin.h"
#include "moments_chunk.h"

/* Range of one column of a chunk. */
typedef struct Range
{
	double		low;
	double		high;
	bool		finite;
} Range;

DD_CLONES static void
lane_ranges(const double *restrict a, int rows, double *restrict low, double *restrict high, double *restrict poison)
{
	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		x = a[r + q];

			low[q] = x < low[q] ? x : low[q];
			high[q] = x > high[q] ? x : high[q];
			poison[q] += x - x; /* NaN for NaN and for infinities */
		}
}

static Range
column_range(const double *a, int rows)
{
	double		low[LANES];
	double		high[LANES];
	double		poison[LANES] = {0};
	Range		range = {a[0], a[0], true};
	int			whole = rows - rows % LANES;

	for (int q = 0; q < LANES; q++)
		low[q] = high[q] = a[0];
	lane_ranges(a, whole, low, high, poison);
	for (int r = whole; r < rows; r++)
	{
		low[0] = Min(a[r], low[0]);
		high[0] = Max(a[r], high[0]);
		poison[0] += a[r] - a[r];
	}
	for (int q = 0; q < LANES; q++)
	{
		range.low = Min(low[q], range.low);
		range.high = Max(high[q], range.high);
		range.finite = range.finite && poison[q] == 0;
	}
	return range;
}

/* Returns the pivot for a column whose first chunk has this range. */
static double
pivot_of(Range range)
{
	double		nearest = Min(fabs(range.low), fabs(range.high));

	if (range.low < 0 && range.high > 0)
		return 0;
	if (range.low == range.high)
		return nearest > 1024 ? range.low : 0;	/* not for small values, such as a constant 1 */
	return range.high - range.low < nearest / 16 ? range.low : 0;
}

DD_INLINE dd
chunk_product(const Chunk *chunk, const double *a, const double *a_low, int j)
{
	const double *b = chunk->columns[j];
	const double *b_low = chunk->lows[j];

	if (b_low && a_low)
		return column_product_lows(a, a_low, b, b_low, chunk->rows);
	if (a_low)
		return column_product_low(a, a_low, b, chunk->rows);
	if (b_low)
		return column_product_low(b, b_low, a, chunk->rows);
	return column_product(a, b, chunk->rows);
}

/* Adds the products of a chunk's columns to the sums. */
static void
add_chunk(double *pair, const Chunk *chunk)
{
	accumulate(pair, chunk->weights ? column_sum(chunk->weights, chunk->rows) : dd_from(chunk->real));
	pair += 2;
	for (int i = 0; i < chunk->m; i++)
	{
		const double *a = chunk->columns[i];
		const double *low = chunk->lows[i];
		dd			sum;

		CHECK_FOR_INTERRUPTS();
		if (a == NULL)			/* an indicator: see moments_indicators.c */
		{
			pair += 2 * (i + 2);
			continue;
		}
		if (chunk->weights)
		{
			column_times(chunk->weights, a, low, chunk->rows, chunk->high, chunk->low);
			a = chunk->high;
			low = chunk->low;
		}
		sum = column_sum(a, chunk->rows);
		if (low)
			sum = dd_add(sum, column_sum(low, chunk->rows));
		accumulate(pair, sum);
		pair += 2;
		for (int j = 0; j <= i; j++, pair += 2)
			if (chunk->columns[j])
				accumulate(pair, chunk->ones[j] ? sum : chunk_product(chunk, a, low, j));
	}
}

/* Returns `real` rows of a column from row `first` on; a copy padded with zeros to `rows` if that is more. */
static const double *
take_rows(const double *column, int first, int real, int rows, double *scratch)
{
	if (rows == real)
		return column + first;
	memcpy(scratch, column + first, real * sizeof(double));
	memset(scratch + real, 0, (rows - real) * sizeof(double));
	return scratch;
}

/*
 * Sets column i of a chunk: updates its range, sets its pivot in the first chunk, and subtracts the pivot.  `scratch` has
 * space for three columns.  Raises an error if a value is not finite.
 */
static void
take_column(double *body, Chunk *chunk, int i, const double *column, int first, bool is_first, double *scratch)
{
	double	   *minimum = body + moments_minima(chunk->m) + i;
	double	   *maximum = body + moments_maxima(chunk->m) + i;
	double	   *pivot = body + moments_pivots(chunk->m) + i;
	const double *taken = take_rows(column, first, chunk->real, chunk->rows, scratch);
	Range		range = column_range(taken, chunk->real);

	if (!range.finite)
		for (int r = 0; r < chunk->real; r++)
			if (!isfinite(taken[r]))
				not_finite(i, chunk->m, taken[r]);
	*minimum = Min(*minimum, range.low);
	*maximum = Max(*maximum, range.high);
	if (is_first)
		*pivot = pivot_of(range);
	chunk->columns[i] = taken;
	chunk->lows[i] = NULL;
	chunk->ones[i] = range.low == 1 && range.high == 1 && *pivot == 0;
	if (*pivot != 0)
	{
		double	   *high = scratch + CHUNK;
		double	   *low = high + CHUNK;

		chunk->columns[i] = high;
		if (column_minus(taken, *pivot, chunk->real, high, low))
			chunk->lows[i] = low;
		for (int r = chunk->real; r < chunk->rows; r++)
			high[r] = low[r] = 0;
	}
}

/* Adds the first m columns of a block; `weights` has a weight for each row, or is NULL. */
void
moments_add(double *body, int m, const RowBlock *block, const double *weights)
{
	double	   *scratch = palloc((Size) (3 * m + 3) * CHUNK * sizeof(double));
	double	   *beside = scratch + (Size) 3 * m * CHUNK;
	Chunk		chunk = {
		.m = m,
		.columns = palloc(m * sizeof(double *)),
		.lows = palloc(m * sizeof(double *)),
		.high = beside,
		.low = beside + CHUNK,
		.ones = palloc(m * sizeof(bool)),
	};
	Joint	   *joint = moments_joint(block, m, weights != NULL);

	for (int first = 0; first < block->rows; first += CHUNK)
	{
		bool		is_first = body[0] == 0;	/* the sum of weights: no row yet */

		chunk.real = Min(CHUNK, block->rows - first);
		chunk.rows = TYPEALIGN(LANES, chunk.real);
		for (int i = 0; i < m; i++)
			if (block->columns[i])
				take_column(body, &chunk, i, block->columns[i], first, is_first, scratch + (Size) 3 * i * CHUNK);
			else
				chunk.columns[i] = NULL;
		chunk.weights = weights ? take_rows(weights, first, chunk.real, chunk.rows, beside + 2 * CHUNK) : NULL;
		add_chunk(body, &chunk);
		if (joint && weights)
			moments_weigh_indicators(&chunk, joint, first);
		else if (joint)
			moments_add_indicators(body, &chunk, joint, first);
	}
	if (joint && weights)
		moments_add_weights(body, m, joint);
	else if (joint && block->rows > 0)
		moments_add_joint(body, m, joint, block->rows);
	pfree(scratch);
	pfree(chunk.columns);
	pfree(chunk.lows);
	pfree(chunk.ones);
}

/* Changes the moments to those of columns less other pivots, by z - q = (z - p) + (p - q). */
DD_CLONES static void
recenter(double *body, int m, const double *pivots)
{
	dd		   *pairs = (dd *) body;
	double	   *old = body + moments_pivots(m);
	dd			n = pairs[0];
	dd		   *delta = palloc((m + 1) * sizeof(dd));
	dd		   *sums = palloc((m + 1) * sizeof(dd));

	for (int i = 1; i <= m; i++)
	{
		delta[i] = two_sum(old[i - 1], -pivots[i - 1]);
		sums[i] = pairs[moment_pair(i, 0)];
	}
	for (int i = 1; i <= m; i++)
	{
		dd		   *row = pairs + moment_pair(i, 0);

		for (int j = 1; j <= i; j++)
			if (delta[i].hi != 0 || delta[j].hi != 0)
				row[j] = dd_add(dd_add(row[j], dd_mul(dd_mul(n, delta[i]), delta[j])),
								dd_add(dd_mul(delta[i], sums[j]), dd_mul(delta[j], sums[i])));
		row[0] = dd_add(row[0], dd_mul(n, delta[i]));
		old[i - 1] = pivots[i - 1];
	}
	pfree(delta);
	pfree(sums);
}

void
moments_start(double *body, int m)
{
	for (int i = 0; i < m; i++)
	{
		body[moments_minima(m) + i] = INFINITY;
		body[moments_maxima(m) + i] = -INFINITY;
	}
}

DD_CLONES static void
add_pairs(double *into, const double *from, int64 pairs)
{
	for (int64 p = 0; p < pairs; p++)
		accumulate(into + 2 * p, (dd) {from[2 * p], from[2 * p + 1]});
}

void
moments_merge(double *into, const double *from, int m)
{
	int64		pairs = moments_minima(m) / 2;
	double	   *low = into + moments_minima(m);
	double	   *high = into + moments_maxima(m);
	double	   *pivots = into + moments_pivots(m);
	Size		bytes = moments_size(m) * sizeof(double);

	if (from[0] == 0)
		return;					/* no row was added */
	if (into[0] == 0)
	{
		memcpy(into, from, bytes);
		return;
	}
	if (memcmp(pivots, from + (pivots - into), m * sizeof(double)) != 0)
	{
		double	   *same = memcpy(palloc(bytes), from, bytes);

		recenter(same, m, pivots);
		add_pairs(into, same, pairs);
		pfree(same);
	}
	else
		add_pairs(into, from, pairs);
	for (int i = 0; i < m; i++)
	{
		low[i] = Min(low[i], from[moments_minima(m) + i]);
		high[i] = Max(high[i], from[moments_maxima(m) + i]);
	}
}

/* Returns a copy of moments with other pivots. */
Moments
moments_recentered(const Moments *moments, const double *pivots)
{
	Size		bytes = moments_size(moments->m) * sizeof(double);
	double	   *body = memcpy(palloc(bytes), moments->pairs, bytes);

	recenter(body, moments->m, pivots);
	return moments_in(body, moments->m, moments->rows);
}

/* Returns the parts of a body. */
Moments
moments_in(const double *body, int m, int64 rows)
{
	return (Moments) {
		.m = m,
		.rows = rows,
		.pairs = (const dd *) body,
		.minima = body + moments_minima(m),
		.maxima = body + moments_maxima(m),
		.pivots = body + moments_pivots(m),
	};
}
