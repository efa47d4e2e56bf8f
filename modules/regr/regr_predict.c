/*
 * regr_predict.c: the row function of a linear regression.
 */
#include "common/linear/predictor.h"

/*
 * How far a row may be from what an aliased term was in training, relative to what is added up for it.  A column is aliased
 * by ALIAS_TOLERANCE, 1e-13 of its length: in one row of many it may be off by more.
 */
#define SAME 1e-9

/* regr_predict(coef, x) and regr_predict(coef, x, aliases) */
PG_FUNCTION_INFO_V1(regr_predict);
Datum
regr_predict(PG_FUNCTION_ARGS)
{
	double		prediction;

	if (!linear_predictor(fcinfo, SAME, false, &prediction))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(prediction);
}
