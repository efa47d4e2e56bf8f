/*
 * summary_row.c: values of any type that come as a row of one column, ROW(value).
 *
 * Citus calls a transition function without an expression that would tell the types of its arguments, and without a place
 * to keep anything from row to row.  A row tells the type of its column by itself, and what is known of that type is found
 * again by the type of the row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "summary.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* What is known of rows of one type; it goes with the memory of the aggregate. */
typedef struct RowColumn
{
	struct RowColumn *next;
	MemoryContext context;
	Oid			type;			/* of the rows */
	int32		typmod;
	TupleDesc	desc;
	SummaryColumn column;
	MemoryContextCallback gone;
} RowColumn;

static RowColumn *row_columns = NULL;

static void
row_column_gone(void *arg)
{
	RowColumn **link = &row_columns;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
}

static RowColumn *
row_column_new(MemoryContext context, HeapTupleHeader row)
{
	RowColumn  *known = MemoryContextAllocZero(context, sizeof(RowColumn));
	MemoryContext old = MemoryContextSwitchTo(context);
	Form_pg_attribute attribute;

	known->context = context;
	known->type = HeapTupleHeaderGetTypeId(row);
	known->typmod = HeapTupleHeaderGetTypMod(row);
	known->desc = lookup_rowtype_tupdesc_copy(known->type, known->typmod);
	attribute = TupleDescAttr(known->desc, 0);
	if (known->desc->natts != 1 || attribute->attisdropped)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a row of one column is needed: ROW(value)")));
	summary_column_start(&known->column, context, getBaseType(attribute->atttypid), attribute->attcollation);
	known->gone.func = row_column_gone;
	known->gone.arg = known;
	MemoryContextRegisterResetCallback(context, &known->gone);
	known->next = row_columns;
	row_columns = known;
	MemoryContextSwitchTo(old);
	return known;
}

/* The value in the row that argument 1 is, and what is known of its type. */
SummaryColumn *
row_column(FunctionCallInfo fcinfo, Datum *value, bool *isnull)
{
	MemoryContext context;
	HeapTupleHeader row;
	HeapTupleData tuple = {0};
	RowColumn  *known = row_columns;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "called outside an aggregate");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a row of one column is needed, not NULL: ROW(value)")));
	row = PG_GETARG_HEAPTUPLEHEADER(1);
	while (known && (known->context != context || known->type != HeapTupleHeaderGetTypeId(row) ||
					 known->typmod != HeapTupleHeaderGetTypMod(row)))
		known = known->next;
	if (known == NULL)
		known = row_column_new(context, row);
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	tuple.t_data = row;
	*value = heap_getattr(&tuple, 1, known->desc, isnull);
	return &known->column;
}

/* summary_row_accum(state bytea, value record, wanted integer): the value is the one column of a row */
PG_FUNCTION_INFO_V1(summary_row_accum);
Datum
summary_row_accum(PG_FUNCTION_ARGS)
{
	Datum		value;
	bool		isnull;
	SummaryColumn *column = row_column(fcinfo, &value, &isnull);
	int			wanted = PG_ARGISNULL(2) ? SUMMARY_ALL : PG_GETARG_INT32(2);

	PG_RETURN_POINTER(summary_add_value(fcinfo, column, value, isnull, wanted));
}
