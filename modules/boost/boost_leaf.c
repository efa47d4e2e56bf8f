/*
 * boost_leaf.c: the numbers of leaves.
 */
#include "boost.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

typedef struct Weighed
{
	double		value;
	double		weight;
} Weighed;

#define ST_SORT sort_weighed
#define ST_ELEMENT_TYPE Weighed
#define ST_COMPARE(a, b) ((a)->value < (b)->value ? -1 : (a)->value > (b)->value)
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* Returns the smallest value that at least a share of the weight does not exceed. */
double
weighted_quantile(const double *values, const double *weights, int count, double share)
{
	Weighed    *sorted = MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * sizeof(Weighed));
	double		total = 0;
	double		sum = 0;
	double		quantile;
	int			i;

	for (i = 0; i < count; i++)
	{
		sorted[i] = (Weighed) {values[i], weights ? weights[i] : 1};
		total += sorted[i].weight;
	}
	sort_weighed(sorted, count);
	for (i = 0; i < count - 1; i++)
	{
		sum += sorted[i].weight;
		if (sum >= share * total)
			break;
	}
	quantile = sorted[i].value;
	if (weights == NULL && sum == share * total && i < count - 1)
		quantile = (quantile + sorted[i + 1].value) / 2;
	pfree(sorted);
	return quantile;
}

/* Returns the quantile of the residuals of a leaf's rows, which minimises the sum of their losses. */
static double
residual_quantile(const Fit *fit, const uint32 *rows, int count, double share)
{
	double	   *values = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(double));
	double	   *weights = fit->weight ? MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(double)) : NULL;
	double		quantile;

	for (int i = 0; i < count; i++)
	{
		values[i] = fit->target[rows[i]] - fit->scores[rows[i]];
		if (weights)
			weights[i] = fit->weight[rows[i]];
	}
	quantile = weighted_quantile(values, weights, count, share);
	pfree(values);
	if (weights)
		pfree(weights);
	return quantile;
}

double
leaf_value(const Fit *fit, int output, const uint32 *rows, int count, double lower, double upper, double *cover)
{
	const BoostSettings *settings = fit->settings;
	double		slope = 0;
	double		curve = 0;
	double		value;

	*cover = fit->weight ? 0 : count;
	for (int i = 0; i < count; i++)
	{
		__builtin_prefetch(fit->gradient + row_ahead(rows, i, count));
		slope += fit->gradient[rows[i]].slope;
		curve += fit->gradient[rows[i]].curve;
	}
	for (int i = 0; fit->weight && i < count; i++)
		*cover += fit->weight[rows[i]];
	if (settings->objective == OBJECTIVE_ABSOLUTE || settings->objective == OBJECTIVE_QUANTILE)
	{
		value = residual_quantile(fit, rows, count, settings->objective == OBJECTIVE_ABSOLUTE ? 0.5 : settings->alpha);
		value = Min(Max(value, lower), upper);
	}
	else
		value = best_value(settings, slope, curve, lower, upper);
	return value * settings->learning_rate;
}
