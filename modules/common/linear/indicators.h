/*
 * indicators.h: categories that come as codes in a pass of iteratively reweighted least squares.
 */
#ifndef MADPY_INDICATORS_H
#define MADPY_INDICATORS_H

#include "irls.h"
#include "numeric/places.h"

/*
 * The categories of a block, and sums for each place (a code of a category, see numeric/places.h).  A place has a row of
 * sums: the weights of its rows for each place of earlier categories, then all their weights, then their residuals.
 */
typedef struct Levels
{
	const Places *places;
	bool		as_columns;		/* indicators are computed as columns: see needs_columns() */
	double	   *table;			/* for each place, what it adds to the predictor and to its change */
	double	   *sums;
	double	   *weights;		/* for each place, the sum of its weights at the end of the block */
	const double *zeros;		/* zeros, one for each place */
	double	   *scratch;
} Levels;

/* Returns the categories of a block, NULL if it has none. */
extern Levels *levels_new(const RowBlock *block, const Body *body);

/* Reads the codes of a chunk, and adds their terms to the predictors and changes; rows beyond `real` have code 0. */
extern void levels_take(const Levels *levels, int first, int real, int rows, Scratch *s);

/* Computes the columns z of the indicators of a chunk. */
extern void levels_expand(const Levels *levels, const Body *body, int real, int rows, Scratch *s);

/* Adds the weights and residuals of a chunk. */
extern void levels_add(const Levels *levels, int rows, const Scratch *s);

/* Adds the products of the indicators with column i; s->weighted has the column times the weights. */
extern void levels_add_column(const Levels *levels, const Body *body, int i, int rows, const Scratch *s);

/* Adds, at the end of a block, the residuals of indicators and their products with each other and with columns of ones. */
extern void levels_finish(const Levels *levels, const Body *body);

#endif
