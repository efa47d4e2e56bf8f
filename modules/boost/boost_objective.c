/*
 * boost_objective.c: the losses, their derivatives, and the scores that a training begins with.
 *
 * A score is the prediction, its logarithm (poisson, gamma, tweedie), the logit of the second class, or one of several that
 * the softmax function makes probabilities.
 */
#include "boost.h"

#include <math.h>

#include "miscadmin.h"
#include "numeric/dd.h"

/* Comparisons of numbers in loops are vectorised only where they may be made although they raise a floating-point exception. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("no-trapping-math")
#endif

#define POISSON_STEP 0.7		/* makes the second derivative larger, so that steps stay small */
#define LEAST_SHARE 1e-18		/* a probability counts as this at least in a loss */
#define FACTORS 16				/* shares whose product is above 0 */
#define ROWS_AT_ONCE 65536		/* between checks for interrupts */

/* exp(x) to 1e-10, without branches, so that loops of it are vectorised. */
static pg_attribute_always_inline double
exp_of(double given)
{
	double		x = given < -700 ? -700 : given > 700 ? 700 : given;
	double		shifted = x * 1.4426950408889634 + 0x1.8p52;
	double		n = shifted - 0x1.8p52;
	double		r = (x - n * 0x1.62e42fefa38p-1) - n * 0x1.ef35793c7673p-45;
	double		power;
	uint64		bits;
	double		p;

	memcpy(&bits, &shifted, sizeof(bits));
	bits = (bits + 1023) << 52;
	memcpy(&power, &bits, sizeof(bits));
	p = 1.0 / 3628800;
	p = p * r + 1.0 / 362880;
	p = p * r + 1.0 / 40320;
	p = p * r + 1.0 / 5040;
	p = p * r + 1.0 / 720;
	p = p * r + 1.0 / 120;
	p = p * r + 1.0 / 24;
	p = p * r + 1.0 / 6;
	p = p * r + 0.5;
	p = p * r + 1;
	return (p * r + 1) * power;
}

/* --- gradients --- */

typedef struct Derivatives
{
	double		slope;
	double		curve;
} Derivatives;

/* Returns the derivatives of the loss of a row by its score; a loop for each objective is compiled. */
static pg_attribute_always_inline Derivatives
derivatives(BoostObjective objective, double alpha, double score, double target)
{
	double		residual = score - target;
	double		e;

	switch (objective)
	{
		case OBJECTIVE_SQUARED:
			return (Derivatives) {residual, 1};
		case OBJECTIVE_ABSOLUTE:
			return (Derivatives) {(residual > 0) - (residual < 0), 1};
		case OBJECTIVE_QUANTILE:
			return (Derivatives) {residual >= 0 ? 1 - alpha : -alpha, 1};
		case OBJECTIVE_HUBER:
			return (Derivatives) {residual > alpha ? alpha : residual < -alpha ? -alpha : residual, 1};
		case OBJECTIVE_LOGISTIC:
			e = 1 / (1 + exp_of(-score));
			return (Derivatives) {e - target, e * (1 - e)};
		case OBJECTIVE_POISSON:
			e = exp_of(score);
			return (Derivatives) {e - target, e * 2.0137527074704766};	/* exp(POISSON_STEP) */
		case OBJECTIVE_GAMMA:
			e = target * exp_of(-score);
			return (Derivatives) {1 - e, e};
		default:
		{
			double		first = target * exp_of((1 - alpha) * score);
			double		second = exp_of((2 - alpha) * score);

			return (Derivatives) {second - first, (alpha - 1) * first + (2 - alpha) * second};
		}
	}
}

/* Returns the bits of a number's size: they compare as sizes do, and loops of comparisons of integers are vectorised. */
static pg_attribute_always_inline int32
bits_of_size(float number)
{
	int32		bits;

	memcpy(&bits, &number, sizeof(bits));
	return bits & PG_INT32_MAX;
}

static float
size_of_bits(int32 bits)
{
	float		size;

	memcpy(&size, &bits, sizeof(size));
	return size;
}

/* Sets gradients of some rows, and returns the largest slope and curve. */
static pg_attribute_always_inline LossSums
loop_gradients(BoostObjective objective, double alpha, const double *restrict scores, const double *restrict target,
			   const double *restrict weight, int count, Gradient *restrict gradient)
{
	int32		slope = 0;
	int32		curve = 0;

	for (int r = 0; r < count; r++)
	{
		Derivatives d = derivatives(objective, alpha, scores[r], target[r]);
		float		s = weight ? d.slope * weight[r] : d.slope;
		float		c = weight ? d.curve * weight[r] : d.curve;

		gradient[r].slope = s;
		gradient[r].curve = c;
		slope = bits_of_size(s) > slope ? bits_of_size(s) : slope;
		curve = bits_of_size(c) > curve ? bits_of_size(c) : curve;
	}
	return (LossSums) {.largest_slope = size_of_bits(slope), .largest_curve = size_of_bits(curve)};
}

DD_CLONES static LossSums
objective_gradients(BoostObjective objective, double alpha, const double *scores, const double *target, const double *weight,
					int count, Gradient *gradient)
{
#define GRADIENTS(x) case x: \
	return weight ? loop_gradients(x, alpha, scores, target, weight, count, gradient) : \
		loop_gradients(x, alpha, scores, target, NULL, count, gradient)

	switch (objective)
	{
			GRADIENTS(OBJECTIVE_SQUARED);
			GRADIENTS(OBJECTIVE_ABSOLUTE);
			GRADIENTS(OBJECTIVE_QUANTILE);
			GRADIENTS(OBJECTIVE_HUBER);
			GRADIENTS(OBJECTIVE_LOGISTIC);
			GRADIENTS(OBJECTIVE_POISSON);
			GRADIENTS(OBJECTIVE_GAMMA);
		default:
			return loop_gradients(OBJECTIVE_TWEEDIE, alpha, scores, target, weight, count, gradient);
	}
#undef GRADIENTS
}

/* Sets the gradients of one of several classes. */
DD_CLONES static LossSums
class_gradients(int class, int classes, const double *restrict scores, const double *restrict log_sum,
				const double *restrict target, const double *restrict weight, int count, Gradient *restrict gradient)
{
	double		factor = classes / (classes - 1.0);
	int32		largest_slope = 0;
	int32		largest_curve = 0;

	for (int r = 0; r < count; r++)
	{
		double		share = exp_of(scores[r] - log_sum[r]);
		double		w = weight ? weight[r] : 1;
		float		slope = w * (share - (target[r] == class));
		float		curve = w * factor * share * (1 - share);

		gradient[r].slope = slope;
		gradient[r].curve = curve;
		largest_slope = Max(largest_slope, bits_of_size(slope));
		largest_curve = Max(largest_curve, bits_of_size(curve));
	}
	return (LossSums) {.largest_slope = size_of_bits(largest_slope), .largest_curve = size_of_bits(largest_curve)};
}

LossSums
set_gradients(Fit *fit, int output, int from, int to)
{
	const double *scores = fit->scores + (Size) output * fit->total + from;
	const double *weight = fit->weight ? fit->weight + from : NULL;

	if (fit->outputs > 1)
		return class_gradients(output, fit->classes, scores, fit->log_sum + from, fit->target + from, weight, to - from,
							   fit->gradient + from);
	return objective_gradients(fit->settings->objective, fit->settings->alpha, scores, fit->target + from, weight, to - from,
							   fit->gradient + from);
}

/* --- rounded gradients --- */

/* Rounds gradients to multiples of the units, up or down at random. */
DD_CLONES static void
round_gradients(const Gradient *restrict gradient, int count, float slopes, float curves, uint32 seed, Packed *restrict packed)
{
	for (int r = 0; r < count; r++)
	{
		uint32		random = (seed + (uint32) r) * 0x9E3779B1u;
		float		slope;
		float		curve;

		random = (random ^ (random >> 15)) * 0x85EBCA6Bu;
		random ^= random >> 13;
		slope = gradient[r].slope * slopes + (float) (int32) (random >> 16) * 0x1p-16f + 32768.0f;
		curve = gradient[r].curve * curves + (float) (int32) (random & 0xffff) * 0x1p-16f;
		packed[r] = ((uint64) (int64) ((int32) slope - 32768) << 36) + ((uint64) (uint32) (int32) curve << 12) + 1;
	}
}

void
pack_gradients(Fit *fit, int from, int to)
{
	float		slopes = fit->units.slope > 0 ? 1 / fit->units.slope : 0;
	float		curves = fit->units.curve > 0 ? 1 / fit->units.curve : 0;
	uint64		seed = random_of(fit->settings->seed, DRAWS_ROWS, fit->tree_number);

	round_gradients(fit->gradient + from, to - from, slopes, curves, (uint32) seed + from, fit->packed + from);
}

/* --- losses --- */

/* Returns the loss of a row, but of classes. */
static double
loss_of(BoostObjective objective, double alpha, double score, double target)
{
	double		residual = score - target;
	double		size = fabs(residual);

	switch (objective)
	{
		case OBJECTIVE_SQUARED:
			return residual * residual;
		case OBJECTIVE_ABSOLUTE:
			return size;
		case OBJECTIVE_QUANTILE:
			return residual >= 0 ? (1 - alpha) * residual : -alpha * residual;
		case OBJECTIVE_HUBER:
			return size <= alpha ? residual * residual / 2 : alpha * (size - alpha / 2);
		case OBJECTIVE_POISSON:
			return exp(score) - target * score;
		case OBJECTIVE_GAMMA:
			return score + target * exp(-score);
		default:
			return exp((2 - alpha) * score) / (2 - alpha) - target * exp((1 - alpha) * score) / (1 - alpha);
	}
}

/* Returns the logarithmic loss of two classes: of unweighted rows by the logarithms of products. */
DD_CLONES static double
logistic_loss(const double *restrict scores, const double *restrict target, const double *restrict weight, int count)
{
	double		loss = 0;
	int			r = 0;

	for (; !weight && r + FACTORS <= count; r += FACTORS)
	{
		double		share[FACTORS];
		double		product = 1;

		for (int i = 0; i < FACTORS; i++)
		{
			double		own = 1 / (1 + exp_of(target[r + i] > 0 ? -scores[r + i] : scores[r + i]));

			share[i] = own < LEAST_SHARE ? LEAST_SHARE : own;
		}
		for (int i = 0; i < FACTORS; i++)
			product *= share[i];
		loss -= log(product);
	}
	for (; r < count; r++)
	{
		double		own = 1 / (1 + exp_of(target[r] > 0 ? -scores[r] : scores[r]));

		loss -= (weight ? weight[r] : 1) * log(own < LEAST_SHARE ? LEAST_SHARE : own);
	}
	return loss;
}

/* Sets log_sum of some rows, and returns the logarithmic loss of several classes. */
static double
classes_loss(Fit *fit, int from, int to)
{
	double		loss = 0;

	for (int r = from; r < to; r++)
	{
		double		largest = fit->scores[r];
		double		sum = 0;

		for (int c = 1; c < fit->classes; c++)
			largest = Max(largest, fit->scores[(Size) c * fit->total + r]);
		for (int c = 0; c < fit->classes; c++)
			sum += exp_of(fit->scores[(Size) c * fit->total + r] - largest);
		fit->log_sum[r] = largest + log(sum);
		loss += (fit->weight ? fit->weight[r] : 1) *
			(fit->log_sum[r] - fit->scores[(Size) fit->target[r] * fit->total + r]);
	}
	return loss;
}

LossSums
sum_losses(Fit *fit, int from, int to)
{
	const double *weight = fit->weight;
	LossSums	sums = {.weight = weight ? 0 : to - from};

	for (int r = from; weight && r < to; r++)
		sums.weight += weight[r];
	if (fit->outputs > 1)
		sums.loss = classes_loss(fit, from, to);
	else if (fit->settings->objective == OBJECTIVE_LOGISTIC)
		sums.loss = logistic_loss(fit->scores + from, fit->target + from, weight ? weight + from : NULL, to - from);
	else
		for (int r = from; r < to; r++)
			sums.loss += (weight ? weight[r] : 1) *
				loss_of(fit->settings->objective, fit->settings->alpha, fit->scores[r], fit->target[r]);
	return sums;
}

/* --- the start --- */

/* Returns the mean of the target, or the share of a class. */
static double
start_mean(const Fit *fit, int class)
{
	double		sum = 0;
	double		weights = 0;

	for (int r = 0; r < fit->count; r++)
	{
		double		weight = fit->weight ? fit->weight[r] : 1;

		sum += weight * (fit->outputs > 1 ? fit->target[r] == class : fit->target[r]);
		weights += weight;
	}
	return sum / weights;
}

void
start_scores(Fit *fit, double *start)
{
	const BoostSettings *settings = fit->settings;

	for (int o = 0; o < fit->outputs; o++)
	{
		double		mean;

		if (settings->objective == OBJECTIVE_ABSOLUTE || settings->objective == OBJECTIVE_QUANTILE)
			start[o] = weighted_quantile(fit->target, fit->weight, fit->count,
										 settings->objective == OBJECTIVE_ABSOLUTE ? 0.5 : settings->alpha);
		else
		{
			mean = start_mean(fit, o);
			if (settings->objective == OBJECTIVE_LOGISTIC)
				start[o] = log(Max(mean, 1e-15) / Max(1 - mean, 1e-15));
			else if (settings->objective >= OBJECTIVE_MULTICLASS)
				start[o] = log(Max(mean, 1e-15));
			else
				start[o] = mean;
		}
		for (int r = 0; r < fit->total; r++)
			fit->scores[(Size) o * fit->total + r] = start[o];
	}
}
