/*
 * dtree.h: what a pass of the kernel "dtree" is told: bins, and the tree so far.
 *
 * A feature is a code: of a number the bin it lies in, of a category its place among the levels; the code after the
 * last one is NULL.  Bin b holds the values above edge b - 1 and up to edge b.  A split lies between two bins, or within
 * one, at a value.
 *
 * Parameters, all doubles:
 *   the header, one number for each of Header
 *   per feature: its number of bins, or less than zero: minus its number of levels
 *   unless the columns are codes already: per feature with bins, its edges, one fewer than bins
 *   per node: one number for each of NodeField; the root is node 0, children come after their parent
 *   for splits of categories: the levels that go left, 32 a number; for those within a bin: the bin, and the largest
 *   value that goes left
 *   for COUNT_AND_BOUND: per feature with bins, those that may hold several values, 32 a number
 *   for COUNT_INTERVALS: the intervals (dtree_intervals.c)
 *   for these two, if rows are where the pass before left them: for each node of that pass which one it is now, or -1
 *   for these two: where those begin, and how many there are; where marks or intervals begin, and how many intervals
 */
#ifndef MADPY_DTREE_H
#define MADPY_DTREE_H

#include "engine/kernel.h"

extern const Kernel dtree_kernel;
extern const Kernel dtree_sample_kernel;

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
	HISTOGRAMS,					/* one of Counting */
	FOLDS,						/* 0: all rows count */
	FOLD,
	HELD_OUT,					/* 0: the rows outside the fold count, 1: those in it */
	SEED,						/* of the folds */
	ENTROPY,					/* 1: classes are split by entropy, 0: by Gini's index */
	MIN_BUCKET,					/* rows that a side of a split must have */
	HEADER
} Header;

/* The ways in which a pass counts rows, and their outcomes. */
typedef enum Counting
{
	COUNT_SLOTS,				/* by slot */
	COUNT_CODES,				/* by slot and code of each feature: the best splits between bins */
	COUNT_AND_BOUND,			/* and the bins within which there may be a better one */
	COUNT_INTERVALS				/* by parts of such bins: the best splits within them */
} Counting;

typedef enum NodeField
{
	FEATURE,					/* -1: a leaf */
	LEFT,						/* children */
	RIGHT,
	SPLIT,						/* last bin that goes left; of categories: where their levels are, among the numbers;
								 * within a bin: -1 - where it and the value are */
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
	int			feature;
	int			bin;			/* of a split within one, else -1 */
	double		threshold;
	int			null_code;
	bool		null_right;
} TreeNode;

/* A part of a bin, in one node: its rows are counted by parts of it. */
typedef struct BinInterval
{
	int			slot;
	int			bin;
	double		low;			/* its values are from low */
	double		high;			/* to high */
	double		from;			/* where the first part begins; what is below is in it, as is above in the last one */
	double		scale;			/* parts per unit */
	bool		linear;			/* the unit is the feature's, else a step from a double to the next */
	int			parts;
	int64		cell;			/* where its cells begin */
	const double *given;		/* its parameters */
} BinInterval;

/* The intervals of one feature in one node. */
typedef struct Among
{
	int			feature;
	int			first;
	int			last;
	int			lowest;			/* bin */
	int			bins;			/* from that one on */
	int			most;			/* intervals of one bin, less one */
	int		   *by_bin;			/* NULL, or of each bin the first of its intervals, -1 for none */
} Among;

/* Which bins of a feature in a node have an interval, small enough for many to stay in the cache. */
typedef struct Mask
{
	int			lowest;			/* bin */
	unsigned	bins;			/* from that one on */
	int			shift;			/* bins >> shift are less than 128 */
	int			among;
	uint64		bits[2];		/* by bin >> shift */
} Mask;

typedef struct Plan
{
	int			features;
	int			classes;
	int			slots;
	int			stats;			/* numbers in a cell */
	bool		coded;
	Counting	counting;
	int			folds;
	int			fold;
	bool		held_out;
	uint64		seed;
	bool		entropy;
	int			min_bucket;
	int			nnodes;
	int			depth;			/* splits from the root to the lowest leaf */
	bool		has_categories;	/* some split is of categories */
	bool		has_thresholds; /* some split is within a bin */
	bool		counts;			/* some node has a slot */
	uint32	   *words;			/* the parameters as sets of levels; NULL: none are needed */
	TreeNode   *nodes;
	int		   *codes;			/* per feature: how many codes, that of NULL among them */
	double	  **edges;			/* per feature: filled up to a power of two less one; NULL: none to look among */
	int		   *edge_room;
	bool	   *used;			/* per feature: whether its codes are needed */
	bool	   *is_number;		/* per feature: it has bins, not levels */
	const double *several;		/* for COUNT_AND_BOUND: where the marks begin */
	int			nmoves;
	int		   *moves;			/* from where the pass before left a row; nnodes: to a node without a slot */
	int			nintervals;
	BinInterval   *intervals;
	Among	   *among;
	int		   *among_of;		/* slots + 1: where those of each slot begin */
	int			nlisted;		/* features with intervals */
	int		   *listed;
	Mask	   *masks;			/* NULL, or of each of these features: one for each slot */
} Plan;

/* Rows of a pass, a chunk of them. */
typedef struct Chunk
{
	int			rows;
	int		   *codes;			/* feature by feature, DTREE_CHUNK apart */
	int			node[DTREE_CHUNK];
	int			kept;			/* rows that are counted */
	int			row[DTREE_CHUNK];	/* which they are */
	int			slot[DTREE_CHUNK];
	int			class[DTREE_CHUNK];
	double		target[DTREE_CHUNK];
} Chunk;

/* Numbers that lie behind all other parameters. */
#define TAIL_NUMBERS 4

/* A growing array of numbers. */
typedef struct Numbers
{
	double	   *data;
	int64		count;
	int64		room;
} Numbers;

/* dtree_plan.c */
extern int64 dtree_body_size(int ncols, int nparams, const double *params);
extern const Plan *dtree_plan(int ncols, int nparams, const double *params);

/* dtree_bins.c */
extern int	edges_room(int edges);
extern double *edges_filled_up(const double *edges, int count);
extern void code_numbers(const double *restrict values, int rows, const double *restrict edges, int room,
						 int null_code, int *restrict codes);
extern void code_levels(const double *restrict values, int rows, int null_code, int *restrict codes);
extern void known_codes(const uint16 *restrict stored, int rows, int null_code, int *restrict codes);

/* dtree_splits.c */
extern State *dtree_outcome(const State *state);
extern double *more_numbers(Numbers *numbers, int count);
extern State *outcome_of(const State *state, const double *numbers, int64 count, const Numbers *list, int width);

/* dtree_intervals.c */
extern int64 interval_cells(int stats, int nparams, const double *params);
extern void read_intervals(Plan *plan, int nparams, const double *params);
extern void start_intervals(double *cells, int64 count, int stats);
extern bool are_placed(const Plan *plan, const RowBlock *block);
extern void count_placed(const Plan *plan, const RowBlock *block, double *cells);
extern void count_intervals(const Plan *plan, const RowBlock *block, int first, const Chunk *chunk, double *cells);
extern void merge_intervals(double *into, const double *from, int64 count, int stats);
extern State *interval_outcome(const Plan *plan, const State *state);

static inline bool
has_histograms(Counting counting)
{
	return counting == COUNT_CODES || counting == COUNT_AND_BOUND;
}

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
