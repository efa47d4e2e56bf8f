/*
 * dtree.c: the kernels of decision trees, and the functions that score a row.
 */
#include "postgres.h"

#include "common/trees/score.h"
#include "common/trees/tree_kernel.h"
#include "dtree_model.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/tuplestore.h"

TREE_KERNEL(dtree, 7, 1, tree_size);
MADPY_KERNEL(dtree)
MADPY_OUTCOME(dtree)

SAMPLE_KERNEL(dtree_sample, 8, 1, sample_size);
MADPY_KERNEL(dtree_sample)
MADPY_OUTCOME(dtree_sample)

TREE_KERNEL(weighted_dtree, 30, 2, weighted_tree_size);
MADPY_KERNEL(weighted_dtree)
MADPY_OUTCOME(weighted_dtree)

SAMPLE_KERNEL(weighted_dtree_sample, 31, 2, weighted_sample_size);
MADPY_KERNEL(weighted_dtree_sample)
MADPY_OUTCOME(weighted_dtree_sample)

/* Returns the tree in argument 0, and the leaf of the row in argument 1. */
static const TreeModel *
arguments(FunctionCallInfo fcinfo, int *leaf)
{
	const TreeModel *tree = tree_argument(fcinfo, 0, MODEL_TREE);

	*leaf = tree_leaf(tree, row_argument(tree->row, fcinfo, 1));
	return tree;
}

/* dtree_predict(model, features): returns the label of a class, or the number of a regression, as text. */
PG_FUNCTION_INFO_V1(dtree_predict);
Datum
dtree_predict(PG_FUNCTION_ARGS)
{
	int			leaf;
	const TreeModel *tree = arguments(fcinfo, &leaf);

	if (tree->row->classes == 0)
		PG_RETURN_TEXT_P(cstring_to_text(float8out_internal(tree->values[leaf])));
	PG_RETURN_TEXT_P(row_label(tree->row, tree->steps[leaf].likeliest));
}

/* dtree_predict_number(model, features): returns the prediction of a regression. */
PG_FUNCTION_INFO_V1(dtree_predict_number);
Datum
dtree_predict_number(PG_FUNCTION_ARGS)
{
	int			leaf;
	const TreeModel *tree = arguments(fcinfo, &leaf);

	if (tree->row->classes > 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("this tree predicts a class, not a number"),
				 errhint("Call dtree_predict, which gives the class as text.")));
	PG_RETURN_FLOAT8(tree->values[leaf]);
}

/* dtree_predict_prob(model, features): returns a row for each class: its label and its share of the leaf. */
PG_FUNCTION_INFO_V1(dtree_predict_prob);
Datum
dtree_predict_prob(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			leaf;
	const TreeModel *tree;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);	/* a new tuple descriptor for each call would use memory until the query ends */
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
