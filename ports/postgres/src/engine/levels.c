/*
 * levels.c: an aggregate that finds the values of a category, numbered as they come.
 *
 * levels(most, x) returns the values of x as text, in the order in which they came; as soon as there are more than `most`,
 * it takes no further ones.  Equal values of the type, by the collation of x, are one.
 */
#include "postgres.h"

#include "bounds.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "numbering.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

static inline void
levels_take(Numbering *levels, Datum value)
{
	if (dict_count(levels->dict) <= levels->most)
		numbering_number(levels, value);
}

/* levels_accum(state, most, x) */
PG_FUNCTION_INFO_V1(levels_accum);
Datum
levels_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Numbering  *levels = PG_ARGISNULL(0) ? NULL : (Numbering *) PG_GETARG_POINTER(0);

	aggregate_only(fcinfo, "levels_accum", &context);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the most levels must not be NULL")));
	if (!PG_ARGISNULL(2))
	{
		if (levels == NULL)
			levels = numbering_new(getBaseType(get_fn_expr_argtype(fcinfo->flinfo, 2)), PG_GET_COLLATION(),
								   PG_GETARG_INT32(1), context);
		levels_take(levels, PG_GETARG_DATUM(2));
	}
	if (levels == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(levels);
}

/* levels_combine(state, other) */
PG_FUNCTION_INFO_V1(levels_combine);
Datum
levels_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Numbering  *into = PG_ARGISNULL(0) ? NULL : (Numbering *) PG_GETARG_POINTER(0);
	Numbering  *from = PG_ARGISNULL(1) ? NULL : (Numbering *) PG_GETARG_POINTER(1);

	aggregate_only(fcinfo, "levels_combine", &context);
	if (from == NULL && into == NULL)
		PG_RETURN_NULL();
	if (from == NULL)
		PG_RETURN_POINTER(into);
	if (into == NULL)
		into = numbering_new(dict_type(from->dict, 0), from->collation, from->most, context);
	for (int code = 0; code < dict_count(from->dict); code++)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		levels_take(into, dict_value(from->dict, code, 0, &isnull));
	}
	PG_RETURN_POINTER(into);
}

/* levels_serial(state) */
PG_FUNCTION_INFO_V1(levels_serial);
Datum
levels_serial(PG_FUNCTION_ARGS)
{
	StringInfoData bytes;

	aggregate_only(fcinfo, "levels_serial", NULL);
	pq_begintypsend(&bytes);
	numbering_send(&bytes, (Numbering *) PG_GETARG_POINTER(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&bytes));
}

/* levels_deserial(bytes, state) */
PG_FUNCTION_INFO_V1(levels_deserial);
Datum
levels_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *given = PG_GETARG_BYTEA_PP(0);
	StringInfoData bytes;
	Numbering  *levels;

	aggregate_only(fcinfo, "levels_deserial", NULL);
	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
	levels = numbering_receive(&bytes);
	pq_getmsgend(&bytes);
	PG_RETURN_POINTER(levels);
}

/* levels_texts(state): the final function. */
PG_FUNCTION_INFO_V1(levels_texts);
Datum
levels_texts(PG_FUNCTION_ARGS)
{
	Numbering  *levels = PG_ARGISNULL(0) ? NULL : (Numbering *) PG_GETARG_POINTER(0);
	char	  **texts;
	Datum	   *values;

	aggregate_only(fcinfo, "levels_texts", NULL);
	if (levels == NULL)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	texts = numbering_texts(levels);
	values = palloc(dict_count(levels->dict) * sizeof(Datum));
	for (int code = 0; code < dict_count(levels->dict); code++)
		values[code] = CStringGetTextDatum(texts[code]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, dict_count(levels->dict), TEXTOID, -1, false, TYPALIGN_INT));
}
