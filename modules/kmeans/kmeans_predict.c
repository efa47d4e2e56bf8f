/*
 * kmeans_predict.c: closest_column(centroids, x, distance) and kmeans_predict(centroids, x, distance).
 *
 * The distance is computed with the same operations as in the kernel, so that a row gets the cluster that it had in training.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "kmeans.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

Metric
metric_argument(text *name)
{
	static const char *const names[] = {"squared_euclidean", "cosine", "manhattan"};

	for (int m = 0; m < lengthof(names); m++)
		if (VARSIZE_ANY_EXHDR(name) == strlen(names[m]) && memcmp(VARDATA_ANY(name), names[m], strlen(names[m])) == 0)
			return m;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no distance \"%s\"", text_to_cstring(name)),
			 errhint("Choose squared_euclidean, cosine or manhattan.")));
}

/* Checks that x has the length of the centroids, and returns their number. */
static int
check_dimensions(ArrayType *centroids, int d)
{
	if (ARR_NDIM(centroids) != 2)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("centroids must be an array of two dimensions, not of %d", ARR_NDIM(centroids)),
				 errhint("Pass (SELECT array_agg(centroid ORDER BY cluster_id) FROM model) for a model table.")));
	if (ARR_HASNULL(centroids) && array_contains_nulls(centroids))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("centroids must not contain NULL")));
	if (ARR_DIMS(centroids)[1] != d)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d features do not fit centroids of %d", d, ARR_DIMS(centroids)[1]),
				 errhint("Give the features in the order of training.")));
	return ARR_DIMS(centroids)[0];
}

static double
row_length(const double *x, int d)
{
	double		sum = 0;

	for (int j = 0; j < d; j++)
		sum += x[j] * x[j];
	return sqrt(sum);
}

/* Returns a distance; x_length and c_length are the lengths of row and centroid for COSINE, else 1. */
static double
distance(Metric metric, const double *x, double x_length, const double *c, double c_length, int d)
{
	double		sum = 0;

	for (int j = 0; j < d; j++)
	{
		double		difference = x[j] / x_length - c[j] / c_length;

		sum += metric == MANHATTAN ? fabs(difference) : difference * difference;
	}
	return metric == COSINE ? sum / 2 : sum;
}

/* Returns the nearest centroid and its distance; -1 if a value of x is NULL or not finite. */
static int
closest(FunctionCallInfo fcinfo, double *nearest)
{
	ArrayType  *centroids = PG_GETARG_ARRAYTYPE_P(0);
	Metric		metric = metric_argument(PG_GETARG_TEXT_PP(2));
	int			d;
	const double *x = vector_argument(PG_GETARG_ARRAYTYPE_P(1), "x", &d);
	const double *c = (const double *) ARR_DATA_PTR(centroids);
	int			k = check_dimensions(centroids, d);
	double		length;
	int			found = -1;

	*nearest = INFINITY;
	if (x == NULL)
		return -1;
	length = metric == COSINE ? row_length(x, d) : 1;
	for (int i = 0; i < k; i++, c += d)
	{
		double		far = distance(metric, x, length, c, metric == COSINE ? row_length(c, d) : 1, d);

		if (far < *nearest)
		{
			*nearest = far;
			found = i;
		}
	}
	return found;
}

PG_FUNCTION_INFO_V1(kmeans_predict);
Datum
kmeans_predict(PG_FUNCTION_ARGS)
{
	double		nearest;
	int			found = closest(fcinfo, &nearest);

	if (found < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(found);
}

PG_FUNCTION_INFO_V1(closest_column);
Datum
closest_column(PG_FUNCTION_ARGS)
{
	TupleDesc	desc = fcinfo->flinfo->fn_extra;
	Datum		values[2];
	bool		nulls[2] = {false};
	double		nearest;
	int			found = closest(fcinfo, &nearest);

	if (found < 0)
		PG_RETURN_NULL();
	if (desc == NULL)
	{
		MemoryContext old;

		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != 2)
			elog(ERROR, "closest_column does not return its record");
		old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		desc = fcinfo->flinfo->fn_extra = BlessTupleDesc(CreateTupleDescCopy(desc));
		MemoryContextSwitchTo(old);
	}
	values[0] = Int32GetDatum(found);
	values[1] = Float8GetDatum(nearest);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
