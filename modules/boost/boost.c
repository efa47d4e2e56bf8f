/*
 * boost.c: the kernels of samples for boosting, and the functions that score a row.
 */
#include "postgres.h"

#include "boost_layout.h"
#include "common/trees/ensemble_model.h"
#include "common/trees/tree_kernel.h"

SAMPLE_KERNEL(boost_sample, 52, 1, sample_size);
MADPY_KERNEL(boost_sample)
MADPY_OUTCOME(boost_sample)

SAMPLE_KERNEL(weighted_boost_sample, 53, 2, weighted_sample_size);
MADPY_KERNEL(weighted_boost_sample)
MADPY_OUTCOME(weighted_boost_sample)

/* boost_predict(model, features) */
PG_FUNCTION_INFO_V1(boost_predict);
Datum
boost_predict(PG_FUNCTION_ARGS)
{
	return ensemble_predict(fcinfo, MODEL_BOOST);
}

/* boost_predict_number(model, features) */
PG_FUNCTION_INFO_V1(boost_predict_number);
Datum
boost_predict_number(PG_FUNCTION_ARGS)
{
	return ensemble_predict_number(fcinfo, MODEL_BOOST, "boost_");
}

/* boost_predict_prob(model, features) */
PG_FUNCTION_INFO_V1(boost_predict_prob);
Datum
boost_predict_prob(PG_FUNCTION_ARGS)
{
	return ensemble_predict_prob(fcinfo, MODEL_BOOST, "boost_");
}

/* boost_explain(model, features) */
PG_FUNCTION_INFO_V1(boost_explain);
Datum
boost_explain(PG_FUNCTION_ARGS)
{
	return ensemble_explain(fcinfo, MODEL_BOOST);
}

/* boost_tree(model, tree, max_depth) */
PG_FUNCTION_INFO_V1(boost_tree);
Datum
boost_tree(PG_FUNCTION_ARGS)
{
	return ensemble_tree(fcinfo, MODEL_BOOST);
}
