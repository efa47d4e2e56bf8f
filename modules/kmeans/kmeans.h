/*
 * kmeans.h: distances to centroids, and rows that are worth keeping.
 */
#ifndef MADPY_KMEANS_H
#define MADPY_KMEANS_H

#include "numeric/dd.h"
#include "engine/kernel.h"

typedef enum Metric
{
	SQUARED_EUCLIDEAN, COSINE, MANHATTAN
} Metric;

/* Rows that are worked on at once; a multiple of 8. */
#define KMEANS_CHUNK 128

/* Squares of distances between numbers up to this, summed over MAX_COLUMNS features, are far from overflow. */
#define KMEANS_LARGEST 1e140

/* Centroids are compared four at a time: the room for k of them, the rest NaN, which is never the nearest. */
#define PADDED_CENTROIDS(k) TYPEALIGN(4, k)

/* What is nearest to each row of a chunk. */
typedef struct Nearest
{
	double		distance[KMEANS_CHUNK];	/* infinite: there is no centroid, or no distance */
	double		second[KMEANS_CHUNK];	/* to the second nearest, where asked for */
	double		index[KMEANS_CHUNK];	/* of the centroid */
} Nearest;

/* kmeans_chunk.c */
extern const double *chunk_of(const double *column, int rows, double *room);
extern void nearest_centroids(Metric metric, bool want_second, const double *const *columns, int d,
							  const double *centroids, int k, Nearest *nearest);
extern void unit_rows(const double *const *columns, int d, double *const *to);
extern void sum_rows(const double *const *columns, int width, const double *coarse, const double *fine,
					 const int *place, double *const *sums);
extern void check_chunk(const double *const *columns, int d, int rows);

/* kmeans_predict.c */
extern Metric metric_argument(text *name);

/*
 * The rows with the largest keys, each distinct row once: a part of a kernel's body.  Rows of equal keys are in the
 * order of their values, so that what is kept depends on the rows and not on the order in which they came.
 */
typedef struct Kept
{
	int			capacity;
	int			d;
	double	   *count;			/* rows kept, 0 .. capacity */
	double	   *order;			/* their slots, by falling key */
	double	   *key;			/* of each slot, as the next two */
	double	   *times;			/* how often the row came */
	double	   *rows;			/* its d values */
} Kept;

/* kmeans_rows.c */
extern int64 kept_size(int capacity, int d);
extern Kept kept_in(double *body, int capacity, int d);
extern double kept_bound(const Kept *kept);
extern void kept_insert(Kept *kept, double key, double times, const double *row);
extern void kept_merge(Kept *into, const Kept *from);
extern void row_uniforms(const double *const *columns, int d, double seed, double *uniforms);

#endif
