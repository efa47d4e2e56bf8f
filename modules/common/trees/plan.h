/*
 * plan.h: the parameters of a pass: bins, and the tree so far.
 *
 * Features are coded: a number as its bin, a category as the index of its level; NULL has the code after the last one.  A
 * split is between two bins, or within a bin at a value.
 *
 * Parameters, all doubles:
 *   the header, one number for each of Header (layout.h)
 *   for each feature: its number of bins, or minus its number of levels
 *   unless the columns are codes already, for each feature with bins: its edges, one fewer than bins
 *   for each node: one number for each of NodeField; the root is node 0, and children come after their parent
 *   for splits of categories: a bitmap of the levels that go left, 32 bits in a number; for splits within a bin: the bin, and
 *   the largest value that goes left
 *   for COUNTING_AND_BOUND, for each feature with bins: a bitmap of the bins that may have several values (the marks)
 *   for COUNTING_INTERVALS: the intervals
 *   for these two, if rows have the nodes of the previous pass: the number of each of those nodes now, or -1 (the moves)
 *   for these two: one number for each of TailField
 */
#ifndef MADPY_TREES_PLAN_H
#define MADPY_TREES_PLAN_H

#include "postgres.h"

#include "layout.h"

struct BinInterval;
struct Among;
struct Mask;

/* A node, for fast decisions: a row goes right if code - from, as an unsigned number, is less than span. */
typedef struct TreeNode
{
	int			codes;			/* offset of the feature's codes in a chunk */
	unsigned	from;
	unsigned	span;
	int			child[2];
	int			slot;
	double		shift;
	const uint32 *levels;		/* for a category: bitmap of levels that go left, else NULL */
	int			feature;
	int			bin;			/* for a split within a bin: that bin, else -1 */
	double		threshold;
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
	bool		weighted;		/* the column after the target is a weight */
	Counting	counting;
	int			folds;
	int			fold;
	bool		held_out;
	uint64		seed;
	bool		entropy;
	int			min_bucket;
	double		unit;			/* the smallest weight of a row */
	int			nnodes;
	int			depth;			/* splits from the root to the lowest leaf */
	bool		has_categories;	/* some split is of categories */
	bool		has_thresholds; /* some split is within a bin */
	bool		counts;			/* some node has a slot */
	uint32	   *words;			/* the parameters as bitmaps of levels; NULL if none are needed */
	TreeNode   *nodes;
	int		   *codes;			/* for each feature: its number of codes, including that of NULL */
	double	  **edges;			/* for each feature: its edges, padded (see padded_edges()); NULL if it needs none */
	int		   *edge_capacity;
	bool	   *used;			/* for each feature: whether its codes are needed */
	bool	   *is_number;		/* for each feature: whether it has bins, not levels */
	const double *several;		/* for COUNTING_AND_BOUND: the marks */
	int			nmoves;
	int		   *moves;			/* new number of each node of the previous pass; nnodes stands for a node without a slot */
	int			nintervals;
	struct BinInterval *intervals;
	struct Among *among;
	int		   *among_of;		/* slots + 1: first element of `among` for each slot */
	int			nlisted;		/* features with intervals */
	int		   *listed;
	struct Mask *masks;			/* NULL, or for each of these features a mask for each slot */
} Plan;

extern int64 tree_body_size(int features, int nparams, const double *params);
extern const Plan *tree_plan(int features, bool weighted, int nparams, const double *params);

static inline bool
has_histograms(Counting counting)
{
	return counting == COUNTING_CODES || counting == COUNTING_AND_BOUND;
}

#endif
