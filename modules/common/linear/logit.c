/*
 * logit.c: the model of IRLS for logistic regression: the target is 0 or 1, and its logit is linear in the features.
 *
 * It is the binomial family with its canonical link, in loops without a call per row: with p = 1 / (1 + exp(-eta)), the
 * objective is y log p + (1 - y) log (1 - p), the residual y - p, the weight p (1 - p), and the margin (2 y - 1) eta.
 *
 * Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., section 4.4.
 */
#include "postgres.h"

#include <math.h>

#include "irls.h"

/* Computes residuals and weights without differences of close numbers, so that small probabilities keep their digits. */
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

/*
 * Returns the log-likelihood.  The sum of log(1 + exp(-|logit|)) is computed as the logarithm of a product, which is below 2^32
 * in each lane.
 */
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

/* Returns the log-likelihood with weights of rows, and multiplies residuals and weights of IRLS by them. */
static double
weighted_likelihood(Scratch *s, const double *w, int real, int rows)
{
	double		total = 0;

	for (int r = 0; r < rows; r++)
		s->mu[r] = 1 + s->far[r];
	log_positive(s->mu, rows, s->other, s->shifted);
	for (int r = 0; r < real; r++)
	{
		double		margin = s->sign[r] * s->eta[r];

		total += w[r] * (Min(margin, 0) - s->other[r]);
		s->residual[r] *= w[r];
		s->weight[r] *= w[r];
	}
	return total;
}

/* Extreme values of a chunk. */
typedef struct Extremes
{
	double		poison;			/* not 0 if a logit is not finite, or a target is not 0 or 1 */
	double		positives;
	double		margin;
	double		change;
} Extremes;

/* Sets sign to 2 y - 1 and returns the extremes of all rows of a chunk; its padding repeats the last row. */
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

/* Updates the extremes in the body; returns false if the chunk has a value that cannot be used. */
static bool
look_at_rows(const Body *body, const Chunk *chunk, Scratch *s)
{
	int			real = chunk->real;
	int			rows = chunk->rows;
	double		last = chunk->y[real - 1];
	Extremes	found;

	memcpy(s->y, chunk->y, real * sizeof(double));
	for (int r = real; r < rows; r++)
	{
		s->y[r] = last;
		s->eta[r] = s->eta[real - 1];
		s->change[r] = 0;
	}
	found = extremes(s->y, s->eta, s->change, rows, s->sign);
	memset(s->sign + real, 0, (rows - real) * sizeof(double));
	*body->total += found.positives - (rows - real) * last;
	*body->margin = Min(*body->margin, found.margin);
	*body->change = Max(*body->change, found.change);
	return found.poison == 0;
}

static Taken
logit_rows(const Body *body, const Chunk *chunk, Scratch *s)
{
	int			rows = chunk->rows;

	if (!look_at_rows(body, chunk, s))
		return CHUNK_WRONG;
	exp_minus_abs(s->eta, rows, s->far, s->shifted);
	probabilities(s->eta, s->sign, s->far, rows, s->residual, s->weight);
	accumulate(body->objective,
			   chunk->w == NULL ? likelihood(s->eta, s->sign, s->far, rows)
			   : weighted_likelihood(s, chunk->w, chunk->real, rows));
	return CHUNK_TAKEN;
}

static void
refuse_other_classes(const double *head, double y)
{
	if (y != 0 && y != 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the target is %g in some row, not 0 or 1", y)));
}

const Model logit_model = {
	.rows = logit_rows,
	.refuse = refuse_other_classes,
};

const Model weighted_logit_model = {
	.weighted = true,
	.rows = logit_rows,
	.refuse = refuse_other_classes,
};
