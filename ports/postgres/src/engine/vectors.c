/*
 * vectors.c: reads arguments that are arrays of numbers.
 */
#include "kernel.h"

#include <math.h>

#include "catalog/pg_type.h"

/* Returns the length of a one-dimensional array of numbers; raises an error for any other array. */
static int
vector_length(ArrayType *array, const char *what)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be an array of one dimension, not of %d", what, ARR_NDIM(array))));
	if (ARR_ELEMTYPE(array) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s must be an array of double precision", what)));
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

const double *
vector_argument(ArrayType *array, const char *what, int *length)
{
	*length = vector_length(array, what);
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		return NULL;
	return (const double *) ARR_DATA_PTR(array);
}

const double *
vector_with_nan(ArrayType *array, const char *what, int *length)
{
	const double *given = (const double *) ARR_DATA_PTR(array);
	const bits8 *bitmap = ARR_NULLBITMAP(array);
	double	   *values;

	*length = vector_length(array, what);
	if (bitmap == NULL)
		return given;
	values = palloc(*length * sizeof(double));
	for (int i = 0; i < *length; i++)
		values[i] = bitmap[i / 8] & (1 << (i % 8)) ? *given++ : NAN;
	return values;
}

const int *
integers_argument(ArrayType *array, const char *what, int *length)
{
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain NULL", what)));
	*length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (const int *) ARR_DATA_PTR(array);
}
