/*
 * sk_trees_rules.c: the leaves of trees as numbers, classes and probabilities, summed in scikit-learn's order.
 */
#include "postgres.h"

#include <math.h>

#include "sk_trees.h"

/* Adds up leaves of one number for one output. */
static double
sum_of_leaves(const Trees *trees)
{
	double		sum = trees->start[0];

	for (int first = 0; first < trees->all.count; first += TREES_AT_ONCE)
	{
		int			count = Min(TREES_AT_ONCE, trees->all.count - first);
		int32		leaves[TREES_AT_ONCE];

		ensemble_leaves(&trees->all, trees->x, trees->has_nan, first, leaves);
		for (int t = 0; t < count; t++)
			sum += trees->all.numbers[leaves[t]];
	}
	return sum / trees->divisor;
}

static void
add_leaves(const Sk *sk, const Trees *trees)
{
	int			width = trees->all.width;

	memcpy(sk->values, trees->start, sk->outputs * sizeof(double));
	for (int first = 0; first < trees->all.count; first += TREES_AT_ONCE)
	{
		int			count = Min(TREES_AT_ONCE, trees->all.count - first);
		int32		leaves[TREES_AT_ONCE];

		ensemble_leaves(&trees->all, trees->x, trees->has_nan, first, leaves);
		for (int t = 0; t < count; t++)
		{
			const double *numbers = trees->all.numbers + leaves[t] * (Size) width;
			double	   *outputs = sk->values + trees->all.first_outputs[first + t];

			for (int w = 0; w < width; w++)
				outputs[w] += numbers[w];
		}
	}
	for (int o = 0; o < sk->outputs; o++)
		sk->values[o] /= trees->divisor;
}

/* Makes decision values of the classes that the leaves are: AdaBoost's. */
static void
add_votes(const Sk *sk, const Trees *trees)
{
	double	   *votes = trees->votes;

	memset(votes, 0, sk->classes * sizeof(double));
	for (int first = 0; first < trees->all.count; first += TREES_AT_ONCE)
	{
		int			count = Min(TREES_AT_ONCE, trees->all.count - first);
		int32		leaves[TREES_AT_ONCE];

		ensemble_leaves(&trees->all, trees->x, trees->has_nan, first, leaves);
		for (int t = 0; t < count; t++)
		{
			double		class = trees->all.numbers[leaves[t]];
			const double *weights = trees->weights + 2 * (Size) (first + t);

			for (int c = 0; c < sk->classes; c++)
				votes[c] += class == c ? weights[0] : weights[1];
		}
	}
	for (int c = 0; c < sk->classes; c++)
		votes[c] /= trees->divisor;
	if (sk->classes == 2)
		sk->values[0] = -votes[0] + votes[1];
	else
		memcpy(sk->values, votes, sk->classes * sizeof(double));
}

static int
compare_numbers(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return left < right ? -1 : left > right;
}

static double
median(const Trees *trees)
{
	double	   *sorted = trees->sorted;
	double		total = 0;
	double		sum = 0;
	int			n = 0;

	for (int first = 0; first < trees->all.count; first += TREES_AT_ONCE)
	{
		int			count = Min(TREES_AT_ONCE, trees->all.count - first);
		int32		leaves[TREES_AT_ONCE];

		ensemble_leaves(&trees->all, trees->x, trees->has_nan, first, leaves);
		for (int t = first; t < first + count; t++)
		{
			sorted[2 * (Size) t] = trees->all.numbers[leaves[t - first]];
			sorted[2 * (Size) t + 1] = trees->weights[2 * (Size) t];
		}
	}
	qsort(sorted, trees->all.count, 2 * sizeof(double), compare_numbers);
	for (int t = 0; t < trees->all.count; t++)
		total += sorted[2 * (Size) t + 1];
	for (n = 0; n < trees->all.count - 1; n++)
	{
		sum += sorted[2 * (Size) n + 1];
		if (sum >= 0.5 * total)
			break;
	}
	return sorted[2 * (Size) n];
}

static void
probabilities(Sk *sk, const Trees *trees)
{
	double	   *p = sk->probabilities;
	bool		is_decision = trees->link == TREES_DECISIONS;

	if (sk->classes == 2 && trees->link != TREES_PLAIN)
	{
		double		z = sk->values[0];

		p[0] = -z / 2;
		p[1] = z / 2;
		if (is_decision)
			sk_softmax(p, 2);
		else
		{
			p[1] = sk_sigmoid(trees->link == TREES_LOGIT_TWICE ? 2 * z : z);
			p[0] = 1 - p[1];
		}
		return;
	}
	for (int c = 0; c < sk->classes; c++)
		p[c] = is_decision ? sk->values[c] / (sk->classes - 1) : sk->values[c];
	if (trees->link != TREES_PLAIN)
		sk_softmax(p, sk->classes);
}

int
trees_combined(Sk *sk, Trees *trees, SkWanted wanted)
{
	switch (trees->rule)
	{
		case TREES_SUM:
			if (sk->outputs == 1)
				sk->values[0] = sum_of_leaves(trees);
			else
				add_leaves(sk, trees);
			break;
		case TREES_VOTES:
			add_votes(sk, trees);
			break;
		default:
			sk->values[0] = median(trees);
	}
	if (trees->link == TREES_EXP)
		for (int o = 0; o < sk->outputs; o++)
			sk->values[o] = exp(sk->values[o]);
	if (wanted == WANT_PROBABILITIES)
		probabilities(sk, trees);
	if (sk->task != TASK_CLASSIFICATION)
		return 0;
	if (sk->outputs == 1)
		return trees->zero_is_second ? sk->values[0] >= 0 : sk->values[0] > 0;
	return sk_largest(sk->values, sk->outputs);
}
