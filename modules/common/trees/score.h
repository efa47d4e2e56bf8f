/*
 * score.h: trees of a model, and the leaf that a row falls into.
 */
#ifndef MADPY_TREES_SCORE_H
#define MADPY_TREES_SCORE_H

#include "engine/model_row.h"

typedef struct Step
{
	int			feature;		/* -1: a leaf */
	int			left;
	const int32 *levels;		/* NULL: a split of numbers */
	double		threshold;
	bool		null_right;
	int			likeliest;		/* class */
} Step;

typedef struct TreeModel
{
	ModelRow   *row;
	int64		nodes;
	Step	   *steps;
	const double *values;
} TreeModel;

/* Returns the tree in an argument, a packed model of a method, given by its number in config/Config.yml. */
extern const TreeModel *tree_argument(FunctionCallInfo fcinfo, int arg, uint32 method);

/* Returns the leaf that a row falls into. */
extern int	tree_leaf(const TreeModel *tree, const double *x);

#endif
