/*
 * numbers.c: reads numbers and texts from a bytea, with which drivers pass results of Python for many rows to SQL.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* Returns the address of number `first`, counted from 0, in the data; the address need not be aligned. */
static const char *
numbers_at(bytea *data, int64 first, int count)
{
	if (first < 0 || (first + count) * (int64) sizeof(double) > VARSIZE_ANY_EXHDR(data))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d numbers from %lld are not in %d bytes", count, (long long) first,
						(int) VARSIZE_ANY_EXHDR(data))));
	return VARDATA_ANY(data) + first * sizeof(double);
}

/* number(data, at): returns the number at position `at`, counted from 0. */
PG_FUNCTION_INFO_V1(number);
Datum
number(PG_FUNCTION_ARGS)
{
	double		value;

	memcpy(&value, numbers_at(PG_GETARG_BYTEA_PP(0), PG_GETARG_INT32(1), 1), sizeof(double));
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/*
 * numbers(data, first, dims): returns an array of the doubles from position `first` on, counted from 0.  NaN becomes NULL; if
 * all are NaN, the result is NULL.
 */
PG_FUNCTION_INFO_V1(numbers);
Datum
numbers(PG_FUNCTION_ARGS)
{
	ArrayType  *shape = PG_GETARG_ARRAYTYPE_P(2);
	int			ndims = ArrayGetNItems(ARR_NDIM(shape), ARR_DIMS(shape));
	int			dims[MAXDIM];
	int			lower[MAXDIM];
	int			count;
	const char *found;
	int			known = 0;
	double	   *values;
	bool	   *nulls;

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
	found = numbers_at(PG_GETARG_BYTEA_PP(0), PG_GETARG_INT32(1), count);
	values = palloc(count * sizeof(double));
	nulls = palloc(count * sizeof(bool));
	memcpy(values, found, count * sizeof(double));
	for (int i = 0; i < count; i++)
	{
		nulls[i] = isnan(values[i]);
		known += !nulls[i];
	}
	if (known == 0)
		PG_RETURN_NULL();
	/* a double is its own Datum */
	PG_RETURN_ARRAYTYPE_P(construct_md_array((Datum *) values, known < count ? nulls : NULL, ndims, dims, lower,
											 FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Finds piece `n` of the data, counted from 0.  Layout: int32 count, int32 end of each piece, then the bytes of all pieces. */
static const char *
piece_at(bytea *data, int32 n, int *length)
{
	const char *start = VARDATA_ANY(data);
	int64		size = VARSIZE_ANY_EXHDR(data);
	int32		count = 0;
	int32		first = 0;
	int32		end;

	if (size >= (int64) sizeof(int32))
		memcpy(&count, start, sizeof(int32));
	size -= (1 + (int64) count) * sizeof(int32);
	if (n < 0 || n >= count || size < 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("piece %d is not in %d bytes", n, (int) VARSIZE_ANY_EXHDR(data))));
	if (n > 0)
		memcpy(&first, start + n * sizeof(int32), sizeof(int32));
	memcpy(&end, start + (1 + (int64) n) * sizeof(int32), sizeof(int32));
	if (first < 0 || end < first || end > size)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("piece %d ends at %d, outside of %lld bytes", n, end, (long long) size)));
	*length = end - first;
	return start + (1 + (int64) count) * sizeof(int32) + first;
}

/* piece(data, n): returns a piece as bytea. */
PG_FUNCTION_INFO_V1(piece);
Datum
piece(PG_FUNCTION_ARGS)
{
	int			length;
	const char *found = piece_at(PG_GETARG_BYTEA_PP(0), PG_GETARG_INT32(1), &length);
	bytea	   *result = palloc(VARHDRSZ + length);

	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), found, length);
	PG_RETURN_BYTEA_P(result);
}

/* text_piece(data, n): returns a piece as text. */
PG_FUNCTION_INFO_V1(text_piece);
Datum
text_piece(PG_FUNCTION_ARGS)
{
	int			length;
	const char *found = piece_at(PG_GETARG_BYTEA_PP(0), PG_GETARG_INT32(1), &length);

	pg_verify_mbstr(GetDatabaseEncoding(), found, length, false);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(found, length));
}
