/*
 * score.c: checks the tree of a model, and finds the leaf of a row.
 *
 * Arrays of a model (layout.h: ModelArray; model.py writes them).  The root is the first of N nodes, children come after their
 * parent, and the right child is the node after the left one:
 *   shape       int32   K, the number of classes, 0 for a regression; for each feature 0, or the number of its levels
 *   steps       int32   for each node: one number for each of StepField
 *   thresholds  double  for each node: the largest value that goes left
 *   levels      int32   bitmaps of the levels that go left; the lowest bit is the first level
 *   values      double  for each node: the mean, or the share of each class
 *   ends        int32   where each text ends (model_row.h)
 *   texts       int32   texts
 *
 * A level that did not occur in training goes the same way as NULL.
 */
#include "score.h"

#include <math.h>

#include "layout.h"

static int
likeliest(const double *shares, int classes)
{
	int			best = 0;

	for (int c = 1; c < classes; c++)
		if (shares[c] > shares[best])
			best = c;
	return best;
}

static Step
check_step(const TreeModel *tree, int64 n, const int32 *fields, const Array *levels)
{
	Step		step = {
		.feature = fields[STEP_FEATURE],
		.left = fields[STEP_LEFT],
		.null_right = fields[STEP_NULL_RIGHT] == 1
	};
	int			count;

	if (step.feature == -1)
		return step;
	if (step.feature < 0 || step.feature >= tree->row->features)
		model_damaged("a feature of a node does not exist");
	if (step.left <= n || step.left >= tree->nodes - 1)
		model_damaged("a child of a node does not exist");
	count = tree->row->levels[step.feature];
	if (count > 0)
	{
		if (fields[STEP_LEVELS] < 0 || (int64) fields[STEP_LEVELS] + (count - 1) / 32 >= levels->count)
			model_damaged("the levels of a node do not exist");
		step.levels = levels->integers + fields[STEP_LEVELS];
	}
	return step;
}

static void
check_tree(Model *model)
{
	TreeModel  *tree = palloc0(sizeof(TreeModel));
	const int32 *fields = model_integers(model, MODEL_STEPS, -1);
	int64		count = model->arrays[MODEL_STEPS].count;
	const double *thresholds;
	int			width;

	if (model->narrays != MODEL_FIELDS || count < STEP_FIELDS || count % STEP_FIELDS != 0)
		model_damaged("it has no nodes");
	tree->nodes = count / STEP_FIELDS;
	tree->row = model_row(model, MODEL_SHAPE, MODEL_ENDS, MODEL_TEXTS);
	width = Max(tree->row->classes, 1);
	thresholds = model_doubles(model, MODEL_THRESHOLDS, tree->nodes);
	model_integers(model, MODEL_LEVELS, -1);
	tree->values = model_doubles(model, MODEL_VALUES, tree->nodes * width);
	tree->steps = palloc_extended(tree->nodes * sizeof(Step), MCXT_ALLOC_HUGE);
	for (int64 n = 0; n < tree->nodes; n++)
	{
		tree->steps[n] = check_step(tree, n, fields + STEP_FIELDS * n, &model->arrays[MODEL_LEVELS]);
		tree->steps[n].threshold = thresholds[n];
		tree->steps[n].likeliest = likeliest(tree->values + n * width, width);
	}
	model->checked = tree;
}

int
tree_leaf(const TreeModel *tree, const double *x)
{
	const Step *steps = tree->steps;
	int			n = 0;

	while (steps[n].feature >= 0)
	{
		const Step *step = &steps[n];
		double		value = x[step->feature];
		bool		right;

		if (step->levels == NULL)
			right = isnan(value) ? step->null_right : value > step->threshold;
		else if (!is_code(value, tree->row->levels[step->feature]))
			right = step->null_right;
		else
			right = !(((uint32) step->levels[(int) value / 32] >> ((int) value % 32)) & 1);
		n = step->left + right;
	}
	return n;
}

const TreeModel *
tree_argument(FunctionCallInfo fcinfo, int arg, uint32 method)
{
	return model_argument(fcinfo, arg, method, check_tree)->checked;
}
