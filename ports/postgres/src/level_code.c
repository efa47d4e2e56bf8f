/*
 * level_code.c: a text or an integer as a number: its place among known levels.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct Level
{
	const char *text;
	int			length;
	int			code;
} Level;

typedef struct Levels
{
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

static Levels *
sort_levels(ArrayType *array)
{
	Levels	   *levels = palloc(sizeof(Levels));
	Datum	   *texts;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &n);
	levels->count = 0;
	levels->sorted = palloc(Max(n, 1) * sizeof(Level));
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			levels->sorted[levels->count++] =
				(Level) {VARDATA_ANY(DatumGetPointer(texts[i])), VARSIZE_ANY_EXHDR(DatumGetPointer(texts[i])), i};
	qsort(levels->sorted, levels->count, sizeof(Level), compare_levels);
	return levels;
}

/* level_code(value, levels): from 0; NULL where the value is not among them. */
PG_FUNCTION_INFO_V1(level_code);
Datum
level_code(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	Level		wanted = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), 0};
	Levels	   *levels = fcinfo->flinfo->fn_extra;
	const Level *found;

	if (levels == NULL)
	{
		bool		stable = get_fn_expr_arg_stable(fcinfo->flinfo, 1);
		MemoryContext old = MemoryContextSwitchTo(stable ? fcinfo->flinfo->fn_mcxt : CurrentMemoryContext);

		levels = sort_levels(stable ? PG_GETARG_ARRAYTYPE_P_COPY(1) : PG_GETARG_ARRAYTYPE_P(1));
		if (stable)
			fcinfo->flinfo->fn_extra = levels;
		MemoryContextSwitchTo(old);
	}
	found = bsearch(&wanted, levels->sorted, levels->count, sizeof(Level), compare_levels);
	if (found == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(found->code);
}

typedef struct Integers
{
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

static Integers *
sort_integers(ArrayType *array)
{
	Integers   *levels = palloc(sizeof(Integers));
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, &n);
	levels->count = 0;
	levels->sorted = palloc(Max(n, 1) * sizeof(*levels->sorted));
	for (int i = 0; i < n; i++)
		if (!nulls[i])
		{
			levels->sorted[levels->count].value = DatumGetInt64(values[i]);
			levels->sorted[levels->count++].code = i;
		}
	qsort(levels->sorted, levels->count, sizeof(*levels->sorted), compare_integers);
	return levels;
}

/* integer_code(value, levels): the same for integers, without their text. */
PG_FUNCTION_INFO_V1(integer_code);
Datum
integer_code(PG_FUNCTION_ARGS)
{
	int64		value = PG_GETARG_INT64(0);
	Integers   *levels = fcinfo->flinfo->fn_extra;
	int			low = 0;
	int			high;

	if (levels == NULL)
	{
		bool		stable = get_fn_expr_arg_stable(fcinfo->flinfo, 1);
		MemoryContext old = MemoryContextSwitchTo(stable ? fcinfo->flinfo->fn_mcxt : CurrentMemoryContext);

		levels = sort_integers(PG_GETARG_ARRAYTYPE_P(1));
		if (stable)
			fcinfo->flinfo->fn_extra = levels;
		MemoryContextSwitchTo(old);
	}
	high = levels->count;
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
