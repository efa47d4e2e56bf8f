/*
 * predictor.c: computes the linear predictor of a row.
 *
 * Aliased terms have no coefficient; a model says which combination of other terms each of them was in training
 * (ols_aliases.c).  A row has a prediction only if its aliased terms are these combinations.
 */
#include "predictor.h"

#include "catalog/pg_type.h"
#include "numeric/dd.h"
#include "engine/kernel.h"
#include "utils/array.h"

/* Whether x[j] is the combination of other terms with these weights, a row of aliases. */
static bool
is_combination(const double *x, int k, int j, const double *weights, double tolerance)
{
	double		sum = x[j];
	double		size = fabs(x[j]);

	for (int i = 0; i < k; i++)
		if (weights[i] != 0)
		{
			sum -= weights[i] * x[i];
			size += fabs(weights[i] * x[i]);
		}
	return fabs(sum) <= tolerance * size;
}

/*
 * Returns the sum of coef[j] x[j], compensated.  Sets *known to false if a term without a coefficient is not the combination
 * of terms that it was in training; without `aliases`, if it is not 0.
 */
DD_CLONES static double
compensated_product(const double *coef, const bits8 *coef_nulls, const double *x, int k,
					const double *aliases, double tolerance, bool *known)
{
	dd			sum = dd_from(0);

	*known = true;
	for (int j = 0; j < k; j++)
	{
		dd			p;
		dd			s;

		if (coef_nulls && !(coef_nulls[j / 8] & (1 << (j % 8))))
		{
			if (aliases == NULL ? x[j] != 0 : !is_combination(x, k, j, aliases, tolerance))
				*known = false;
			aliases = aliases ? aliases + k : NULL;
			continue;
		}
		p = two_prod(*coef++, x[j]);
		s = two_sum(sum.hi, p.hi);
		sum = (dd) {s.hi, sum.lo + s.lo + p.lo};
	}
	return isfinite(sum.hi) ? dd_double(sum) : sum.hi;
}

/* Returns argument 2, a row of k numbers for each NULL in coef, or NULL if it is not given. */
static const double *
aliases_argument(FunctionCallInfo fcinfo, ArrayType *coef, int k)
{
	ArrayType  *array = PG_NARGS() < 3 || PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2);
	int			nulls = 0;

	if (array == NULL)
		return NULL;
	for (int j = 0; j < k && ARR_HASNULL(coef); j++)
		nulls += !(ARR_NULLBITMAP(coef)[j / 8] & (1 << (j % 8)));
	if (ARR_NDIM(array) != 2 || ARR_ELEMTYPE(array) != FLOAT8OID || ARR_HASNULL(array) ||
		ARR_DIMS(array)[0] != nulls || ARR_DIMS(array)[1] != k)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("aliases must have a row of %d numbers for each of the %d terms without a coefficient", k, nulls),
				 errhint("Give the aliases of the model that has these coefficients.")));
	return (const double *) ARR_DATA_PTR(array);
}

/*
 * Computes the linear predictor from the arguments coef, x and aliases; returns false if a feature is NULL, or an aliased
 * term is not the combination of terms that it was in training.
 */
bool
linear_predictor(FunctionCallInfo fcinfo, double tolerance, bool with_offset, double *result)
{
	ArrayType  *coef;
	int			k;
	int			given;
	const double *x;
	const double *aliases;
	double		offset = 0;
	bool		known;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return false;
	coef = PG_GETARG_ARRAYTYPE_P(0);
	given = ArrayGetNItems(ARR_NDIM(coef), ARR_DIMS(coef));
	x = vector_argument(PG_GETARG_ARRAYTYPE_P(1), "features", &k);
	if (ARR_NDIM(coef) != 1 || ARR_ELEMTYPE(coef) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("coef must be an array of one dimension")));
	if (with_offset && k > 0)
	{
		k--;
		offset = x ? x[k] : 0;
	}
	if (k != given)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d features do not fit %d coefficients", k, given),
				 errhint("Give the features in the order of training, with the 1 of the intercept if the model has one.")));
	aliases = aliases_argument(fcinfo, coef, k);
	if (x == NULL)
		return false;
	*result = compensated_product((const double *) ARR_DATA_PTR(coef), ARR_NULLBITMAP(coef), x, k,
								  aliases, tolerance, &known);
	if (offset != 0)
		*result += offset;
	return known;
}
