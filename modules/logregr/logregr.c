/*
 * logregr.c: the kernels "logregr" and "weighted_logregr", and the figures of a logistic regression.
 *
 * A pass is that of common/linear/irls.h, with the model of common/linear/logit.c.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "common/linear/estimate.h"
#include "common/linear/irls.h"

IRLS_KERNEL(logregr, 5, logit_model)
MADPY_KERNEL(logregr)

IRLS_KERNEL(weighted_logregr, 40, weighted_logit_model)
MADPY_KERNEL(weighted_logregr)

/*
 * logregr_estimate(data, first, k): returns the figures of a fit as doubles: the condition number, then k of each:
 * coefficients, standard errors, z statistics, p-values, odds ratios; then the covariance.  From position `first` on, counted
 * from 0, `data` has the input of the fit (see Fit in common/linear/estimate.c).
 */
PG_FUNCTION_INFO_V1(logregr_estimate);
Datum
logregr_estimate(PG_FUNCTION_ARGS)
{
	int			k = PG_GETARG_INT32(2);
	double	   *asked = fit_argument(PG_GETARG_BYTEA_PP(0), PG_GETARG_INT32(1), k, 0);
	Size		size = VARHDRSZ + (1 + 5 * (Size) k + (Size) k * k) * sizeof(double);
	bytea	   *result = palloc(size);
	double	   *numbers = palloc(size);
	double	   *odds_ratios = numbers + 1 + 4 * (Size) k;
	Estimates	said = {
		numbers, numbers + 1, numbers + 1 + k, numbers + 1 + 2 * (Size) k, numbers + 1 + 3 * (Size) k, odds_ratios + k
	};

	estimate_fit(asked, k, 1, INFINITY, &said);
	for (int i = 0; i < k; i++)
		odds_ratios[i] = exp(said.coef[i]);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), numbers, size - VARHDRSZ);
	PG_RETURN_POINTER(result);
}
