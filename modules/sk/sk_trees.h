/*
 * sk_trees.h: decision trees, one or many, and how their leaves become a prediction.
 *
 * Arrays of its own:
 *   int32   TREES_INTS numbers: rule, link, trees, width, whether columns are compared as float32, whether 0 is the second class
 *   int32   for each tree its root, then for each tree the output that its first number is added to
 *   int32   PackedNode of each node, tree by tree, the two children of a node side by side
 *   double  `width` numbers for each leaf
 *   double  divisor, a starting value for each output, then for each tree two weights
 *   double  for each node its cover: the weight of the rows of the training in it
 */
#ifndef MADPY_SK_TREES_H
#define MADPY_SK_TREES_H

#include "common/trees/ensemble.h"
#include "sk.h"

#define TREES_INTS 6

/* Rules: what the leaves of a row's trees become. */
#define TREES_SUM 0				/* starting values and the numbers of each leaf, added tree by tree, then divided */
#define TREES_VOTES 1			/* a leaf is a class: it gets the tree's first weight, each other class the second */
#define TREES_MEDIAN 2			/* the weighted median of leaves of one number */

/* Links: what a sum becomes. */
#define TREES_PLAIN 0			/* numbers, or the probabilities of classes */
#define TREES_EXP 1
#define TREES_LOGIT 2
#define TREES_LOGIT_TWICE 3		/* the logistic function of twice the sum */
#define TREES_SOFTMAX 4
#define TREES_DECISIONS 5		/* decisions from votes */

typedef struct Trees
{
	Ensemble	all;
	int			rule;
	int			link;
	bool		is_single;		/* columns are compared as float32 */
	bool		zero_is_second; /* a decision value of 0 is for the second of two classes */
	double		divisor;
	const double *start;
	const double *weights;
	double	   *x;				/* the columns as they are compared */
	bool		has_nan;		/* one of them is NaN */
	double	   *votes;			/* votes of classes */
	double	   *sorted;			/* pairs of number and weight */
} Trees;

/* sk_trees_rules.c: computes what is wanted of the numbers of each tree's leaf; see SkKind. */
extern int	trees_combined(Sk *sk, Trees *trees, SkWanted wanted);

#endif
