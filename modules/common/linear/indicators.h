/*
 * indicators.h: categories that come as codes in a pass of iteratively reweighted least squares.
 */
#ifndef MADPY_INDICATORS_H
#define MADPY_INDICATORS_H

#include "irls.h"

/* The categories of a block, and sums by level. */
typedef struct Levels
{
	int			count;			/* categories */
	const Indicators *categories;
	int		  **codes;			/* of each category, of the rows of a chunk */
	double	  **weights;		/* of each category: by code, of all rows of the block */
	double	  **added;			/* of each category: by code, of the rows of the chunk */
	double	  **joint;			/* of each pair of categories d < c, at triangle(c) + d: by both codes */
	double		weight;			/* of all rows of the block */
	double		chunk_weight;	/* of the rows of the chunk */
	double	   *scratch;		/* two numbers for each code of the largest category */
} Levels;

/* The categories of a block; NULL: it has none. */
extern Levels *levels_new(const RowBlock *block);

/* Takes the codes of a chunk, and adds what they add to predictors and their changes; rows beyond `real` have code 0. */
extern void levels_take(Levels *levels, const Body *body, int first, int real, int rows, Scratch *s);

/* Makes the columns z of the indicators of a chunk. */
extern void levels_expand(const Levels *levels, const Body *body, int real, int rows, Scratch *s);

/* Adds the residuals of a chunk, and takes its weights: before levels_add_column(). */
extern void levels_add(Levels *levels, const Body *body, int rows, Scratch *s);

/* Adds the products of the indicators with column i, of which s->weighted has the values times the weights. */
extern void levels_add_column(const Levels *levels, const Body *body, int i, int rows, Scratch *s);

/* Adds the products of indicators with each other, when the block is done. */
extern void levels_finish(const Levels *levels, const Body *body);

#endif
