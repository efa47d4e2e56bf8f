/*
 * moments.c: the kernels "moments" and "weighted_moments": first and second moments in double-double.
 *
 * For the columns z_1 .. z_m of a block, and z_0 = 1, the sums of w z_i z_j, j <= i; w = 1 in "moments", the last
 * column of the block in "weighted_moments".  Every product is split exactly (FMA), every sum is compensated (TwoSum),
 * so a Gram matrix is right to about 2^-104 and merges by addition.  Beside them each column's minimum and maximum.
 *
 * Body: hi and lo of the triangle, interleaved, row by row; then m minima; then m maxima.
 */
#include "postgres.h"

#include "kernel.h"
#include "moments.h"

/* Rows worked on at once: a dozen columns of them stay in the first-level cache. */
#define CHUNK 256

DD_INLINE dd
lanes_total(const double *sum, const double *error)
{
	dd			total = dd_from(0);

	for (int q = 0; q < LANES; q++)
	{
		dd			s = two_sum(total.hi, sum[q]);

		total = fast_two_sum(s.hi, s.lo + total.lo + error[q]);
	}
	return total;
}

/*
 * The three sums below are functions of their own, with restrict and without a struct or a branch inside: that is what
 * GCC vectorises, three times faster than the same lines inlined into add_chunk (docs/decisions).
 */

/* Sum of a[r] over rows, a multiple of LANES. */
DD_CLONES dd
column_sum(const double *restrict a, int rows)
{
	double		sum[LANES] = {0};
	double		error[LANES] = {0};

	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		total = sum[q] + a[r + q];
			double		back = total - sum[q];

			error[q] += (sum[q] - (total - back)) + (a[r + q] - back);
			sum[q] = total;
		}
	return lanes_total(sum, error);
}

/* Sum of a[r] b[r]. */
DD_CLONES dd
column_product(const double *restrict a, const double *restrict b, int rows)
{
	double		sum[LANES] = {0};
	double		error[LANES] = {0};

	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		product = a[r + q] * b[r + q];
			double		rest = __builtin_fma(a[r + q], b[r + q], -product);
			double		total = sum[q] + product;
			double		back = total - sum[q];

			error[q] += ((sum[q] - (total - back)) + (product - back)) + rest;
			sum[q] = total;
		}
	return lanes_total(sum, error);
}

/* Sum of (a[r] + low[r]) b[r]. */
DD_CLONES static dd
column_product_low(const double *restrict a, const double *restrict low, const double *restrict b, int rows)
{
	double		sum[LANES] = {0};
	double		error[LANES] = {0};

	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		product = a[r + q] * b[r + q];
			double		rest = __builtin_fma(a[r + q], b[r + q], -product) + low[r + q] * b[r + q];
			double		total = sum[q] + product;
			double		back = total - sum[q];

			error[q] += ((sum[q] - (total - back)) + (product - back)) + rest;
			sum[q] = total;
		}
	return lanes_total(sum, error);
}

DD_INLINE void
accumulate(double *pair, dd value)
{
	dd			sum = dd_add((dd) {pair[0], pair[1]}, value);

	pair[0] = sum.hi;
	pair[1] = sum.lo;
}

/* What column_range found in one column of a chunk. */
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

/*
 * Add one chunk.  columns: m of them; weights: NULL or one more.  rows is a multiple of LANES, the last rows zeros beyond
 * `real`.  products: room for w z_i, high and low, where there are weights; ones: room for a flag per column.  Returns
 * the first column with a value that is not finite, or -1.
 */
DD_CLONES static int
add_chunk(double *body, int m, const double *const *columns, const double *weights, int real, int rows,
		  double *products, bool *ones)
{
	double	   *pair = body;
	double	   *minima = body + MOMENT_PAIRS(m) * 2;
	double	   *maxima = minima + m;

	accumulate(pair, weights ? column_sum(weights, rows) : dd_from(real));
	pair += 2;
	for (int i = 0; i < m; i++)
	{
		const double *a = columns[i];
		Range		range = column_range(a, real);
		dd			sum;

		if (!range.finite)
			return i;
		if (range.low < minima[i])
			minima[i] = range.low;
		if (range.high > maxima[i])
			maxima[i] = range.high;
		if (weights)
		{
			for (int r = 0; r < rows; r++)
			{
				dd			p = two_prod(weights[r], a[r]);

				products[r] = p.hi;
				products[CHUNK + r] = p.lo;
			}
			a = products;
		}
		sum = column_sum(a, rows);
		if (weights)
			sum = dd_add(sum, column_sum(products + CHUNK, rows));
		accumulate(pair, sum);
		pair += 2;
		ones[i] = range.low == 1 && range.high == 1;	/* an intercept: its products are sums we have */
		for (int j = 0; j <= i; j++, pair += 2)
			accumulate(pair, ones[j] ? sum
					   : weights ? column_product_low(a, products + CHUNK, columns[j], rows)
					   : column_product(a, columns[j], rows));
	}
	return -1;
}

/* Rows [first, first + rows) of a column, copied and padded with zeros to a multiple of LANES where they are not one. */
static const double *
take_chunk(const double *column, int first, int rows, double *scratch)
{
	int			padded = TYPEALIGN(LANES, rows);

	if (padded == rows)
		return column + first;
	memcpy(scratch, column + first, rows * sizeof(double));
	memset(scratch + rows, 0, (padded - rows) * sizeof(double));
	return scratch;
}

/* Add the first m columns of a block, with a weight per row or without. */
void
moments_add(double *body, int m, const Block *block, const double *weights)
{
	const double **columns = palloc((m + 1) * sizeof(double *));
	double	   *scratch = palloc((Size) (m + 3) * CHUNK * sizeof(double));
	double	   *products = scratch + (Size) (m + 1) * CHUNK;
	bool	   *ones = palloc(m * sizeof(bool));

	for (int first = 0; first < block->rows; first += CHUNK)
	{
		int			rows = Min(CHUNK, block->rows - first);
		int			bad;

		for (int j = 0; j < m; j++)
			columns[j] = take_chunk(block->columns[j], first, rows, scratch + (Size) j * CHUNK);
		columns[m] = weights ? take_chunk(weights, first, rows, scratch + (Size) m * CHUNK) : NULL;
		bad = add_chunk(body, m, columns, columns[m], rows, TYPEALIGN(LANES, rows), products, ones);
		if (bad >= 0)
			for (int r = 0; r < rows; r++)
				if (!isfinite(columns[bad][r]))
					not_finite(bad, m, columns[bad][r]);
	}
	pfree(columns);
	pfree(scratch);
	pfree(ones);
}

int64
moments_size(int m)
{
	return MOMENT_PAIRS(m) * 2 + 2 * (int64) m;
}

void
moments_start(double *body, int m)
{
	double	   *minima = body + MOMENT_PAIRS(m) * 2;

	for (int i = 0; i < m; i++)
	{
		minima[i] = INFINITY;
		minima[m + i] = -INFINITY;
	}
}

DD_CLONES void
moments_merge(double *into, const double *from, int m)
{
	int64		pairs = MOMENT_PAIRS(m);

	for (int64 p = 0; p < pairs; p++)
		accumulate(into + 2 * p, (dd) {from[2 * p], from[2 * p + 1]});
	into += 2 * pairs;
	from += 2 * pairs;
	for (int i = 0; i < m; i++)
	{
		into[i] = from[i] < into[i] ? from[i] : into[i];
		into[m + i] = from[m + i] > into[m + i] ? from[m + i] : into[m + i];
	}
}

/* The kernel "moments": every column of the block. */

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
plain_add(State *state, const Block *block)
{
	moments_add(state->body, state->ncols, block, NULL);
	state->rows_used += block->rows;
}

static void
plain_merge(State *into, const State *from)
{
	moments_merge(into->body, from->body, into->ncols);
}

/* The kernel "weighted_moments": the last column is the weight.  Rows of weight zero say nothing, as in R's lm. */

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

static void
weighted_add(State *state, const Block *block)
{
	Block		kept = positive_weights(block, state->ncols);

	if (kept.rows > 0)
		moments_add(state->body, state->ncols - 1, &kept, kept.columns[state->ncols - 1]);
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
	.body_size = plain_size,
	.start = plain_start,
	.add = plain_add,
	.merge = plain_merge,
};

const Kernel weighted_moments_kernel = {
	.name = "weighted_moments",
	.id = 2,
	.scalars = 2,
	.body_size = weighted_size,
	.start = weighted_start,
	.add = weighted_add,
	.merge = weighted_merge,
};

Moments
moments_of(const State *state)
{
	const double *body = state->body;
	int			m = state->ncols;
	const double *minima;

	if (state->kernel == weighted_moments_kernel.id)
		m -= 1;
	else if (state->kernel == meat_kernel.id)
		m -= 2;
	else if (state->kernel == squared_residuals_kernel.id)
		m -= 1;
	body += state->nparams;
	minima = body + MOMENT_PAIRS(m) * 2;
	return (Moments) {
		.m = m,
		.rows = state->rows_used,
		.pairs = (const dd *) body,
		.minima = minima,
		.maxima = minima + m,
	};
}
