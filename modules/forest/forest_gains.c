/*
 * forest_gains.c: the gains of cuts.
 *
 * Gini's index of two classes is twice the variance of the second one's indicator, so that both are split as numbers are:
 * with D = the sum of the first side less its weight times the mean of the node, the gain is D^2 W / (W1 W2).
 */
#include "forest_split.h"

#include <math.h>

#include "numeric/dd.h"

/* Sets gains[i] to the gain if the first side has `rows[i]`, ...; the sums of NULL have been added if it is on that side. */
DD_CLONES static void
gains_of_numbers(const double *restrict weight, const double *restrict target, int count, double total, double mean,
				 double *restrict gains)
{
	for (int i = 0; i < count; i++)
	{
		double		difference = target[i] - weight[i] * mean;

		gains[i] = difference * difference * total / (weight[i] * (total - weight[i]));
	}
}

static double
n_log_n(double n)
{
	return n > 0 ? n * log2(n) : 0;
}

static double
bits_of_pair(double weight, double target)
{
	return n_log_n(target) + n_log_n(weight - target) - n_log_n(weight);
}

/* Returns the part of the impurity of classes that a split changes, with its sign reversed. */
static double
explained_part(const Splitter *splitter, const double *classes, const double *from, double weight)
{
	bool		entropy = splitter->settings->entropy;
	double		sum = 0;

	for (int c = 0; c < splitter->records->classes; c++)
	{
		double		n = from ? Max(from[c] - classes[c], 0) : classes[c];

		sum += entropy ? n_log_n(n) : n * n;
	}
	return entropy ? sum - n_log_n(weight) : sum / weight;
}

/* Adds the weights of the classes in a cell. */
static void
add_classes(const Splitter *splitter, Cells cells, int code, double *sums)
{
	const double *weights = splitter->settings->class_weights;
	int			classes = splitter->records->classes;

	if (splitter->records->payload == PAYLOAD_CLASS)
		for (int c = 0; c < classes; c++)
			sums[c] += cells.rows[code * classes + c] * weights[c];
	else
		for (int c = 0; c < classes; c++)
			sums[c] += cells.weights[code * classes + c] * weights[c];
}

void
gains_of_cuts(Splitter *splitter, Cells cells, int first, int end, const Sums *null)
{
	const Sums *node = &splitter->node;
	double		base;

	if (!splitter->has_classes && !splitter->settings->entropy)
	{
		gains_of_numbers(splitter->weight + first, splitter->target + first, end - first, node->weight,
						 node->target / node->weight, splitter->gains + first);
		return;
	}
	if (!splitter->has_classes)
	{
		base = bits_of_pair(node->weight, node->target);
		for (int i = first; i < end; i++)
			splitter->gains[i] = bits_of_pair(splitter->weight[i], splitter->target[i]) - base +
				bits_of_pair(node->weight - splitter->weight[i], node->target - splitter->target[i]);
		return;
	}
	base = explained_part(splitter, node->classes, NULL, node->weight);
	memset(splitter->part, 0, splitter->records->classes * sizeof(double));
	if (null)
		memcpy(splitter->part, null->classes, splitter->records->classes * sizeof(double));
	for (int i = 0; i < end; i++)
	{
		add_classes(splitter, cells, splitter->codes[i], splitter->part);
		if (i >= first)
			splitter->gains[i] = explained_part(splitter, splitter->part, NULL, splitter->weight[i]) - base +
				explained_part(splitter, splitter->part, node->classes, node->weight - splitter->weight[i]);
	}
}
