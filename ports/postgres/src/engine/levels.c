/*
 * levels.c: an aggregate that finds the values of a category, numbered as they come.
 *
 * levels(most, x) returns the values of x as text, in the order in which they came; as soon as there are more than `most`,
 * it takes no further ones.  Equal values of the type, by the collation of x, are one.
 */
#include "postgres.h"

#include "bounds.h"
#include "catalog/pg_type.h"
#include "dict.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

typedef struct Levels
{
	Dict	   *dict;
	Oid			collation;
	int			most;
} Levels;

static Levels *
levels_new(Oid type, Oid collation, int most, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Levels	   *levels = palloc(sizeof(Levels));

	levels->dict = dict_of_values(type, collation);
	levels->collation = collation;
	levels->most = most;
	MemoryContextSwitchTo(old);
	return levels;
}

static inline void
levels_take(Levels *levels, Datum value)
{
	static const bool not_null = false;

	if (dict_count(levels->dict) <= levels->most)
		dict_code(levels->dict, &value, &not_null);
}

/* levels_accum(state, most, x) */
PG_FUNCTION_INFO_V1(levels_accum);
Datum
levels_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Levels	   *levels = PG_ARGISNULL(0) ? NULL : (Levels *) PG_GETARG_POINTER(0);

	aggregate_only(fcinfo, "levels_accum", &context);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the most levels must not be NULL")));
	if (!PG_ARGISNULL(2))
	{
		if (levels == NULL)
			levels = levels_new(getBaseType(get_fn_expr_argtype(fcinfo->flinfo, 2)), PG_GET_COLLATION(),
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
	Levels	   *into = PG_ARGISNULL(0) ? NULL : (Levels *) PG_GETARG_POINTER(0);
	Levels	   *from = PG_ARGISNULL(1) ? NULL : (Levels *) PG_GETARG_POINTER(1);

	aggregate_only(fcinfo, "levels_combine", &context);
	if (from == NULL && into == NULL)
		PG_RETURN_NULL();
	if (from == NULL)
		PG_RETURN_POINTER(into);
	if (into == NULL)
		into = levels_new(dict_type(from->dict, 0), from->collation, from->most, context);
	for (int code = 0; code < dict_count(from->dict); code++)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		levels_take(into, dict_value(from->dict, code, 0, &isnull));
	}
	PG_RETURN_POINTER(into);
}

/* Returns a value as text, by its type's output function. */
static char *
level_text(const Levels *levels, FmgrInfo *output, int code)
{
	bool		isnull;

	CHECK_FOR_INTERRUPTS();
	return OutputFunctionCall(output, dict_value(levels->dict, code, 0, &isnull));
}

static void
find_output(const Levels *levels, FmgrInfo *output)
{
	Oid			function;
	bool		is_varlena;

	getTypeOutputInfo(dict_type(levels->dict, 0), &function, &is_varlena);
	fmgr_info(function, output);
}

/* levels_serial(state): type, collation, limit and number of the values, and their texts. */
PG_FUNCTION_INFO_V1(levels_serial);
Datum
levels_serial(PG_FUNCTION_ARGS)
{
	Levels	   *levels = (Levels *) PG_GETARG_POINTER(0);
	StringInfoData bytes;
	FmgrInfo	output;

	aggregate_only(fcinfo, "levels_serial", NULL);
	find_output(levels, &output);
	pq_begintypsend(&bytes);
	pq_sendint32(&bytes, dict_type(levels->dict, 0));
	pq_sendint32(&bytes, levels->collation);
	pq_sendint32(&bytes, levels->most);
	pq_sendint32(&bytes, dict_count(levels->dict));
	for (int code = 0; code < dict_count(levels->dict); code++)
	{
		char	   *text = level_text(levels, &output, code);

		pq_sendint32(&bytes, strlen(text));
		appendBinaryStringInfo(&bytes, text, strlen(text));
		pfree(text);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&bytes));
}

/* levels_deserial(bytes, state) */
PG_FUNCTION_INFO_V1(levels_deserial);
Datum
levels_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *given = PG_GETARG_BYTEA_PP(0);
	StringInfoData bytes;
	Levels	   *levels;
	Oid			type;
	Oid			collation;
	Oid			input;
	Oid			ioparam;
	int			most;
	int			count;

	aggregate_only(fcinfo, "levels_deserial", NULL);
	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
	type = pq_getmsgint(&bytes, 4);
	collation = pq_getmsgint(&bytes, 4);
	most = pq_getmsgint(&bytes, 4);
	count = pq_getmsgint(&bytes, 4);
	levels = levels_new(type, collation, most, CurrentMemoryContext);
	getTypeInputInfo(type, &input, &ioparam);
	for (int code = 0; code < count; code++)
	{
		int			length = pq_getmsgint(&bytes, 4);
		char	   *text = pnstrdup(pq_getmsgbytes(&bytes, length), length);

		CHECK_FOR_INTERRUPTS();
		levels_take(levels, OidInputFunctionCall(input, text, ioparam, -1));
		pfree(text);
	}
	pq_getmsgend(&bytes);
	PG_RETURN_POINTER(levels);
}

/* levels_texts(state): the final function. */
PG_FUNCTION_INFO_V1(levels_texts);
Datum
levels_texts(PG_FUNCTION_ARGS)
{
	Levels	   *levels = PG_ARGISNULL(0) ? NULL : (Levels *) PG_GETARG_POINTER(0);
	FmgrInfo	output;
	Datum	   *texts;
	int			count;

	aggregate_only(fcinfo, "levels_texts", NULL);
	if (levels == NULL)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	find_output(levels, &output);
	count = dict_count(levels->dict);
	texts = palloc_limited(count * (int64) sizeof(Datum), MaxAllocSize, "an array of all levels");
	for (int code = 0; code < count; code++)
		texts[code] = CStringGetTextDatum(level_text(levels, &output, code));
	PG_RETURN_ARRAYTYPE_P(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT));
}
