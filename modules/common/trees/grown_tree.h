/*
 * grown_tree.h: a tree as it is grown from coded rows, and models packed from such trees.
 *
 * A node has two forms: one that is compared with values, for the model, and one that is compared with codes, for rows of the
 * training.  Numbers of nodes, leaves and sets count within the tree.
 */
#ifndef MADPY_GROWN_TREE_H
#define MADPY_GROWN_TREE_H

#include "coded_rows.h"
#include "ensemble.h"
#include "layout.h"
#include "utils/array.h"

/* A row goes to the second child if its code less `from`, as a number of one byte, is below `span`; never in a leaf. */
typedef struct CodeNode
{
	uint16		feature;
	uint8		from;
	uint8		span;
	int32		child;			/* the first of two; a leaf is its own */
} CodeNode;

typedef struct GrownTree
{
	MemoryContext context;		/* NULL: the tree is complete */
	int			width;			/* numbers of a leaf */
	int			nodes;
	int			leaves;
	int			set_words;
	int			depth;
	bool		has_categories;
	PackedNode *node;
	CodeNode   *code_node;
	double	   *cover;			/* one for each node */
	double	   *numbers;		/* `width` for each leaf */
	uint32	   *sets;
	int			node_capacity;		/* elements that are allocated */
	int			leaf_capacity;
	int			set_capacity;
} GrownTree;

/* A split of coded rows in two. */
typedef struct CodeSplit
{
	int			feature;
	int			last_first;		/* number: the last code of the first child */
	bool		null_second;	/* NULL, and levels that are in no set, go to the second child */
	uint32		set[(MOST_CODES + 31) / 32];	/* category: bits of the codes that go to the first child */
} CodeSplit;

/* Returns a tree of one node, which is neither a leaf nor split yet. */
extern GrownTree *new_tree(MemoryContext context, int width);

/* Returns the bytes of a copy of a tree. */
extern Size tree_bytes(const GrownTree *tree);

/* Copies a tree, which is complete, to memory of so many bytes. */
extern GrownTree *copy_tree(const GrownTree *tree, void *to);

/* Splits a node; returns the number of the first of two new nodes, which follow each other. */
extern int	split_node(GrownTree *tree, int node, const CodedFeature *coding, const CodeSplit *split);

/* Makes a node a leaf; returns its numbers, for the caller to set. */
extern double *make_leaf(GrownTree *tree, int node);

/* Returns the numbers of a leaf. */
static inline double *
numbers_of_leaf(const GrownTree *tree, int node)
{
	return tree->numbers + lower_half(&tree->node[node]) * (Size) tree->width;
}

/* Tells whether a code goes to the second child of a node that is split by a category; `codes` is the code of NULL. */
static inline bool
code_goes_second(const GrownTree *tree, int node, int code, int codes)
{
	const PackedNode *packed = &tree->node[node];

	if (code >= codes)
		return packed->feature < 0;
	return !((tree->sets[lower_half(packed) + code / 32] >> (code % 32)) & 1);
}

/* Sets leaf[i] to the node of the leaf of each of some rows, given their codes. */
extern void leaves_of_rows(const GrownTree *tree, const CodedFeature *coding, const uint8 *const *codes, int rows, int32 *leaf);

/* The parts of a model besides its trees. */
typedef struct PackedParts
{
	uint32		method;			/* number of the method in config/Config.yml */
	EnsembleLink link;
	int			outputs;
	double		divisor;
	const double *start;		/* starting value of each output */
	const bytea *json;
	const bytea *texts[ENSEMBLE_FACTS];	/* bytes of the arrays before ENSEMBLE_FACTS */
} PackedParts;

/* Reads the texts of a model from an array of bytea. */
extern void read_texts(PackedParts *parts, ArrayType *array);

/*
 * Packs trees into a model (ensemble_model.h).  The leaves of a tree have a number for each output, or one number: then it is
 * for output t modulo `outputs` in tree t.
 */
extern bytea *packed_trees(const PackedParts *parts, const CodedFeature *coding, int features, GrownTree *const *trees, int count);

/* Returns the size of that model in bytes. */
extern int64 packed_size(const PackedParts *parts, const CodedFeature *coding, int features, GrownTree *const *trees, int count);

#endif
