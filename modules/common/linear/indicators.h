/*
 * indicators.h: categories that come as codes in a pass of iteratively reweighted least squares.
 */
#ifndef MADPY_INDICATORS_H
#define MADPY_INDICATORS_H

#include "irls.h"
#include "numeric/places.h"

/*
 * The categories of a block, and sums by place.  A place has a row of sums: the weights of its rows by the places of the
 * categories before its own, then their weights in all, and their residuals.
 */
typedef struct Levels
{
	const Places *places;
	double	   *table;			/* by place: what it adds to the predictor, and to its change */
	double	   *sums;
	double	   *weights;		/* by place, when the block is done */
	const double *zeros;		/* a number for each place, as the next */
	double	   *scratch;
} Levels;

/* The categories of a block; NULL: it has none. */
extern Levels *levels_new(const RowBlock *block, const Body *body);

/* Takes the codes of a chunk, and adds what they add to predictors and their changes; rows beyond `real` have code 0. */
extern void levels_take(const Levels *levels, int first, int real, int rows, Scratch *s);

/* Makes the columns z of the indicators of a chunk. */
extern void levels_expand(const Levels *levels, const Body *body, int real, int rows, Scratch *s);

/* Adds the weights and residuals of a chunk. */
extern void levels_add(const Levels *levels, int rows, const Scratch *s);

/* Adds the products of the indicators with column i, of which s->weighted has the values times the weights. */
extern void levels_add_column(const Levels *levels, const Body *body, int i, int rows, const Scratch *s);

/* Adds the residuals of indicators and their products with each other and with columns of ones, when the block is done. */
extern void levels_finish(const Levels *levels, const Body *body);

#endif
