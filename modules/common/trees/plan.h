/*
 * plan.h: the parameters of a pass: bins, and the tree so far.
 *
 * A feature is a code: of a number the bin it lies in, of a category its place among the levels; the code after the
 * last one is NULL.  A split lies between two bins, or within one, at a value.
 *
 * Parameters, all doubles:
 *   the header, one number for each of Header (layout.h)
 *   per feature: its number of bins, or less than zero: minus its number of levels
 *   unless the columns are codes already: per feature with bins, its edges, one fewer than bins
 *   per node: one number for each of NodeField; the root is node 0, children come after their parent
 *   for splits of categories: the levels that go left, 32 a number; for those within a bin: the bin, and the largest
 *   value that goes left
 *   for COUNTING_AND_BOUND: per feature with bins, those that may hold several values, 32 a number
 *   for COUNTING_INTERVALS: the intervals
 *   for these two, if rows are where the pass before left them: for each node of that pass which one it is now, or -1
 *   for these two: one number for each of TailField
 */
#ifndef MADPY_TREES_PLAN_H
#define MADPY_TREES_PLAN_H

#include "postgres.h"

#include "layout.h"

struct BinInterval;
struct Among;
struct Mask;

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
	int			feature;
	int			bin;			/* of a split within one, else -1 */
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
	bool		weighted;		/* the column behind the target is a weight */
	Counting	counting;
	int			folds;
	int			fold;
	bool		held_out;
	uint64		seed;
	bool		entropy;
	int			min_bucket;
	double		unit;			/* the least that a row counts */
	int			nnodes;
	int			depth;			/* splits from the root to the lowest leaf */
	bool		has_categories;	/* some split is of categories */
	bool		has_thresholds; /* some split is within a bin */
	bool		counts;			/* some node has a slot */
	uint32	   *words;			/* the parameters as sets of levels; NULL: none are needed */
	TreeNode   *nodes;
	int		   *codes;			/* per feature: how many codes, that of NULL among them */
	double	  **edges;			/* per feature: filled up to a power of two less one; NULL: none to look among */
	int		   *edge_capacity;
	bool	   *used;			/* per feature: whether its codes are needed */
	bool	   *is_number;		/* per feature: it has bins, not levels */
	const double *several;		/* for COUNTING_AND_BOUND: where the marks begin */
	int			nmoves;
	int		   *moves;			/* from where the pass before left a row; nnodes: to a node without a slot */
	int			nintervals;
	struct BinInterval *intervals;
	struct Among *among;
	int		   *among_of;		/* slots + 1: where those of each slot begin */
	int			nlisted;		/* features with intervals */
	int		   *listed;
	struct Mask *masks;			/* NULL, or of each of these features: one for each slot */
} Plan;

extern int64 tree_body_size(int features, int nparams, const double *params);
extern const Plan *tree_plan(int features, bool weighted, int nparams, const double *params);

static inline bool
has_histograms(Counting counting)
{
	return counting == COUNTING_CODES || counting == COUNTING_AND_BOUND;
}

#endif
