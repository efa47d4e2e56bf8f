/*
 * summary.c: the aggregate column_summary and its states.
 */
#include "postgres.h"

#include "engine/bounds.h"
#include "catalog/pg_type.h"
#include "summary.h"
#include "utils/lsyscache.h"

static ColumnKind
kind_of(Oid type)
{
	char		category;
	bool		preferred;

	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return COLUMN_INTEGER;
		case FLOAT4OID:
			return COLUMN_FLOAT4;
		case FLOAT8OID:
			return COLUMN_FLOAT8;
		case NUMERICOID:
			return COLUMN_NUMERIC;
		case DATEOID:
			return COLUMN_DATE;
		case TIMESTAMPOID:
			return COLUMN_TIMESTAMP;
		case TIMESTAMPTZOID:
			return COLUMN_TIMESTAMPTZ;
	}
	get_type_category_preferred(type, &category, &preferred);
	return category == TYPCATEGORY_STRING && get_typlen(type) == -1 ? COLUMN_TEXT : COLUMN_OTHER;
}

/* Prepares to read, hash and print values of a base type; `column` is valid as long as `context` lives. */
void
summary_column_start(SummaryColumn *column, MemoryContext context, Oid type, Oid collation)
{
	Oid			output;
	bool		is_varlena;

	column->type = type;
	column->kind = kind_of(type);
	column->hasher = hasher_new(context, type, collation);
	getTypeOutputInfo(type, &output, &is_varlena);
	fmgr_info_cxt(output, &column->output, context);
}

static SummaryColumn *
column_of(FunctionCallInfo fcinfo)
{
	SummaryColumn *column = fcinfo->flinfo->fn_extra;

	if (column)					/* an earlier call has checked that an aggregate is running */
		return column;
	aggregate_only(fcinfo, "column_summary", NULL);
	column = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(SummaryColumn));
	summary_column_start(column, fcinfo->flinfo->fn_mcxt, argument_type(fcinfo, 1), PG_GET_COLLATION());
	fcinfo->flinfo->fn_extra = column;
	return column;
}

/* Returns a state with one more value. */
Summary *
summary_add_value(Summary *summary, SummaryColumn *column, Datum value, bool isnull)
{
	summary_check(summary->kind == column->kind);
	summary->rows++;
	if (isnull)
	{
		summary->nulls++;
		return summary;
	}
	return IS_NUMBER(column->kind) ? summary_add_number(summary, column, value)
		: summary_add_other(summary, column, value);
}

/* summary_accum(state bytea, value anyelement [, wanted integer]) */
PG_FUNCTION_INFO_V1(summary_accum);
Datum
summary_accum(PG_FUNCTION_ARGS)
{
	SummaryColumn *column = column_of(fcinfo);
	Summary    *summary;

	if (PG_ARGISNULL(0))
	{
		int			wanted = PG_NARGS() < 3 || PG_ARGISNULL(2) ? SUMMARY_ALL : PG_GETARG_INT32(2);

		summary = summary_new(column->kind, wanted & SUMMARY_ALL);
	}
	else
		summary = summary_argument(fcinfo, 0);
	PG_RETURN_POINTER(summary_add_value(summary, column, PG_GETARG_DATUM(1), PG_ARGISNULL(1)));
}

/* Returns a copy of the state with the values of its tail added; the argument is not changed. */
Summary *
summary_folded(const Summary *summary)
{
	return summary_fold(memcpy(palloc(VARSIZE(summary)), summary, VARSIZE(summary)));
}

/* Adds the counts and moments of another state. */
static void
add_counts(Summary *into, const Summary *from)
{
	into->rows += from->rows;
	into->nulls += from->nulls;
	into->blanks += from->blanks;
	into->positive += from->positive;
	into->negative += from->negative;
	into->zeros += from->zeros;
	into->nans += from->nans;
	into->infinite += from->infinite;
	into->minus_infinite += from->minus_infinite;
	into->shortest = Min(into->shortest, from->shortest);
	into->longest = Max(into->longest, from->longest);
	moments_merge(into->moments, from->moments, 1);
}

/* Merges two states without tails into a new one. */
Summary *
summary_merged(const Summary *a, const Summary *b)
{
	Quantiles  *quantiles = NULL;
	uint32		bytes[PARTS];
	uint32		more = 0;
	uint32		more_text = 0;
	Summary    *result;

	if (a->kind != b->kind || a->wanted != b->wanted)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("states of column_summary are of different types"),
				 errhint("Merge states of columns of one type, made with the same options.")));
	if (b->bytes[PART_DISTINCT])
		more = ((Hll *) summary_part(b, PART_DISTINCT))->capacity == 0 ? HLL_MAX_CAPACITY
			: ((Hll *) summary_part(b, PART_DISTINCT))->count;
	if (b->bytes[PART_FREQUENT])
		more = Max(more, ((Frequent *) summary_part(b, PART_FREQUENT))->count);
	if (b->bytes[PART_TEXTS])
		more_text = ((Texts *) summary_part(b, PART_TEXTS))->used;
	summary_wanted_bytes(a, more, more_text, bytes);
	bytes[PART_TAIL] = 0;
	if (a->bytes[PART_QUANTILES] && b->bytes[PART_QUANTILES])
	{
		quantiles = quantiles_merged(summary_part(a, PART_QUANTILES), summary_part(b, PART_QUANTILES));
		bytes[PART_QUANTILES] = quantiles_bytes(quantiles_capacity_for(NULL, quantiles->used));
	}
	else if (b->bytes[PART_QUANTILES])
		quantiles = summary_part(b, PART_QUANTILES);
	else if (a->bytes[PART_QUANTILES])
		quantiles = summary_part(a, PART_QUANTILES);
	if (quantiles)
		bytes[PART_QUANTILES] = quantiles_bytes(Max(quantiles->capacity, quantiles->used));
	result = summary_with_parts(a, bytes);
	summary_start_parts(result);
	summary_add_sets(result, a);
	summary_add_sets(result, b);
	if (quantiles)
		summary_copy_quantiles(result, quantiles);
	add_counts(result, b);
	return result;
}

/* summary_combine(state bytea, other bytea) */
PG_FUNCTION_INFO_V1(summary_combine);
Datum
summary_combine(PG_FUNCTION_ARGS)
{
	Summary    *summaries[2];

	aggregate_only(fcinfo, "column_summary", NULL);
	for (int arg = 0; arg < 2; arg++)
		summaries[arg] = PG_ARGISNULL(arg) ? NULL : summary_folded(summary_argument(fcinfo, arg));
	if (summaries[0] == NULL && summaries[1] == NULL)
		PG_RETURN_NULL();
	if (summaries[0] == NULL || summaries[1] == NULL)
		PG_RETURN_POINTER(summaries[0] ? summaries[0] : summaries[1]);
	PG_RETURN_POINTER(summary_merged(summaries[0], summaries[1]));
}

/* summary_state(state bytea): returns the state with the values of its tail added */
PG_FUNCTION_INFO_V1(summary_state);
Datum
summary_state(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(summary_folded(summary_argument(fcinfo, 0)));
}
