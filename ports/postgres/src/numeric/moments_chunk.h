/*
 * moments_chunk.h: chunks, the parts of a block that moments.c and moments_indicators.c work on at once.
 */
#ifndef MADPY_MOMENTS_CHUNK_H
#define MADPY_MOMENTS_CHUNK_H

#include "moments.h"
#include "places.h"

/* Rows worked on at once: a dozen columns of them stay in the first-level cache. */
#define CHUNK 256

DD_INLINE void
accumulate(double *pair, dd value)
{
	dd			sum = dd_add((dd) {pair[0], pair[1]}, value);

	pair[0] = sum.hi;
	pair[1] = sum.lo;
}

/* One chunk of a block; rows is a multiple of LANES, beyond `real` all columns are zeros. */
typedef struct Chunk
{
	int			m;
	int			real;
	int			rows;
	const double **columns;		/* m, less their pivots; NULL: an indicator */
	const double **lows;		/* m: what the subtraction of the pivot lost, NULL: nothing */
	const double *weights;		/* NULL: 1 */
	double	   *high;			/* scratch, for w z_i */
	double	   *low;
	bool	   *ones;			/* m: all values are 1, an intercept: its products are sums we have */
} Chunk;

/*
 * Categories of a block that come as codes.  A place has a row of counts: its rows by the places of the categories before
 * its own, then all of them.
 */
typedef struct Joint
{
	const Places *places;
	int		   *counts;
	double	  **sums;			/* of each column: by place the sum of whole numbers, NULL: there were none */
	bool		exact;			/* the rows of the block are so few that sums of whole numbers are */
} Joint;

/* Returns counts of zero; NULL: the block has no categories. */
extern Joint *moments_joint(const RowBlock *block, int m);

/* Counts a chunk, which begins at `first` in the block, and adds the products of indicators with numbers. */
extern void moments_add_indicators(double *body, const Chunk *chunk, Joint *joint, int first);

/* Adds the counts, and the sums of whole numbers, after all chunks of the block. */
extern void moments_add_joint(double *body, int m, const Joint *joint, int rows);

#endif
