/*
 * level_code.c: converts a text or an integer to its position in a list of levels.
 */
#include "engine/cached.h"

#include "catalog/pg_type.h"
#include "engine/dict.h"
#include "utils/array.h"
#include "utils/builtins.h"

typedef struct Levels
{
	Cached		cached;
	Dict	   *dict;			/* dictionary of the levels that are not NULL */
	int		   *places;			/* position in the list of each level of the dictionary */
} Levels;

/* Puts the levels of an array into a dictionary; of equal levels the first position counts. */
static void
take_levels(Levels *levels, ArrayType *array, Oid type)
{
	static const bool not_null = false;
	bool		is_text = type == TEXTOID;
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, type, is_text ? -1 : sizeof(int64), !is_text && FLOAT8PASSBYVAL,
					  is_text ? TYPALIGN_INT : TYPALIGN_DOUBLE, &values, &nulls, &n);
	levels->dict = dict_of_type(type);
	levels->places = palloc(Max(n, 1) * sizeof(int));
	for (int i = 0; i < n; i++)
	{
		int			count = dict_count(levels->dict);

		if (!nulls[i] && dict_code(levels->dict, &values[i], &not_null) == count)
			levels->places[count] = i;
	}
}

/* Returns the position, from 0, of the value in argument 0 in the array of levels in argument 1; NULL if it is no level. */
static Datum
place_among(FunctionCallInfo fcinfo, Datum value, Oid type)
{
	Levels	   *levels = cached_find(fcinfo, 1);
	int			code;

	if (levels == NULL)
	{
		MemoryContext old;

		levels = cached_new(fcinfo, 1, sizeof(Levels));
		old = MemoryContextSwitchTo(levels->cached.context);
		take_levels(levels, PG_GETARG_ARRAYTYPE_P(1), type);
		MemoryContextSwitchTo(old);
		cached_keep(fcinfo, levels);
	}
	code = dict_find(levels->dict, value);
	if (code < 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(levels->places[code]);
}

/* level_code(value text, levels text[]) */
PG_FUNCTION_INFO_V1(level_code);
Datum
level_code(PG_FUNCTION_ARGS)
{
	return place_among(fcinfo, PointerGetDatum(PG_GETARG_TEXT_PP(0)), TEXTOID);
}

/* integer_code(value bigint, levels bigint[]) */
PG_FUNCTION_INFO_V1(integer_code);
Datum
integer_code(PG_FUNCTION_ARGS)
{
	return place_among(fcinfo, PG_GETARG_DATUM(0), INT8OID);
}
