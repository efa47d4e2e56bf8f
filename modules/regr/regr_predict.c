/*
 * regr_predict.c: predicts a row with the coefficients of a linear regression.
 */
#include "common/linear/predictor.h"

/*
 * Relative tolerance for an aliased term to be the combination of terms that it was in training.  It is larger than
 * ALIAS_TOLERANCE, 1e-13 of a column's length, because the deviation in one row can be larger than that of the column.
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
