/*
 * boost.h: gradient boosting of trees that are grown leaf by leaf, from coded rows.
 *
 * Each round computes the gradient of the loss at every row, and grows a tree for each output that predicts it.  Gradients
 * are rounded to integers, at random so that sums are right on average: sums of them are exact, whatever the order of the
 * rows.  So a model has the same bits whatever the number of workers.  The numbers of leaves follow from exact gradients.
 */
#ifndef MADPY_BOOST_H
#define MADPY_BOOST_H

#include "boost_layout.h"
#include "common/trees/grown_tree.h"

typedef struct BoostSettings
{
	BoostObjective objective;
	double		alpha;
	int			rounds;
	double		learning_rate;
	int			max_leaves;
	int			max_depth;
	double		min_child;
	double		l1;
	double		l2;
	double		subsample;
	int			num_features;
	double		validation;
	bool		is_marked;
	int			patience;
	bool		is_balanced;
	bool		is_constrained; /* some feature is monotone */
	uint64		seed;
	double	   *numbers;		/* the weight of each class, then the direction of each feature: -1, 0 or 1 */
} BoostSettings;

/* The result of a round. */
typedef struct BoostRound
{
	double		loss;			/* mean over the rows of the training */
	double		held_loss;		/* mean over the rows held out */
	int			leaves;
	int			depth;
} BoostRound;

/* The model of a group. */
typedef struct GroupBoost
{
	int			rounds;			/* rounds that were made; 0: the group has no rows */
	int			best;			/* rounds that the model has */
	GrownTree **trees;			/* a tree for each round and output */
	BoostRound *round;
	double	   *gains;			/* a number for each feature */
	double	   *start;			/* a number for each output */
	double	   *class_rows;		/* for each class the sum of the weights of its rows */
	double		weight;			/* sum of the weights of the rows */
	double		rows;			/* rows of the training, and rows held out */
	double		held;
} GroupBoost;

/* The models of a store. */
typedef struct Boosts
{
	BoostSettings settings;
	int			features;
	int			outputs;
	GroupBoost *groups;
} Boosts;

typedef struct Gradient
{
	float		slope;			/* the first derivative of a row's loss */
	float		curve;			/* the second one, or what takes its place */
} Gradient;

/* A row's gradient as integers, in one of 64 bits: 28 bits of the slope, 24 of the curve, 12 of the number of rows. */
typedef uint64 Packed;

#define MOST_SLOPE 32767		/* largest slope of a row */
#define MOST_CURVE 4095
#define ROWS_OF_SUM 4095		/* sums of more rows would overflow */

/* Sums over the rows of a node, by feature and code. */
typedef struct Histogram
{
	int64	   *slope;
	int64	   *curve;
	int32	   *rows;
	struct Histogram *next;		/* in a list of unused ones */
} Histogram;

/* Sums over some rows. */
typedef struct NodeSums
{
	int64		slope;
	int64		curve;
	int64		rows;
} NodeSums;

/* The numbers that the gradients of a tree are multiples of. */
typedef struct Units
{
	double		slope;
	double		curve;
} Units;

/* A training of one group; workers share it, and all that it points to, if the rows are shared and the group is large. */
typedef struct Fit
{
	const BoostSettings *settings;
	const CodedFeature *coding;
	bool		is_shared;
	MemoryContext context;		/* everything is allocated in it */
	MemoryContext scratch;		/* memory of the tree that is grown */
	int			features;
	int			stride;			/* bytes of a row's codes */
	int			classes;
	int			outputs;
	int			count;			/* rows of the training */
	int			total;			/* rows of the training, then rows held out */
	const uint8 *codes;			/* codes, row by row */
	uint8	   *columns;		/* codes, feature by feature */
	const double *target;
	double	   *weight;			/* NULL: all 1 */
	double	   *scores;			/* a score for each output and row */
	double	   *log_sum;		/* several classes: for each row the logarithm of the sum of exp(score) */
	Gradient   *gradient;
	Packed	   *packed;
	uint32	   *order;			/* rows that a tree is grown from, node by node */
	uint32	   *moved;
	uint32	   *others;			/* rows of the training that it is not grown from, then rows held out */
	int			drawn;			/* number of rows in `order` */
	/* the tree that is grown */
	int			tree_number;
	GrownTree  *tree;
	Units		units;
	int		   *used;			/* features that it may use */
	int			used_count;
	int		   *offset;			/* for each feature where it begins in a histogram */
	int			cells;			/* length of a histogram */
	Histogram  *unused;
	Packed	   *sums;			/* a histogram of at most ROWS_OF_SUM rows, for each task */
	int64	   *partial;		/* slopes, curves and rows, for each task */
	GrownTree  *walked;			/* a copy of the tree, which workers share */
	struct OpenLeaf *leaves;
	struct Chunked *chunked;
} Fit;

/* boost_objective.c: sets the start of each output. */
extern void start_scores(Fit *fit, double *start);

/* Sums of a range of rows. */
typedef struct LossSums
{
	double		loss;
	double		weight;
	double		largest_slope;
	double		largest_curve;
} LossSums;

/* boost_objective.c: computes the gradients of an output for rows from..to-1, of which none or all are held out. */
extern LossSums set_gradients(Fit *fit, int output, int from, int to);

/* boost_objective.c: the loss of rows from..to-1, summed up; of more than two classes sets log_sum. */
extern LossSums sum_losses(Fit *fit, int from, int to);

/* boost_objective.c: rounds the gradients of rows from..to-1. */
extern void pack_gradients(Fit *fit, int from, int to);

/* boost_leaf.c: returns the number of a leaf, given its rows; sets the sum of their weights. */
extern double leaf_value(const Fit *fit, int output, const uint32 *rows, int count, double lower, double upper, double *cover);

/* boost_leaf.c: returns a quantile of some values by their weights (NULL: all 1). */
extern double weighted_quantile(const double *values, const double *weights, int count, double share);

/* boost_sums.c: adds rows to sums of slopes, curves and rows; `sums` are zeros before and after it. */
extern void add_sums(const Fit *fit, const uint32 *rows, int count, Packed *sums, int64 *slope, int64 *curve, int32 *number);

/* boost_histogram.c */
extern void alloc_histograms(Fit *fit);
extern Histogram *new_histogram(Fit *fit);
extern void free_histogram(Fit *fit, Histogram *histogram);
extern void sum_histogram(Fit *fit, int from, int to, Histogram *histogram);
extern void subtract_histogram(const Fit *fit, Histogram *from, const Histogram *histogram);

/* A split of a node, and what it gains. */
typedef struct BoostSplit
{
	double		gain;			/* 0: there is none */
	CodeSplit	split;
	NodeSums	first;
	double		first_value;	/* predictions of the children */
	double		second_value;
} BoostSplit;

/* boost_split.c: finds the best split of a node whose leaves predict numbers from lower to upper. */
extern BoostSplit best_split(const Fit *fit, const Histogram *histogram, const NodeSums *node, double lower, double upper);

/* boost_split.c: the number that a leaf predicts, before it is made smaller by the learning rate. */
extern double best_value(const BoostSettings *settings, double slope, double curve, double lower, double upper);

/* boost_grow.c: grows the tree of an output, adds it to the scores, and adds the gains of its splits by feature. */
extern void grow_boost_tree(Fit *fit, int output, double *gains);

/* boost_chunk.c: tasks of a training. */
typedef struct Chunked
{
	Fit		   *fit;
	int			output;
	int			from;
	int			to;
	int			per_task;
	int			step;			/* a ChunkStep */
	int			feature;		/* the feature of a split */
	bool		goes_first[MOST_CODES + 1];
	LossSums   *results;		/* a result for each task */
	int		   *firsts;			/* for each task the rows that go to the first child */
} Chunked;

typedef enum ChunkStep
{
	STEP_GRADIENTS,
	STEP_LOSSES,
	STEP_PACK,
	STEP_SUM,
	STEP_PART,
	STEP_LEAF,
	STEP_OTHERS
} ChunkStep;

/* Does a step for all rows, or what they are, from `from` up to `to`, in tasks of `per_task`; returns their number. */
extern int	run_chunks(Fit *fit, ChunkStep step, int from, int to, int per_task);

/* A leaf while a tree is grown. */
typedef struct OpenLeaf
{
	int			node;
	int			depth;
	int			from;			/* its rows in `order` */
	int			to;
	NodeSums	sums;
	double		lower;
	double		upper;
	Histogram  *histogram;		/* NULL: not kept */
	BoostSplit	best;
	double		value;			/* its number in the tree */
	double		cover;			/* the sum of its rows' weights */
} OpenLeaf;

#define MOST_TASKS 64			/* tasks of a step */
#define SUM_TASKS 16			/* tasks of a histogram */
#define ROWS_OF_TASK 16384		/* at least */

#define ROWS_AHEAD 16			/* rows whose memory is fetched before it is needed */

/* Returns a row that a loop over some rows comes to soon. */
static inline uint32
row_ahead(const uint32 *rows, int row, int count)
{
	return rows[row + ROWS_AHEAD < count ? row + ROWS_AHEAD : count - 1];
}

/* Returns the rows of each task. */
static inline int
rows_per_task(int rows)
{
	return Max(ROWS_OF_TASK, (rows + MOST_TASKS - 1) / MOST_TASKS);
}

/*
 * boost_fit.c: trains the model of a group, in the current memory context.  With `is_shared` workers take part, which is not
 * possible within a task of them.
 */
extern GroupBoost fit_boost(const CodedRows *rows, const BoostSettings *settings, int group, bool is_shared);
extern int	outputs_of(const BoostSettings *settings, int classes);

/* boost_fit.c: allocates memory of a training. */
extern void *fit_alloc(const Fit *fit, Size size);

/* boost_run.c: trains the models of all groups. */
extern void train_groups(Store *store, Boosts *boosts);

/* A random number of 64 bits that follows from a seed and three numbers. */
static inline uint64
random_of(uint64 seed, uint32 what, uint64 number)
{
	uint64		hash = seed * UINT64CONST(0x9E3779B97F4A7C15) + ((uint64) what << 40) + number;

	hash = (hash ^ (hash >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	hash = (hash ^ (hash >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return hash ^ (hash >> 31);
}

#define DRAWS_VALIDATION 1		/* `what` */
#define DRAWS_FEATURES 2
#define DRAWS_ROWS 3			/* this and the number of the round */

/* Tells whether a random number is below a share. */
static inline bool
is_drawn(uint64 random, double share)
{
	return (random >> 11) * 0x1p-53 < share;
}

#endif
