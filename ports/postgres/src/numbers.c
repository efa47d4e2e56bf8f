/*
 * numbers.c: numbers as they lie in memory, as arrays: how drivers write what numpy computed for many groups.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

/* numbers(data, first, dims): an array of doubles, the first of them counted from 0; NaN is NULL, and so is all NaN. */
PG_FUNCTION_INFO_V1(numbers);
Datum
numbers(PG_FUNCTION_ARGS)
{
	bytea	   *data = PG_GETARG_BYTEA_PP(0);
	int64		first = PG_GETARG_INT32(1);
	ArrayType  *shape = PG_GETARG_ARRAYTYPE_P(2);
	int			ndims = ArrayGetNItems(ARR_NDIM(shape), ARR_DIMS(shape));
	int			dims[MAXDIM];
	int			lower[MAXDIM];
	int			count;
	Datum	   *values;
	bool	   *nulls;
	bool		any = false;

	if (ndims < 1 || ndims > MAXDIM || ARR_HASNULL(shape) || ARR_ELEMTYPE(shape) != INT4OID)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("an array cannot have these dimensions")));
	for (int d = 0; d < ndims; d++)
	{
		dims[d] = ((int32 *) ARR_DATA_PTR(shape))[d];
		lower[d] = 1;
	}
	count = ArrayGetNItems(ndims, dims);
	if (first < 0 || (first + count) * (int64) sizeof(double) > VARSIZE_ANY_EXHDR(data))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d numbers from %lld are not in %d bytes", count, (long long) first,
						(int) VARSIZE_ANY_EXHDR(data))));
	values = palloc(count * sizeof(Datum));
	nulls = palloc(count * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		double		value;

		memcpy(&value, VARDATA_ANY(data) + (first + i) * sizeof(double), sizeof(double));
		values[i] = Float8GetDatum(value);
		nulls[i] = isnan(value);
		any = any || !nulls[i];
	}
	if (!any)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, ndims, dims, lower,
											 FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
