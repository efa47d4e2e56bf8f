/*
 * gain.h: the gain of a split, computed from counts.
 *
 * Source: Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, chapters 2, 4 and 8.
 */
#ifndef MADPY_TREES_GAIN_H
#define MADPY_TREES_GAIN_H

#include <math.h>

#include "plan.h"

/* A gain below this share of a node's loss is rounding; TINY of splits.py is the same. */
#define TINY 1e-10

/* A split within a bin is searched for only if its gain may exceed the best known gain by more than this share. */
#define WORTH 0.01

/* A node for which the best split is searched. */
typedef struct Node
{
	const Plan *plan;
	const double *total;		/* counts of the node */
	double		rows;
	double		base;			/* explained_part() of the node itself */
	double		least;			/* a smaller gain is rounding */
} Node;

static inline double
rows_of(const Plan *plan, const double *counts)
{
	double		rows = 0;

	if (plan->classes == 0)
		return counts[STAT_ROWS];
	for (int c = 0; c < plan->classes; c++)
		rows += counts[c];
	return rows;
}

static inline double
n_log_n(double n)
{
	return n > 0 ? n * log2(n) : 0;
}

/*
 * Returns the part of a node's loss that a split changes, with its sign reversed: the gain is the sum of both sides less the
 * value of the node.  The counts of the node are `counts`, or `from` less `counts` if `from` is given.
 */
static inline double
explained_part(const Plan *plan, const double *from, const double *counts, double rows)
{
	double		sum = 0;

	if (plan->classes == 0)
	{
		sum = from ? from[STAT_SUM] - counts[STAT_SUM] : counts[STAT_SUM];
		return sum * sum / Max(rows, 1);
	}
	for (int c = 0; c < plan->classes; c++)
	{
		double		n = from ? from[c] - counts[c] : counts[c];

		sum += plan->entropy ? n_log_n(n) : n * n;
	}
	return plan->entropy ? sum - n_log_n(rows) : sum / Max(rows, 1);
}

/* Returns the gain of a split with `rows` rows on the left, whose counts are `left`. */
static inline double
gain_of(const Node *node, const double *left, double rows)
{
	return explained_part(node->plan, NULL, left, rows) +
		explained_part(node->plan, node->total, left, node->rows - rows) - node->base;
}

/* bound.c */
extern void set_node(Node *node, const Plan *plan, const double *total);
extern double most_within(const Node *node, const double *below, const double *cell, const double *null, double bar,
						  double *scratch);

#endif
