/*
 * kmeans.h: parameters and sums of the kernels of k-means, distances to centroids, and lists of rows.
 */
#ifndef MADPY_KMEANS_H
#define MADPY_KMEANS_H

#include "numeric/dd.h"
#include "engine/kernel.h"

typedef enum Metric
{
	SQUARED_EUCLIDEAN, COSINE, MANHATTAN
} Metric;

/*
 * Parameters of the kernel "kmeans": the numbers below; a bound of the absolute values of each column; k centroids of d
 * numbers each, NaN for a centroid that is not used.  The columns are the d features, and for "weighted_kmeans" the weight.
 * PARAM_FARTHEST is a bound of the distances, for "weighted_kmeans" of weight times distance; 0 if none is known.
 *
 * Python writes parameters and reads states with layout.py.
 */
enum
{
	PARAM_METRIC, PARAM_MODE, PARAM_SEED, PARAM_FARTHEST, PARAMS_HEAD
};

static inline int64
params_size(int k, int d, int scalars)
{
	return PARAMS_HEAD + d + scalars + (int64) k * d;
}

/* Tasks of a pass besides assigning rows to centroids: see kmeans.c. */
typedef enum PassMode
{
	ASSIGN, FARTHEST, DRAW, QUALITY
} PassMode;

/* Numbers of a row that are summed for its centroid after its features, each times the weight if there is one. */
enum
{
	SUM_DISTANCE, SUM_ONES, SUM_SILHOUETTE, SUMS_EXTRA
};

/* Doubles of a sum: hi and lo of the number of coarse units, then of the number of fine units. */
#define SUM_PARTS 4

/* A number to be summed is less than 2^UNIT_BITS coarse units; a coarse unit is 2^(UNIT_BITS - 1) fine units. */
#define UNIT_BITS 40

static inline int64
sums_size(int k, int d)
{
	return (int64) k * (d + SUMS_EXTRA) * SUM_PARTS;
}

/* Parameters of the kernel "kmeans_sample": the seed, then as many unused numbers as the sample has rows. */
#define SAMPLE_HEAD 1

/* Adds the rows of a block whose weights, in its last column, are above zero, by `add`; counts the others as skipped. */
static inline void
add_weighted(State *state, const RowBlock *block, void (*add) (State *state, const RowBlock *block))
{
	RowBlock	used = positive_frequencies(block, state->ncols);

	add(state, &used);
	state->rows_skipped += block->rows - used.rows;
	free_positive_weights(&used, block, state->ncols);
}

/*
 * A kernel `x` of rows that have as many weights as `weights` says, 0 or 1, which MADPY_KERNEL(x) enters.  Its functions
 * are part_size(d, weights, nparams, params), part_start, part_add and part_merge, and `check_params`, which may be NULL.
 */
#define KMEANS_KERNEL(x, number, part, weights, check_params) \
static int64 x##_size(int ncols, int nparams, const double *params) \
{ return part##_size(ncols - (weights), weights, nparams, params); } \
static void x##_add(State *state, const RowBlock *block) \
{ if (weights) add_weighted(state, block, part##_add); else part##_add(state, block); } \
const Kernel x##_kernel = { \
	.name = #x, \
	.id = number, \
	.scalars = weights, \
	.has_params = true, \
	.sized_by_params = x##_size, \
	.start = part##_start, \
	.check = check_params, \
	.add = x##_add, \
	.merge = part##_merge, \
};

/* Rows of a chunk; a multiple of 8. */
#define KMEANS_CHUNK 128

/* Limit of numbers: squares of their distances, summed over MAX_COLUMNS features, do not overflow. */
#define KMEANS_LARGEST 1e140

/* Space for k centroids, which are compared four at a time; it is padded with NaN, which is never the nearest. */
#define PADDED_CENTROIDS(k) TYPEALIGN(4, k)

/* The nearest centroid of each row of a chunk. */
typedef struct Nearest
{
	double		distance[KMEANS_CHUNK];	/* infinite if there is no centroid or no finite distance */
	double		second[KMEANS_CHUNK];	/* distance to the second nearest, if `want_second` */
	double		index[KMEANS_CHUNK];	/* index of the centroid */
} Nearest;

/* kmeans_chunk.c */
extern const double *chunk_of(const double *column, int rows, double *scratch);
extern void nearest_centroids(Metric metric, bool want_second, const double *const *columns, int d,
							  const double *centroids, int k, Nearest *nearest);
extern void unit_rows(const double *const *columns, int d, double *const *to);
extern void weigh_rows(const double *const *columns, int width, const double *weights, double *const *to);
extern void sum_rows(const double *const *columns, int width, const double *coarse, const double *fine,
					 const int *place, double *const *sums);
extern void check_chunk(const double *const *columns, int d, int rows);

/* kmeans_predict.c */
extern Metric metric_argument(text *name);

/*
 * A part of a kernel's body: the rows with the largest keys, each distinct row once.  Rows of equal keys are ordered by their
 * values, so that the rows kept do not depend on the order in which they are added.
 *
 * The part begins with the number of rows; arrays of `capacity` elements follow in this order.
 */
enum
{
	KEPT_ORDER, KEPT_KEY, KEPT_TIMES, KEPT_ROWS
};

static inline int64
kept_array(int number, int capacity)
{
	return 1 + (int64) number * capacity;
}

static inline int64
kept_size(int capacity, int d)
{
	return kept_array(KEPT_ROWS, capacity) + (int64) capacity * d;
}

typedef struct Kept
{
	int			capacity;
	int			d;
	double	   *count;			/* number of rows, 0 .. capacity */
	double	   *order;			/* slots of the rows, in the order of decreasing keys */
	double	   *key;			/* key of the row in each slot */
	double	   *times;			/* how often the row occurs, or the sum of its weights */
	double	   *rows;			/* d values of the row in each slot */
} Kept;

/* kmeans_rows.c */
extern Kept kept_in(double *body, int capacity, int d);
extern double kept_bound(const Kept *kept);
extern void kept_insert(Kept *kept, double key, double times, const double *row);
extern void kept_merge(Kept *into, const Kept *from);
extern void row_uniforms(const double *const *columns, int d, double seed, double *uniforms);

#endif
