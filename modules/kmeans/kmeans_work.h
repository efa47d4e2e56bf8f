/*
 * kmeans_work.h: working memory of the kernel "kmeans" for a block of rows, which it processes in chunks.
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
	double	   *coarse;			/* `width` constants that round numbers: see sum_row() */
	double	   *fine;
	double	   *sums;			/* replicas x (k + 1) x 2 x width; the last of k + 1 is for the padding of chunks */
	int			replicas;
	int			pending;		/* rows in `sums` */
	const double **features;	/* d columns of features */
	const double **columns;		/* width columns to be summed */
	const double *weights;		/* weights of the chunk; NULL without weights */
	double	  **weighed;		/* width columns: `columns` times the weights */
	double	   *scratch;			/* 2 d + 1 columns: padded features, features of rows of length 1, padded weights */
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
