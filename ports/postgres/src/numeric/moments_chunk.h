/*
 * moments_chunk.h: types and functions that the moments*.c files share.
 */
#ifndef MADPY_MOMENTS_CHUNK_H
#define MADPY_MOMENTS_CHUNK_H

#include "moments.h"
#include "places.h"

/* Rows of a chunk, so few that a dozen columns of them stay in the first-level cache. */
#define CHUNK 256

DD_INLINE void
accumulate(double *pair, dd value)
{
	dd			sum = dd_add((dd) {pair[0], pair[1]}, value);

	pair[0] = sum.hi;
	pair[1] = sum.lo;
}

/* Returns a pointer to the sum of the products of columns i and j, counted from 0; -1 is the column of ones, z_0. */
DD_INLINE double *
moments_pair(double *body, int i, int j)
{
	return body + 2 * moment_pair(Max(i, j) + 1, Min(i, j) + 1);
}

/* Some rows of a block: `real` rows, padded with zeros to `rows`, a multiple of LANES. */
typedef struct Chunk
{
	int			m;
	int			real;
	int			rows;
	const double **columns;		/* m columns less their pivots; NULL for an indicator */
	const double **lows;		/* m: rounding errors of the subtraction of pivots; NULL if it was exact */
	const double *weights;		/* NULL if all are 1 */
	double	   *high;			/* space for w z_i */
	double	   *low;
	bool	   *ones;			/* m: whether all values are 1, as in an intercept, whose products are sums of the other column */
} Chunk;

/*
 * Sums for the categories of a block that come as codes.  Each place (a code of a category, see places.h) has a row of
 * counts: of its rows by the places of earlier categories, and last of all its rows.
 */
typedef struct Joint
{
	const Places *places;
	int		   *counts;			/* NULL if rows have weights */
	double	  **sums;			/* for each column, the sum of its whole numbers in each place; NULL before the first */
	bool		exact;			/* whether sums of whole numbers are exact, because the block has few rows */
	dd		   *weights;		/* if rows have weights: sums of these, in the layout of `counts` */
	dd		  **weighted;		/* for each column, the sum of numbers times weights in each place; NULL before the first */
} Joint;

/* Returns counts, or sums of weights, that are all 0; NULL if the block has no categories. */
extern Joint *moments_joint(const RowBlock *block, int m, bool weighted);

/* Counts a chunk, which begins at `first` in the block, and adds the products of indicators with numbers. */
extern void moments_add_indicators(double *body, const Chunk *chunk, Joint *joint, int first);

/* Adds the counts, and the sums of whole numbers, after all chunks of the block. */
extern void moments_add_joint(double *body, int m, const Joint *joint, int rows);

/* moments_weighted.c: sums a chunk of rows with weights, and adds the sums when the block is done. */
extern void moments_weigh_indicators(const Chunk *chunk, Joint *joint, int first);
extern void moments_add_weights(double *body, int m, const Joint *joint);

#endif
