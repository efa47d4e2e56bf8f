/*
 * sk_trees.h: decision trees, one or many, and how their leaves become a prediction.
 *
 * Arrays of its own:
 *   int32   TREES_INTS numbers: rule, link, trees, width, whether columns are compared as float32, whether 0 is the second class
 *   int32   for each tree its root, then for each tree the output that its first number is added to
 *   int32   TreeNode of each node, tree by tree, the two children of a node side by side
 *   double  `width` numbers for each leaf
 *   double  divisor, a starting value for each output, then for each tree two weights
 *   double  for each node its cover: the weight of the rows of the training in it
 */
#ifndef MADPY_SK_TREES_H
#define MADPY_SK_TREES_H

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

#define TREES_MISSING_RIGHT ((int32) 0x80000000)	/* set in `feature`: NaN goes to the second child */

/* A leaf is its own child, and its threshold is NaN, whose lower half is the number of the leaf. */
typedef struct TreeNode
{
	double		threshold;		/* the second child is for greater values */
	int32		feature;
	int32		child;			/* the first of two */
} TreeNode;

typedef struct Trees
{
	int			rule;
	int			link;
	int			count;
	int			width;
	bool		is_single;		/* columns are compared as float32 */
	bool		zero_is_second; /* a decision value of 0 is for the second of two classes */
	int32	   *roots;			/* as many more as are gone down together */
	const int32 *first_outputs;
	const TreeNode *nodes;
	const double *numbers;		/* numbers of leaves */
	double		divisor;
	const double *start;
	const double *weights;
	const double *covers;
	int		   *inputs;			/* input that each column comes from */
	double	   *x;				/* the columns as they are compared */
	bool		has_nan;		/* one of them is NaN */
	double	   *votes;			/* votes of classes */
	double	   *sorted;			/* pairs of number and weight */
} Trees;

/* sk_trees_shapley.c: sets the contribution of each input to one output, and returns what they are added to. */
extern double trees_shapley(const Sk *sk, const Trees *trees, int output, double *contributions);

/* sk_trees_rules.c: computes what is wanted of the numbers of each tree's leaf; see SkKind. */
extern int	trees_combined(Sk *sk, Trees *trees, SkWanted wanted);

/* Returns the number of a leaf, which is in the place of its threshold. */
static inline int32
leaf_number(const TreeNode *node)
{
	int32		number;

	memcpy(&number, &node->threshold, sizeof(number));
	return number;
}

/* sk_trees_leaves.c: sets `leaves` to the numbers of the leaves of trees first to first + TREES_AT_ONCE - 1, repeating the last tree. */
#define TREES_AT_ONCE 8
extern void trees_leaves(const Trees *trees, int first, int32 *leaves);

#endif
