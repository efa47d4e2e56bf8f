/*
 * ensemble.h: one tree or many whose leaves are added up, laid out for scoring.
 *
 * A node is of 16 bytes, and the two children of a node lie side by side.  A leaf is its own child, so that a walk may go on
 * when it has arrived, and several trees are walked down together.
 */
#ifndef MADPY_ENSEMBLE_H
#define MADPY_ENSEMBLE_H

#include "postgres.h"

/* Bits of `feature`. */
#define NODE_MISSING_RIGHT ((int32) 0x80000000)	/* NaN goes to the second child */
#define NODE_CATEGORY 0x40000000	/* the feature is a code, and the lower half of `threshold` is the place of a set of codes */
#define NODE_FEATURE_BITS 0x3fffffff

/* A leaf's threshold is NaN, whose lower half is the number of the leaf. */
typedef struct PackedNode
{
	double		threshold;		/* the second child is for greater values */
	int32		feature;
	int32		child;			/* the first of two */
} PackedNode;

/* Trees that are walked down together. */
#define TREES_AT_ONCE 8

typedef struct Ensemble
{
	int			count;			/* number of trees */
	int			width;			/* numbers of a leaf */
	const int32 *roots;			/* TREES_AT_ONCE more than trees, which repeat the last */
	const int32 *first_outputs;	/* for each tree: the output that the first number of a leaf is added to */
	const PackedNode *nodes;	/* tree by tree */
	const int  *codes;			/* NULL, or of each feature the number of codes, 0 for a number */
	const uint32 *sets;			/* bits of the codes that go to the first child */
	int64		set_words;		/* length of `sets` */
	const double *numbers;		/* `width` for each leaf */
	const double *covers;		/* for each node: the weight of the rows of the training in it */
	const int  *inputs;			/* NULL, or for each feature the input that its contribution belongs to */
	int64		node_count;
	bool		has_categories;
	struct Shapley *shapley;	/* NULL until a row is explained */
} Ensemble;

/* Returns what is in the lower half of a threshold: the number of a leaf, or the place of a set. */
static inline int32
lower_half(const PackedNode *node)
{
	int32		number;

	memcpy(&number, &node->threshold, sizeof(number));
	return number;
}

/* Tells whether a row goes to the second child of a node that is no leaf. */
static inline bool
goes_second(const Ensemble *trees, const PackedNode *node, const double *x)
{
	double		value = x[node->feature & NODE_FEATURE_BITS];

	if (value != value)
		return node->feature < 0;
	if (node->feature & NODE_CATEGORY)
		return !((trees->sets[lower_half(node) + (int) value / 32] >> ((int) value % 32)) & 1);
	return value > node->threshold;
}

/* ensemble_leaves.c: sets `leaves` to the numbers of the leaves of trees first to first + TREES_AT_ONCE - 1. */
extern void ensemble_leaves(const Ensemble *trees, const double *x, bool has_nan, int first, int32 *leaves);

/* Returns the number of words of a set of codes. */
static inline int
words_of_set(int codes)
{
	return (codes + 31) / 32;
}

/* ensemble_leaves.c: returns the roots in an array, and the last one again for trees that are walked down beside it. */
extern const int32 *repeated_roots(const int32 *given, int count);

/* ensemble_leaves.c: raises an error unless the nodes of all trees lead to leaves, and ask for existing features. */
extern void check_ensemble(const Ensemble *trees, int64 leaves, int features);

/*
 * ensemble_shapley.c: sets the contribution of each of `inputs` inputs to one of `outputs` outputs, and returns what they are
 * added to.
 */
extern double ensemble_shapley(Ensemble *trees, const double *x, int output, int outputs, int inputs, double *contributions);

#endif
