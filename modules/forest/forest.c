/*
 * forest.c: the kernels of samples for forests, and the functions that score a row.
 */
#include "postgres.h"

#include "common/trees/ensemble_model.h"
#include "common/trees/tree_kernel.h"
#include "forest_layout.h"

SAMPLE_KERNEL(forest_sample, 50, 1, sample_size);
MADPY_KERNEL(forest_sample)
MADPY_OUTCOME(forest_sample)

SAMPLE_KERNEL(weighted_forest_sample, 51, 2, weighted_sample_size);
MADPY_KERNEL(weighted_forest_sample)
MADPY_OUTCOME(weighted_forest_sample)

/* forest_predict(model, features) */
PG_FUNCTION_INFO_V1(forest_predict);
Datum
forest_predict(PG_FUNCTION_ARGS)
{
	return ensemble_predict(fcinfo, MODEL_FOREST);
}

/* forest_predict_number(model, features) */
PG_FUNCTION_INFO_V1(forest_predict_number);
Datum
forest_predict_number(PG_FUNCTION_ARGS)
{
	return ensemble_predict_number(fcinfo, MODEL_FOREST, "forest_");
}

/* forest_predict_prob(model, features) */
PG_FUNCTION_INFO_V1(forest_predict_prob);
Datum
forest_predict_prob(PG_FUNCTION_ARGS)
{
	return ensemble_predict_prob(fcinfo, MODEL_FOREST, "forest_");
}

/* forest_explain(model, features) */
PG_FUNCTION_INFO_V1(forest_explain);
Datum
forest_explain(PG_FUNCTION_ARGS)
{
	return ensemble_explain(fcinfo, MODEL_FOREST);
}

/* forest_tree(model, tree, max_depth) */
PG_FUNCTION_INFO_V1(forest_tree);
Datum
forest_tree(PG_FUNCTION_ARGS)
{
	return ensemble_tree(fcinfo, MODEL_FOREST);
}
