/*
 * sk_linear.c: sums of products, and a link that makes classes of them.
 *
 * Arrays of its own: int32 link; double coefficients, a row for each output; double intercepts; double mean of each column
 * in training.
 */
#include "postgres.h"

#include <math.h>

#include "sk.h"

typedef struct Linear
{
	int			link;
	const double *coefficients;
	const double *intercepts;
	const double *means;
} Linear;

static void
check_linear(Sk *sk)
{
	Linear	   *linear = palloc0(sizeof(Linear));
	bool		is_binary = sk->classes == 2;

	linear->link = model_integers(sk->model, SK_OWN, 1)[0];
	linear->coefficients = model_doubles(sk->model, SK_OWN + 1, (int64) sk->outputs * sk->columns);
	linear->intercepts = model_doubles(sk->model, SK_OWN + 2, sk->outputs);
	linear->means = model_doubles(sk->model, SK_OWN + 3, sk->columns);
	if (linear->link < LINK_IDENTITY || linear->link > LINK_MODIFIED_HUBER)
		model_damaged("its link is not known");
	if ((sk->task == TASK_CLASSIFICATION) != (linear->link != LINK_IDENTITY))
		model_damaged("its link does not fit its task");
	if (sk->task == TASK_CLUSTERING)
		model_damaged("a linear model has no clusters");
	if (sk->task == TASK_CLASSIFICATION && sk->outputs != (is_binary ? 1 : sk->classes))
		model_damaged("it has another number of decisions than of classes");
	if (linear->link == LINK_LOGIT && !is_binary)
		model_damaged("a logit is of two classes");
	sk->decisions = sk->classes > 0 ? sk->outputs : 0;
	sk->has_probabilities = linear->link >= LINK_LOGIT;
	sk->is_explained = true;
	sk->own = linear;
}

/* The probability of a class whose margin is z, before it is divided by the sum. */
static double
huber(double z)
{
	return (fmin(fmax(z, -1), 1) + 1) / 2;
}

static void
probabilities(Sk *sk, const Linear *linear)
{
	double	   *p = sk->probabilities;
	double		sum = 0;

	if (linear->link == LINK_SOFTMAX && sk->classes > 2)
	{
		memcpy(p, sk->values, sk->classes * sizeof(double));
		sk_softmax(p, sk->classes);
		return;
	}
	if (sk->classes == 2)
	{
		double		z = sk->values[0];

		p[1] = linear->link == LINK_MODIFIED_HUBER ? huber(z) : linear->link == LINK_SOFTMAX ? sk_sigmoid(2 * z) :
			sk_sigmoid(z);
		p[0] = 1 - p[1];
		return;
	}
	for (int c = 0; c < sk->classes; c++)
	{
		p[c] = linear->link == LINK_MODIFIED_HUBER ? huber(sk->values[c]) : sk_sigmoid(sk->values[c]);
		sum += p[c];
	}
	for (int c = 0; c < sk->classes; c++)
		p[c] = sum == 0 ? 1.0 / sk->classes : p[c] / sum;
}

static int
score_linear(Sk *sk, const double *x, SkWanted wanted)
{
	const Linear *linear = sk->own;

	for (int o = 0; o < sk->outputs; o++)
	{
		const double *row = linear->coefficients + (Size) o * sk->columns;
		double		sum = 0;

		for (int c = 0; c < sk->columns; c++)
			sum += row[c] * x[c];
		sk->values[o] = sum + linear->intercepts[o];
	}
	if (wanted == WANT_PROBABILITIES)
		probabilities(sk, linear);
	if (sk->task != TASK_CLASSIFICATION)
		return 0;
	return sk->outputs == 1 ? sk->values[0] > 0 : sk_largest(sk->values, sk->outputs);
}

/* The Shapley values of a linear model whose inputs are independent (Strumbelj & Kononenko 2014). */
static double
explain_linear(Sk *sk, const double *x, int output, double *contributions)
{
	const Linear *linear = sk->own;
	const double *row = linear->coefficients + (Size) output * sk->columns;
	double		base = 0;

	for (int i = 0; i < sk->inputs; i++)
	{
		contributions[i] = 0;
		for (int c = sk->first[i]; c < sk->first[i + 1]; c++)
		{
			contributions[i] += row[c] * (x[c] - linear->means[c]);
			base += row[c] * linear->means[c];
		}
	}
	return base + linear->intercepts[output];
}

const SkKind sk_linear = {KIND_LINEAR, check_linear, score_linear, explain_linear};
