/*
 * gain.h: what a split of a node gains, from counts.
 *
 * Source: Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, chapters 2, 4 and 8.
 */
#ifndef MADPY_TREES_GAIN_H
#define MADPY_TREES_GAIN_H

#include <math.h>

#include "plan.h"

/* A gain below this part of what a node has to lose is rounding: TINY of splits.py. */
#define TINY 1e-10

/* A split within a bin is looked for where it may gain more than this share above the best that is known. */
#define WORTH 0.01

/* A node whose split is looked for. */
typedef struct Node
{
	const Plan *plan;
	const double *total;		/* its counts */
	double		rows;
	double		base;			/* what the node explains without a split */
	double		least;			/* a gain below it is rounding */
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
 * Returns the part of a node's loss that a split changes: its sum over both sides grows by the gain.  The counts of the
 * node are `counts`, or `from` less `counts` if `from` is given.
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
