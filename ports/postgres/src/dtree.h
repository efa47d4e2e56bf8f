/*
 * dtree.h: what a pass of the kernel "dtree" is told: bins, and the tree so far.
 *
 * A feature is a code: of a number the bin it lies in, of a category its place among the levels; the code after the
 * last one is NULL.  Bin b holds the values above edge b - 1 and up to edge b.
 *
 * Parameters, all doubles:
 *   the header, one number for each of Header
 *   per feature: its number of bins, or less than zero: minus its number of levels
 *   unless the columns are codes already: per feature with bins, its edges, one fewer than bins
 *   per node: one number for each of NodeField; the root is node 0, children come after their parent
 *   for splits of categories: the levels that go left, 32 a number
 */
#ifndef MADPY_DTREE_H
#define MADPY_DTREE_H

#include "kernel.h"

/* Rows worked on at once: the codes of a dozen features stay in the first-level cache. */
#define DTREE_CHUNK 512
#define MAX_LEVELS 100000

typedef enum Header
{
	CODED,						/* 1: the columns are codes */
	CLASSES,					/* 0: regression */
	SLOTS,						/* nodes whose rows are counted */
	NODES,
	FEATURES,
	HISTOGRAMS,					/* 0: count rows by slot, 1: by slot and code of each feature */
	FOLDS,						/* 0: all rows count */
	FOLD,
	HELD_OUT,					/* 0: the rows outside the fold count, 1: those in it */
	SEED,						/* of the folds */
	ENTROPY,					/* 1: classes are split by entropy, 0: by Gini's index */
	MIN_BUCKET,					/* rows that a side of a split must have */
	HEADER
} Header;

typedef enum NodeField
{
	FEATURE,					/* -1: a leaf */
	LEFT,						/* children */
	RIGHT,
	SPLIT,						/* last bin that goes left; of categories: where their levels are, among the numbers */
	NULL_RIGHT,
	SLOT,						/* -1: its rows are not counted */
	SHIFT,						/* regression: is taken off the target before it is summed */
	NODE_FIELDS
} NodeField;

/* One split, as fast as it can be taken: right where code - from < span, without a sign. */
typedef struct TreeNode
{
	int			codes;			/* where the feature's codes begin in a chunk */
	unsigned	from;
	unsigned	span;
	int			child[2];
	int			slot;
	double		shift;
	const uint32 *levels;		/* of a category's split, else NULL */
	int			null_code;
	bool		null_right;
} TreeNode;

typedef struct Plan
{
	int			features;
	int			classes;
	int			slots;
	int			stats;			/* numbers in a cell */
	bool		coded;
	bool		histograms;
	int			folds;
	int			fold;
	bool		held_out;
	uint64		seed;
	bool		entropy;
	int			min_bucket;
	int			nnodes;
	int			depth;			/* splits from the root to the lowest leaf */
	bool		has_categories;	/* some split is of categories */
	bool		counts;			/* some node has a slot */
	uint32	   *words;			/* the parameters as sets of levels; NULL: none are needed */
	TreeNode   *nodes;
	int		   *codes;			/* per feature: how many codes, that of NULL among them */
	double	  **edges;			/* per feature: filled up to a power of two less one; NULL: none to look among */
	int		   *edge_room;
} Plan;

/* dtree_plan.c */
extern int64 dtree_body_size(int ncols, int nparams, const double *params);
extern const Plan *dtree_plan(int ncols, int nparams, const double *params);

/* dtree_bins.c */
extern int	edges_room(int edges);
extern double *edges_filled_up(const double *edges, int count);
extern void code_numbers(const double *restrict values, int rows, const double *restrict edges, int room,
						 int null_code, int *restrict codes);
extern void code_levels(const double *restrict values, int rows, int null_code, int *restrict codes);

/* dtree_splits.c */
extern State *dtree_outcome(const State *state);

/* A number among parameters that has to be whole and from low to high. */
extern int	whole_parameter(double value, int low, int high);

static inline uint64
mixed(uint64 hash)
{
	hash ^= hash >> 33;
	hash *= UINT64CONST(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return hash ^ (hash >> 33);
}

#endif
