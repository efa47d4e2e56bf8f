/*
 * logregr.c: the kernel "logregr": what one step of iteratively reweighted least squares needs.
 *
 * Columns of a block: x_1 .. x_k and y, 0 or 1.  Parameters, k of each: the coefficients b, the step d that led to them,
 * and the shifts c.  With z = x - c, logit = b'z and p = 1 / (1 + exp(-logit)), the sums over rows of
 *
 *     log-likelihood   y log p + (1 - y) log (1 - p)
 *     gradient         (y - p) z
 *     hessian          p (1 - p) z z', lower triangle row by row
 *
 * each a compensated pair, high and low; then the number of rows with y = 1, the largest |d'z| of a row, and the smallest
 * (2 y - 1) b'z: where that is above zero, b separates the classes.  b[0] = NaN: the rows are counted and not looked at.
 * A feature whose shift is NaN is left out: it counts as 0.
 *
 * Behind them may come a basis B, a lower triangle row by row: gradient and Hessian are then those of B z.  Where features
 * are nearly collinear, the Hessian's sums have too few digits to be inverted.  With the inverse of its factor for B it is
 * nearly the unit matrix, and its sums have all of them (Yamamoto et al. (2015), Roundoff error analysis of the CholeskyQR2
 * algorithm, ETNA 44).
 *
 * The outcome: the log-likelihood, the largest |d'z|, the smallest (2 y - 1) b'z, the smallest pivot of the Hessian scaled
 * to a diagonal of 1, Newton's next step, and the Hessian's lower triangle.
 *
 * Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., section 4.4.
 */
#include "postgres.h"

#include "numeric/dd.h"
#include "engine/kernel.h"
#include "logregr.h"
#include "miscadmin.h"

/* Rows worked on at once: a dozen columns of them stay in the first-level cache. */
#define CHUNK 256

/* Independent sums; loops over them are what the compiler vectorises. */
#define LANES 8

/* exp(-700) is the last power that all of this can be done with: 1e-304. */
#define MOST 700.0

typedef struct Body
{
	int			k;
	const double *coef;
	const double *step;
	const double *shift;
	const double *basis;		/* NULL: none */
	double	   *likelihood;		/* a pair, as the next two are */
	double	   *gradient;
	double	   *hessian;
	double	   *positives;
	double	   *change;
	double	   *margin;
} Body;

/* Room for one chunk. */
typedef struct Scratch
{
	double	   *z;				/* k columns */
	double		logit[CHUNK];
	double		change[CHUNK];
	double		y[CHUNK];
	double		sign[CHUNK];	/* 2 y - 1; 0 beyond the last row */
	double		far[CHUNK];		/* exp(-|logit|) */
	double		shifted[CHUNK];
	double		residual[CHUNK];	/* y - p */
	double		weight[CHUNK];	/* p (1 - p) */
	double		weighted[CHUNK];	/* a column times the weights */
} Scratch;

static int64
triangle(int k)
{
	return (int64) k * (k + 1) / 2;
}

static Body
body_of(double *body, int ncols, int nparams)
{
	int			k = ncols - 1;
	Body		parts = {k, body, body + k, body + 2 * k};

	parts.basis = nparams > 3 * k ? body + 3 * k : NULL;
	parts.likelihood = body + nparams;
	parts.gradient = parts.likelihood + 2;
	parts.hessian = parts.gradient + 2 * k;
	parts.positives = parts.hessian + (Size) k * (k + 1);
	parts.change = parts.positives + 1;
	parts.margin = parts.positives + 2;
	return parts;
}

static int64
logregr_size(int ncols, int nparams)
{
	int64		k = ncols - 1;

	return nparams + 2 + 2 * k + 2 * triangle(k) + 3;
}

static void
logregr_start(State *state, const double *params)
{
	memcpy(state->body, params, state->nparams * sizeof(double));
	*body_of(state->body, state->ncols, state->nparams).margin = INFINITY;
}

/* z = x - shift, and what it adds to the logits and to their changes. */
DD_CLONES static void
take_column(const double *restrict x, double shift, double coef, double step, int rows,
			double *restrict z, double *restrict logit, double *restrict change)
{
	for (int r = 0; r < rows; r++)
	{
		double		value = x[r] - shift;

		z[r] = value;
		logit[r] += coef * value;
		change[r] += step * value;
	}
}

/*
 * exp(-|x|), to a unit or two in the last place: x = n log 2 + r, |r| <= log(2) / 2, and exp(r) by its Taylor series.
 * n is found by adding a number so large that n is left in its last bits, from which 2^n is made.  |x| counts as `most`
 * where it is more: as an argument, because gcc 12 does not vectorise a loop with a constant there.
 */
DD_CLONES static void
exponentials(const double *restrict x, double most, int rows, double *restrict result, double *restrict shifted)
{
	for (int r = 0; r < rows; r++)
	{
		double		size = fabs(x[r]);
		double		t = -(size < most ? size : most);
		double		n;
		double		f;
		double		e;

		shifted[r] = t * 1.4426950408889634 + 0x1.8p52;
		n = shifted[r] - 0x1.8p52;
		f = (t - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b3ap-40;
		e = 1.0 / 6227020800.0;
		e = e * f + 1.0 / 479001600.0;
		e = e * f + 1.0 / 39916800.0;
		e = e * f + 1.0 / 3628800.0;
		e = e * f + 1.0 / 362880.0;
		e = e * f + 1.0 / 40320.0;
		e = e * f + 1.0 / 5040.0;
		e = e * f + 1.0 / 720.0;
		e = e * f + 1.0 / 120.0;
		e = e * f + 1.0 / 24.0;
		e = e * f + 1.0 / 6.0;
		e = e * f + 0.5;
		e = e * f + 1.0;
		result[r] = e * f + 1.0;
	}
}

typedef int64 bits __attribute__((may_alias));

DD_CLONES static void
scale_by_powers(bits *restrict result, const bits *restrict shifted, int rows)
{
	for (int r = 0; r < rows; r++)
		result[r] += (bits) ((uint64) shifted[r] << 52);
}

/* Residuals and weights; no difference of close numbers is taken, so small probabilities keep their digits. */
DD_CLONES static void
probabilities(const double *restrict logit, const double *restrict sign, const double *restrict far, int rows,
			  double *restrict residual, double *restrict weight)
{
	for (int r = 0; r < rows; r++)
	{
		double		near = 1 / (1 + far[r]);
		double		other = far[r] * near;
		double		wrong = sign[r] * logit[r] >= 0 ? other : near;

		residual[r] = sign[r] * wrong;
		weight[r] = sign[r] * sign[r] * (near * other);
	}
}

/* The log-likelihood: of the sum of log (1 + exp(-|logit|)), as the log of a product, which is below 2^32 in a lane. */
DD_CLONES static double
likelihood(const double *restrict logit, const double *restrict sign, const double *restrict far, int rows)
{
	double		product[LANES];
	double		sum[LANES] = {0};
	double		total = 0;

	for (int q = 0; q < LANES; q++)
		product[q] = 1;
	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		margin = sign[r + q] * logit[r + q];

			sum[q] += margin < 0 ? margin : 0;
			product[q] *= 1 + sign[r + q] * sign[r + q] * far[r + q];
		}
	for (int q = 0; q < LANES; q++)
		total += sum[q] - log(product[q]);
	return total;
}

/* Sum of a[r] b[r]. */
DD_CLONES static double
product(const double *restrict a, const double *restrict b, int rows)
{
	double		sum[LANES] = {0};

	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
			sum[q] += a[r + q] * b[r + q];
	return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

/* Sums of a[r] b[r] for four columns b that lie CHUNK apart: a is read once. */
DD_CLONES static void
four_products(const double *restrict a, const double *restrict b, int rows, double *restrict sums)
{
	double		sum[4][4] = {{0}};

	for (int r = 0; r < rows; r += 4)
		for (int q = 0; q < 4; q++)
		{
			sum[0][q] += a[r + q] * b[r + q];
			sum[1][q] += a[r + q] * b[CHUNK + r + q];
			sum[2][q] += a[r + q] * b[2 * CHUNK + r + q];
			sum[3][q] += a[r + q] * b[3 * CHUNK + r + q];
		}
	for (int c = 0; c < 4; c++)
		sums[c] = (sum[c][0] + sum[c][2]) + (sum[c][1] + sum[c][3]);
}

DD_CLONES static void
weigh(const double *restrict weight, const double *restrict z, int rows, double *restrict weighted)
{
	for (int r = 0; r < rows; r++)
		weighted[r] = weight[r] * z[r];
}

static inline void
accumulate(double *pair, double value)
{
	dd			sum = two_sum(pair[0], value);

	pair[0] = sum.hi;
	pair[1] += sum.lo;
}

/* Column i of B z, which takes the place of the last column of z that it needs. */
DD_CLONES static void
combine(double *restrict z, const double *restrict basis, int i, int rows)
{
	double	   *own = z + (Size) i * CHUNK;

	for (int r = 0; r < rows; r++)
		own[r] *= basis[i];
	for (int j = 0; j < i; j++)
		for (int r = 0; r < rows; r++)
			own[r] += basis[j] * z[(Size) j * CHUNK + r];
}

/* What the rows of a chunk have beside sums. */
typedef struct Extremes
{
	double		poison;			/* not 0 where a logit is not finite, or a target not 0 or 1 */
	double		positives;
	double		margin;
	double		change;
} Extremes;

/* 2 y - 1, and the extremes, over all rows of a chunk; rows beyond the last one repeat it. */
DD_CLONES static Extremes
extremes(const double *restrict y, const double *restrict logit, const double *restrict change, int rows,
		 double *restrict sign)
{
	double		poison[LANES] = {0};
	double		positives[LANES] = {0};
	double		margin[LANES];
	double		largest[LANES] = {0};
	Extremes	found = {0, 0, INFINITY, 0};

	for (int q = 0; q < LANES; q++)
		margin[q] = INFINITY;
	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		side = 2 * y[r + q] - 1;
			double		m = side * logit[r + q];
			double		size = fabs(change[r + q]);

			sign[r + q] = side;
			poison[q] += (m - m) + fabs(y[r + q] * (1 - y[r + q]));
			positives[q] += y[r + q];
			margin[q] = m < margin[q] ? m : margin[q];
			largest[q] = size > largest[q] ? size : largest[q];
		}
	for (int q = 0; q < LANES; q++)
	{
		found.poison += poison[q];
		found.positives += positives[q];
		found.margin = Min(found.margin, margin[q]);
		found.change = Max(found.change, largest[q]);
	}
	return found;
}

/* The extremes go into the body; false where the chunk cannot be used. */
static bool
look_at_rows(const Body *body, const double *y, int real, int rows, Scratch *s)
{
	Extremes	found;

	memcpy(s->y, y, real * sizeof(double));
	for (int r = real; r < rows; r++)
	{
		s->y[r] = y[real - 1];
		s->logit[r] = s->logit[real - 1];
		s->change[r] = 0;
	}
	found = extremes(s->y, s->logit, s->change, rows, s->sign);
	memset(s->sign + real, 0, (rows - real) * sizeof(double));
	*body->positives += found.positives - (rows - real) * y[real - 1];
	*body->margin = Min(*body->margin, found.margin);
	*body->change = Max(*body->change, found.change);
	return found.poison == 0;
}

/* Add one chunk; columns: x and y.  rows is a multiple of LANES, those beyond `real` count for nothing. */
static bool
add_chunk(const Body *body, const RowBlock *block, int first, int real, Scratch *s)
{
	int			k = body->k;
	int			rows = TYPEALIGN(LANES, real);
	double	   *pair = body->hessian;

	memset(s->logit, 0, rows * sizeof(double));
	memset(s->change, 0, rows * sizeof(double));
	for (int j = 0; j < k; j++)
	{
		double	   *z = s->z + (Size) j * CHUNK;

		if (isnan(body->shift[j]))
		{
			memset(z, 0, rows * sizeof(double));
			continue;
		}
		memset(z + real, 0, (rows - real) * sizeof(double));
		take_column(block->columns[j] + first, body->shift[j], body->coef[j], body->step[j], real,
					z, s->logit, s->change);
	}
	if (!look_at_rows(body, block->columns[k] + first, real, rows, s))
		return false;
	exponentials(s->logit, MOST, rows, s->far, s->shifted);
	scale_by_powers((bits *) s->far, (const bits *) s->shifted, rows);
	probabilities(s->logit, s->sign, s->far, rows, s->residual, s->weight);
	accumulate(body->likelihood, likelihood(s->logit, s->sign, s->far, rows));
	if (body->basis)
		for (int i = k - 1; i >= 0; i--)
		{
			CHECK_FOR_INTERRUPTS();
			combine(s->z, body->basis + triangle(i), i, rows);
		}
	for (int i = 0; i < k; i++)
	{
		const double *z = s->z + (Size) i * CHUNK;

		CHECK_FOR_INTERRUPTS();
		accumulate(body->gradient + 2 * i, product(s->residual, z, rows));
		weigh(s->weight, z, rows, s->weighted);
		for (int j = 0; j <= i;)
		{
			const double *others = s->z + (Size) j * CHUNK;
			double		sums[4];
			int			count = j + 3 <= i ? 4 : 1;

			if (count == 4)
				four_products(s->weighted, others, rows, sums);
			else
				sums[0] = product(s->weighted, others, rows);
			for (int c = 0; c < count; c++, pair += 2)
				accumulate(pair, sums[c]);
			j += count;
		}
	}
	return true;
}

/* Say what is wrong in a chunk that could not be added. */
pg_noreturn static void
cannot_use(const RowBlock *block, int k, int first, int rows)
{
	for (int j = 0; j <= k; j++)
		for (int r = first; r < first + rows; r++)
			if (!isfinite(block->columns[j][r]))
				not_finite(j, k + 1, block->columns[j][r]);
	for (int r = first; r < first + rows; r++)
		if (block->columns[k][r] != 0 && block->columns[k][r] != 1)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the target is %g in some row, not 0 or 1", block->columns[k][r])));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the logit of some row is not finite"),
			 errhint("Scale features that are very large.")));
}

static void
logregr_add(State *state, const RowBlock *block)
{
	Body		body = body_of(state->body, state->ncols, state->nparams);
	Scratch    *scratch;

	if (state->nparams != 3 * body.k && state->nparams != 3 * body.k + triangle(body.k))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d parameters are not three for each of %d features", state->nparams, state->ncols - 1)));
	state->rows_used += block->rows;
	if (isnan(body.coef[0]))
		return;
	scratch = palloc(sizeof(Scratch));
	scratch->z = palloc((Size) body.k * CHUNK * sizeof(double));
	for (int first = 0; first < block->rows; first += CHUNK)
	{
		int			rows = Min(CHUNK, block->rows - first);

		if (!add_chunk(&body, block, first, rows, scratch))
			cannot_use(block, body.k, first, rows);
	}
	pfree(scratch->z);
	pfree(scratch);
}

static void
logregr_merge(State *into, const State *from)
{
	Body		to = body_of(into->body, into->ncols, into->nparams);
	Body		add = body_of((double *) from->body, from->ncols, from->nparams);

	for (double *pair = to.likelihood, *other = add.likelihood; pair < to.positives; pair += 2, other += 2)
	{
		accumulate(pair, other[0]);
		pair[1] += other[1];
	}
	*to.positives += *add.positives;
	*to.change = Max(*to.change, *add.change);
	*to.margin = Min(*to.margin, *add.margin);
}

/* The outcome, with every pair as one number. */
static State *
logregr_outcome(const State *state)
{
	int			k = state->ncols - 1;
	Body		body = body_of((double *) state->body, state->ncols, state->nparams);
	State	   *outcome = state_outcome(state, 4 + k + triangle(k));
	double	   *step = outcome->body + 4;
	double	   *hessian = step + k;

	outcome->body[0] = body.likelihood[0] + body.likelihood[1];
	outcome->body[1] = *body.change;
	outcome->body[2] = *body.margin;
	for (int i = 0; i < k; i++)
		step[i] = body.gradient[2 * i] + body.gradient[2 * i + 1];
	for (int64 i = 0; i < triangle(k); i++)
		hessian[i] = body.hessian[2 * i] + body.hessian[2 * i + 1];
	outcome->body[3] = newton_step(hessian, k, step);
	return outcome;
}

const Kernel logregr_kernel = {
	.name = "logregr",
	.id = 5,
	.scalars = 1,
	.has_params = true,
	.body_size = logregr_size,
	.start = logregr_start,
	.add = logregr_add,
	.merge = logregr_merge,
	.outcome = logregr_outcome,
};
MADPY_KERNEL(logregr)
MADPY_OUTCOME(logregr)
