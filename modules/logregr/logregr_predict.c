/*
 * logregr_predict.c: predicts a row with the coefficients of a logistic regression.
 */
#include "postgres.h"

#include <math.h>

#include "common/linear/predictor.h"

/*
 * Relative tolerance for an aliased term to be the combination of terms that it was in training.  A term is aliased if its
 * residual is below 1e-6 of its length (COLLINEAR in modules/common/linear/design.py).
 */
#define SAME 1e-6

/* logregr_predict(coef, x [, aliases]): returns true if the probability is above 1/2. */
PG_FUNCTION_INFO_V1(logregr_predict);
Datum
logregr_predict(PG_FUNCTION_ARGS)
{
	double		logit;

	if (!linear_predictor(fcinfo, SAME, false, &logit) || isnan(logit))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(logit > 0);
}

/* logregr_predict_prob(coef, x [, aliases]) */
PG_FUNCTION_INFO_V1(logregr_predict_prob);
Datum
logregr_predict_prob(PG_FUNCTION_ARGS)
{
	double		logit;

	if (!linear_predictor(fcinfo, SAME, false, &logit) || isnan(logit))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(logit > 0 ? 1 / (1 + exp(-logit)) : exp(logit) / (1 + exp(logit)));
}
