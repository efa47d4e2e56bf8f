/*
 * family_pass.c: the model of IRLS for a generalised linear model (see families.h and irls.h).
 *
 * The objective is minus half the deviance.  Extras are sums over rows, with their weights: Pearson's (y - mu)^2 / V(mu),
 * the constants of the log-likelihood (first pass only), the residuals, and the weights of IRLS.
 *
 * In the first pass the coefficients are those of one mean for all rows, and the pass returns a step from them.  Its working
 * responses are at means halfway between that mean and the target: a step from one mean for all rows would be poor if
 * targets differ by orders of magnitude.
 */
#include "postgres.h"

#include <math.h>

#include "families.h"

DD_CLONES static void
add_constant(double *eta, double constant, int rows)
{
	for (int r = 0; r < rows; r++)
		eta[r] += constant;
}

/* Copies targets, weights and predictors, and pads them with the last row at weight 0; false if a row cannot be used. */
static bool
take_rows(const Body *body, const Family *family, const Chunk *chunk, Scratch *s)
{
	int			last = chunk->real - 1;
	Range		targets;
	Range		change;

	memcpy(s->y, chunk->y, chunk->real * sizeof(double));
	memcpy(s->w, chunk->w, chunk->real * sizeof(double));
	for (int r = chunk->real; r < chunk->rows; r++)
	{
		s->y[r] = s->y[last];
		s->eta[r] = s->eta[last];
		s->change[r] = s->change[last];
		s->w[r] = 0;
	}
	add_constant(s->eta, body->head[HEAD_CONSTANT], chunk->rows);
	targets = range_of(s->y, chunk->rows);
	if (!all_finite(s->y, chunk->rows) || !all_finite(s->eta, chunk->rows) ||
		!family_has(family, targets.lowest) || !family_has(family, targets.highest))
		return false;
	change = range_of(s->change, chunk->rows);
	*body->change = Max(*body->change, Max(change.highest, -change.lowest));
	*body->total += sum_of_products(s->w, s->y, chunk->rows);
	return true;
}

/* Whether the mean of each row is valid for the family. */
static bool
has_means(const Family *family, const Scratch *s, int rows)
{
	return all_finite(s->mu, rows) && (!family->positive || range_of(s->mu, rows).lowest > 0);
}

/* Sets the margin of each row; returns whether all targets are 0 or 1, since only then margins have a meaning. */
DD_CLONES static bool
take_margins(const double *restrict y, const double *restrict mu, const double *restrict other, int rows,
			 double *restrict margin)
{
	double		neither[LANES] = {0};
	double		total = 0;

	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		side = 2 * y[r + q] - 1;

			margin[r + q] = side * (mu[r + q] - other[r + q]);
			neither[q] += y[r + q] * (1 - y[r + q]);
		}
	for (int q = 0; q < LANES; q++)
		total += neither[q];
	return total == 0;
}

/* Computes residuals, weights and their sums from the variances in s->far and the errors in s->ratio. */
DD_CLONES static void
weigh_rows(Scratch *s, int rows, double *restrict sums)
{
	double		pearson[LANES] = {0};
	double		residuals[LANES] = {0};
	double		weights[LANES] = {0};

	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		inverse = s->w[r + q] / s->far[r + q];
			double		ratio = inverse * s->slope[r + q];

			s->residual[r + q] = s->ratio[r + q] * ratio;
			s->weight[r + q] = s->slope[r + q] * ratio;
			pearson[q] += s->ratio[r + q] * (s->ratio[r + q] * inverse);
			residuals[q] += s->residual[r + q];
			weights[q] += s->weight[r + q];
		}
	for (int q = 0; q < LANES; q++)
	{
		sums[0] += pearson[q];
		sums[1] += residuals[q];
		sums[2] += weights[q];
	}
}

/* Sets s->ratio to target - mean; for a binomial it is computed from mu or 1 - mu, whichever is small and so has more digits. */
DD_CLONES static void
take_errors(Scratch *s, bool is_binomial, int rows)
{
	if (is_binomial)
		for (int r = 0; r < rows; r++)
			s->ratio[r] = s->y[r] * s->other[r] - (1 - s->y[r]) * s->mu[r];
	else
		for (int r = 0; r < rows; r++)
			s->ratio[r] = s->y[r] - s->mu[r];
}

static void
add_rows(const Body *body, Scratch *s, bool is_binomial, int rows)
{
	double		sums[3] = {0};

	take_errors(s, is_binomial, rows);
	weigh_rows(s, rows, sums);
	accumulate(body->extras + 2 * EXTRA_PEARSON, sums[0]);
	accumulate(body->extras + 2 * EXTRA_RESIDUALS, sums[1]);
	accumulate(body->extras + 2 * EXTRA_WEIGHTS, sums[2]);
}

/* Sets the residuals of the first pass, so that its step is the least squares fit of the working responses. */
static void
begin_rows(const Body *body, const Family *family, const Link *link, Scratch *s, const Chunk *chunk)
{
	double		mean = body->head[HEAD_MEAN];
	double		constants = 0;

	for (int r = 0; r < chunk->real; r++)
	{
		double		mu = (s->y[r] + mean) / 2;

		constants += s->w[r] * family->constant(s->y[r]);
		if (link->predictor == NULL)	/* a binomial family: the mean itself serves as well */
		{
			s->residual[r] += s->weight[r] * body->head[HEAD_CONSTANT];
			continue;
		}
		s->mu[r] = mu * mean > 0 ? mu : mean;
		s->eta[r] -= link->predictor(s->mu[r], &s->slope[r]) + body->head[HEAD_CONSTANT];
	}
	accumulate(body->extras + 2 * EXTRA_CONSTANTS, constants);
	if (link->predictor == NULL)
		return;
	memset(s->residual, 0, sizeof(s->residual));
	memset(s->weight, 0, sizeof(s->weight));
	family->deviance(s, chunk->rows);
	for (int r = 0; r < chunk->real; r++)
	{
		s->weight[r] = s->w[r] * s->slope[r] * (s->slope[r] / s->far[r]);
		s->residual[r] = s->weight[r] * ((s->y[r] - s->mu[r]) / s->slope[r] - s->eta[r]);
	}
}

static Taken
family_rows(const Body *body, const Chunk *chunk, Scratch *s)
{
	const Family *family = family_by_number(body->head[HEAD_FAMILY]);
	const Link *link = link_by_number(body->head[HEAD_LINK]);
	bool		is_binomial = family->highest == 1;
	bool		is_first = !isnan(body->head[HEAD_MEAN]);
	Taken		taken = CHUNK_TAKEN;

	if (!take_rows(body, family, chunk, s))
		return CHUNK_WRONG;
	link->mean(s, chunk->rows);
	if (has_means(family, s, chunk->rows))
	{
		accumulate(body->objective, -family->deviance(s, chunk->rows));
		add_rows(body, s, is_binomial, chunk->rows);
	}
	else if (is_first)
		body->objective[0] = -INFINITY;
	else
		taken = CHUNK_INVALID;
	if (is_binomial && take_margins(s->y, s->mu, s->other, chunk->rows, s->logarithm))
		*body->margin = Min(*body->margin, range_of(s->logarithm, chunk->rows).lowest);
	else
		*body->margin = -1;
	if (is_first)
		begin_rows(body, family, link, s, chunk);
	return taken;
}

static void
check_head(const double *head)
{
	const Family *family = family_by_number(head[HEAD_FAMILY]);
	const Link *link = link_by_number(head[HEAD_LINK]);

	if ((family->highest == 1) != (link->predictor == NULL) || isinf(head[HEAD_MEAN]) || !isfinite(head[HEAD_CONSTANT]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no model of family %s with link %s, mean %g and constant %g", family->name, link->name,
						head[HEAD_MEAN], head[HEAD_CONSTANT])));
}

static void
refuse_target(const double *head, double y)
{
	const Family *family = family_by_number(head[HEAD_FAMILY]);

	if (!family_has(family, y))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the target is %g in some row, which the family %s does not allow", y, family->name),
				 errhint("Leave such rows out, or choose another family.")));
}

const Model family_model = {
	.head = HEADS,
	.extras = EXTRAS,
	.weighted = true,
	.rows = family_rows,
	.check = check_head,
	.refuse = refuse_target,
};
