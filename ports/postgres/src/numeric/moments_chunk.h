/*
 * moments_chunk.h: chunks, the parts of a block that moments.c and moments_indicators.c work on at once.
 */
#ifndef MADPY_MOMENTS_CHUNK_H
#define MADPY_MOMENTS_CHUNK_H

#include "moments.h"

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

/* Categories of a block that come as codes. */
typedef struct Joint
{
	const RowBlock *block;
	int		   *codes;			/* of a chunk, CHUNK of each category */
	int		  **counts;			/* rows of the block by the codes of two categories */
} Joint;

extern Joint *moments_joint(const RowBlock *block);

/* Adds the sums of indicators, without products of two categories; the chunk begins at row `first` of the block. */
extern void moments_add_indicators(double *body, const Chunk *chunk, Joint *joint, int first);

/* Adds the products of indicators of two categories, after all chunks of the block. */
extern void moments_add_joint(double *body, const Joint *joint);

#endif
