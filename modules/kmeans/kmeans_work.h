/*
 * kmeans_work.h: the memory of a pass of the kernel "kmeans" over a block of rows, and chunks of them in it.
 */
#ifndef MADPY_KMEANS_WORK_H
#define MADPY_KMEANS_WORK_H

#include "kmeans.h"

typedef struct Work
{
	Metric		metric;
	PassMode	mode;
	double		seed;
	int			d;
	int			k;
	bool		weighted;
	double	   *centroids;		/* PADDED_CENTROIDS(k) x d */
	int			width;			/* numbers in a row to be summed, a multiple of 4 */
	double	   *coarse;			/* of each: what rounds it, sum_rows() */
	double	   *fine;
	double	   *sums;			/* replicas x (k + 1) x 2 x width; the last one takes what fills up a chunk */
	int			replicas;
	int			pending;		/* rows in them */
	const double **features;	/* d columns as they come */
	const double **columns;		/* width columns to be summed */
	const double *weights;		/* of a chunk, if the kernel has them */
	double	  **weighed;		/* width columns: the others times the weights */
	double	   *scratch;			/* 2 d + 1 chunks: features filled up, and of length 1; weights filled up */
	double	   *row;
	double		ones[KMEANS_CHUNK];
	double		zeros[KMEANS_CHUNK];
	double		silhouette[KMEANS_CHUNK];
	Nearest		nearest;
} Work;

/* kmeans_work.c */
extern Work *work_new(const double *params, int k, int d, bool weighted);
extern void work_free(Work *work);
extern void work_take_chunk(Work *work, const RowBlock *block, int first, int rows);
extern void work_silhouettes(Work *work);
extern const double *const *work_summed(const Work *work);
pg_noreturn extern void work_explain(const Work *work, int rows);

#endif
