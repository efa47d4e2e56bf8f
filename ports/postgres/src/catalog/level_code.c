/*
 * level_code.c: a text or an integer as a number: its place among known levels.
 */
#include "engine/cached.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

typedef struct Level
{
	const char *text;
	int			length;
	int			code;
} Level;

typedef struct Levels
{
	Cached		cached;
	int			count;
	Level	   *sorted;			/* by bytes */
} Levels;

static int
compare_levels(const void *a, const void *b)
{
	const Level *x = a;
	const Level *y = b;
	int			order = memcmp(x->text, y->text, Min(x->length, y->length));

	return order != 0 ? order : x->length - y->length;
}

static void
sort_levels(Levels *levels, ArrayType *array)
{
	Datum	   *texts;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &n);
	levels->sorted = palloc(Max(n, 1) * sizeof(Level));
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			levels->sorted[levels->count++] =
				(Level) {VARDATA_ANY(DatumGetPointer(texts[i])), VARSIZE_ANY_EXHDR(DatumGetPointer(texts[i])), i};
	qsort(levels->sorted, levels->count, sizeof(Level), compare_levels);
}

/* The levels in argument 1. */
static const Levels *
levels_argument(FunctionCallInfo fcinfo)
{
	Levels	   *levels = cached_find(fcinfo, 1);
	MemoryContext old;

	if (levels)
		return levels;
	levels = cached_new(fcinfo, 1, sizeof(Levels));
	old = MemoryContextSwitchTo(levels->cached.context);
	sort_levels(levels, PG_GETARG_ARRAYTYPE_P_COPY(1));
	MemoryContextSwitchTo(old);
	cached_keep(fcinfo, levels);
	return levels;
}

/* level_code(value, levels): from 0; NULL where the value is not among them. */
PG_FUNCTION_INFO_V1(level_code);
Datum
level_code(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	Level		wanted = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), 0};
	const Levels *levels = levels_argument(fcinfo);
	const Level *found = bsearch(&wanted, levels->sorted, levels->count, sizeof(Level), compare_levels);

	if (found == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(found->code);
}

typedef struct Integers
{
	Cached		cached;
	int			count;
	struct
	{
		int64		value;
		int			code;
	}		   *sorted;
} Integers;

static int
compare_integers(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

static void
sort_integers(Integers *levels, ArrayType *array)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, &n);
	levels->sorted = palloc(Max(n, 1) * sizeof(*levels->sorted));
	for (int i = 0; i < n; i++)
		if (!nulls[i])
		{
			levels->sorted[levels->count].value = DatumGetInt64(values[i]);
			levels->sorted[levels->count++].code = i;
		}
	qsort(levels->sorted, levels->count, sizeof(*levels->sorted), compare_integers);
}

/* The levels in argument 1, as integers. */
static const Integers *
integers_argument(FunctionCallInfo fcinfo)
{
	Integers   *levels = cached_find(fcinfo, 1);
	MemoryContext old;

	if (levels)
		return levels;
	levels = cached_new(fcinfo, 1, sizeof(Integers));
	old = MemoryContextSwitchTo(levels->cached.context);
	sort_integers(levels, PG_GETARG_ARRAYTYPE_P(1));
	MemoryContextSwitchTo(old);
	cached_keep(fcinfo, levels);
	return levels;
}

/* integer_code(value, levels): the same for integers, without their text. */
PG_FUNCTION_INFO_V1(integer_code);
Datum
integer_code(PG_FUNCTION_ARGS)
{
	int64		value = PG_GETARG_INT64(0);
	const Integers *levels = integers_argument(fcinfo);
	int			low = 0;
	int			high = levels->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (levels->sorted[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == levels->count || levels->sorted[low].value != value)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(levels->sorted[low].code);
}
