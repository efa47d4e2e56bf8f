/*
 * dtree_predict.c: decision trees, one row scored.
 *
 * Arrays of a model (modules/dtree/model.py writes them), N nodes, the root first, children behind their parent and the
 * right one behind the left one:
 *   0  int32   K, the number of classes, 0 for a regression; for each feature 0, or the number of its levels
 *   1  int32   per node: its feature, -1 in a leaf; its left child; 1 where NULL goes right, else 0; of a split of
 *              levels: where they begin in array 3
 *   2  double  per node: the largest value that goes left
 *   3  int32   sets of levels that go left, a bit each, the first level the lowest
 *   4  double  per node: the mean, or the share of each class
 *   5  int32   where texts end (model_row.h)
 *   6  int32   texts
 *
 * A level that was not there in training goes where NULL goes.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "dtree_model.h"
#include "engine/model_row.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/tuplestore.h"

typedef struct Step
{
	int			feature;		/* -1: a leaf */
	int			left;
	const int32 *levels;		/* NULL: a split of numbers */
	double		threshold;
	bool		null_right;
	int			likeliest;		/* class */
} Step;

typedef struct DTree
{
	ModelRow   *row;
	int64		nodes;
	Step	   *steps;
	const double *values;
} DTree;

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
check_step(const DTree *tree, int64 n, const int32 *fields, const Array *levels)
{
	Step		step = {.feature = fields[0], .left = fields[1], .null_right = fields[2] == 1};
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
		if (fields[3] < 0 || (int64) fields[3] + (count - 1) / 32 >= levels->count)
			model_damaged("the levels of a node do not exist");
		step.levels = levels->integers + fields[3];
	}
	return step;
}

static void
check_tree(Model *model)
{
	DTree	   *tree = palloc0(sizeof(DTree));
	const int32 *fields = model_integers(model, 1, -1);
	const double *thresholds;
	int			width;

	if (model->narrays != 7 || model->arrays[1].count < 4 || model->arrays[1].count % 4 != 0)
		model_damaged("it has no nodes");
	tree->nodes = model->arrays[1].count / 4;
	tree->row = model_row(model, 0, 5, 6);
	width = Max(tree->row->classes, 1);
	thresholds = model_doubles(model, 2, tree->nodes);
	model_integers(model, 3, -1);
	tree->values = model_doubles(model, 4, tree->nodes * width);
	tree->steps = palloc_extended(tree->nodes * sizeof(Step), MCXT_ALLOC_HUGE);
	for (int64 n = 0; n < tree->nodes; n++)
	{
		tree->steps[n] = check_step(tree, n, fields + 4 * n, &model->arrays[3]);
		tree->steps[n].threshold = thresholds[n];
		tree->steps[n].likeliest = likeliest(tree->values + n * width, width);
	}
	model->checked = tree;
}

/* The leaf that a row falls into. */
static int
leaf_of(const DTree *tree, const double *x)
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

/* The tree in argument 0, and the leaf that the row in argument 1 falls into. */
static const DTree *
arguments(FunctionCallInfo fcinfo, int *leaf)
{
	const DTree *tree = model_argument(fcinfo, 0, MODEL_TREE, check_tree)->checked;

	*leaf = leaf_of(tree, row_argument(tree->row, fcinfo, 1));
	return tree;
}

/* dtree_predict(model, features): the label of a class; of a regression the number, as text. */
PG_FUNCTION_INFO_V1(dtree_predict);
Datum
dtree_predict(PG_FUNCTION_ARGS)
{
	int			leaf;
	const DTree *tree = arguments(fcinfo, &leaf);

	if (tree->row->classes == 0)
		PG_RETURN_TEXT_P(cstring_to_text(float8out_internal(tree->values[leaf])));
	PG_RETURN_TEXT_P(row_label(tree->row, tree->steps[leaf].likeliest));
}

/* dtree_predict_number(model, features): the prediction of a regression. */
PG_FUNCTION_INFO_V1(dtree_predict_number);
Datum
dtree_predict_number(PG_FUNCTION_ARGS)
{
	int			leaf;
	const DTree *tree = arguments(fcinfo, &leaf);

	if (tree->row->classes > 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("this tree predicts a class, not a number"),
				 errhint("Call dtree_predict, which gives the class as text.")));
	PG_RETURN_FLOAT8(tree->values[leaf]);
}

/* dtree_predict_prob(model, features): a row for each class, its label and its share of the leaf. */
PG_FUNCTION_INFO_V1(dtree_predict_prob);
Datum
dtree_predict_prob(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			leaf;
	const DTree *tree;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);	/* one made anew stays until the query ends */
	tree = arguments(fcinfo, &leaf);
	if (tree->row->classes == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("this tree predicts a number, which has no probabilities"),
				 errhint("Call dtree_predict_number, which gives the number.")));
	for (int c = 0; c < tree->row->classes; c++)
	{
		Datum		values[2] = {
			PointerGetDatum(tree->row->labels[c]),
			Float8GetDatum(tree->values[(Size) leaf * tree->row->classes + c])
		};
		bool		nulls[2] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
