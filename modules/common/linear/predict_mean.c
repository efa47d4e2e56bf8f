/*
 * predict_mean.c: computes the mean of a row from coefficients and a link.
 */
#include "postgres.h"

#include <math.h>

#include "families.h"
#include "predictor.h"
#include "utils/builtins.h"

/* Relative tolerance for an aliased term to be the combination of terms that it was in training, as in logregr_predict. */
#define SAME 1e-6

/* Returns the mean of a row with this predictor; NULL if the link has no mean for it. */
static Datum
mean_of(FunctionCallInfo fcinfo, text *link, double eta)
{
	static Scratch s;			/* too large for the stack, and for an allocation in each row */

	if (isnan(eta))
		PG_RETURN_NULL();
	for (int r = 0; r < LANES; r++)
		s.eta[r] = eta;
	link_by_name(text_to_cstring(link))->mean(&s, LANES);
	if (!isfinite(s.mu[0]))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(s.mu[0]);
}

/* linear_mean(coef, x, link, aliases, offset) */
PG_FUNCTION_INFO_V1(linear_mean);
Datum
linear_mean(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(scored, 3);
	double		eta;

	InitFunctionCallInfoData(*scored, fcinfo->flinfo, 3, fcinfo->fncollation, NULL, NULL);
	scored->args[0] = fcinfo->args[0];
	scored->args[1] = fcinfo->args[1];
	scored->args[2] = fcinfo->args[3];
	if (PG_ARGISNULL(2) || PG_ARGISNULL(4) || !linear_predictor(scored, SAME, false, &eta))
		PG_RETURN_NULL();
	return mean_of(fcinfo, PG_GETARG_TEXT_PP(2), eta + PG_GETARG_FLOAT8(4));
}

/* linear_mean_row(coef, x, aliases, link, has_offset): the offset, if the model has one, is the last element of x. */
PG_FUNCTION_INFO_V1(linear_mean_row);
Datum
linear_mean_row(PG_FUNCTION_ARGS)
{
	double		eta;

	if (PG_ARGISNULL(3) || PG_ARGISNULL(4) || !linear_predictor(fcinfo, SAME, PG_GETARG_BOOL(4), &eta))
		PG_RETURN_NULL();
	return mean_of(fcinfo, PG_GETARG_TEXT_PP(3), eta);
}
