/*
 * score.h: the tree of a model, and the leaf of a row.
 */
#ifndef MADPY_TREES_SCORE_H
#define MADPY_TREES_SCORE_H

#include "engine/model_row.h"

typedef struct Step
{
	int			feature;		/* -1 for a leaf */
	int			left;
	const int32 *levels;		/* NULL for a split of a number */
	double		threshold;
	bool		null_right;
	int			likeliest;		/* the most frequent class */
} Step;

typedef struct TreeModel
{
	ModelRow   *row;
	int64		nodes;
	Step	   *steps;
	const double *values;
} TreeModel;

/* Returns the tree in an argument, a packed model; `method` is the number of the method in config/Config.yml. */
extern const TreeModel *tree_argument(FunctionCallInfo fcinfo, int arg, uint32 method);

/* Returns the number of the row's leaf. */
extern int	tree_leaf(const TreeModel *tree, const double *x);

#endif
