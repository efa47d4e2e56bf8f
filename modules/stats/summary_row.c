/*
 * summary_row.c: summarises all columns of a row at once, and reads values of any type from a row.
 *
 * Citus calls a transition function without an expression from which the types of arguments could be found, and without
 * memory that lasts from row to row.  A row includes the types of its columns, and data about these types are stored in a
 * list by the type of the row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "engine/bounds.h"
#include "summary.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#define ROW_MAGIC 0x7270646dU	/* "mdpr" */

/* Summaries of the columns of a row.  That of column c is at bytes offsets[c] .. offsets[c + 1] - 1. */
typedef struct RowSummary
{
	int32		vl_len_;
	uint32		magic;
	int32		columns;
	uint32		offsets[FLEXIBLE_ARRAY_MEMBER];	/* columns + 1, multiples of 8 */
} RowSummary;

/* Data to read rows of one type; freed with the memory context of the aggregate. */
typedef struct RowType
{
	struct RowType *next;
	MemoryContext context;
	Oid			type;
	int32		typmod;
	TupleDesc	desc;
	SummaryColumn *columns;
	MemoryContextCallback gone;
} RowType;

static RowType *row_types = NULL;

static void
row_type_gone(void *arg)
{
	RowType   **link = &row_types;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
}

static RowType *
row_type_new(MemoryContext context, HeapTupleHeader row)
{
	RowType    *known = MemoryContextAllocZero(context, sizeof(RowType));
	MemoryContext old = MemoryContextSwitchTo(context);

	known->context = context;
	known->type = HeapTupleHeaderGetTypeId(row);
	known->typmod = HeapTupleHeaderGetTypMod(row);
	known->desc = lookup_rowtype_tupdesc_copy(known->type, known->typmod);
	known->columns = palloc0(Max(known->desc->natts, 1) * sizeof(SummaryColumn));
	for (int c = 0; c < known->desc->natts; c++)
	{
		Form_pg_attribute attribute = TupleDescAttr(known->desc, c);

		if (attribute->attisdropped)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a row without dropped columns is needed: ROW(value, ...)")));
		summary_column_start(&known->columns[c], context, getBaseType(attribute->atttypid), attribute->attcollation);
	}
	known->gone.func = row_type_gone;
	known->gone.arg = known;
	MemoryContextRegisterResetCallback(context, &known->gone);
	known->next = row_types;
	row_types = known;
	MemoryContextSwitchTo(old);
	return known;
}

/* Reads the values of the row in argument 1, and returns the data about their types. */
static RowType *
row_argument(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	MemoryContext context;
	HeapTupleHeader row;
	HeapTupleData tuple = {0};
	RowType    *known = row_types;

	aggregate_only(fcinfo, "row_summary", &context);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a row is needed, not NULL: ROW(value, ...)")));
	row = PG_GETARG_HEAPTUPLEHEADER(1);
	while (known && (known->context != context || known->type != HeapTupleHeaderGetTypeId(row) ||
					 known->typmod != HeapTupleHeaderGetTypMod(row)))
		known = known->next;
	if (known == NULL)
		known = row_type_new(context, row);
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	tuple.t_data = row;
	heap_deform_tuple(&tuple, known->desc, values, nulls);
	return known;
}

/* Reads the only value of the row in argument 1, and returns the data about its type. */
SummaryColumn *
row_column(FunctionCallInfo fcinfo, Datum *value, bool *isnull)
{
	Datum		values[MaxTupleAttributeNumber];
	bool		nulls[MaxTupleAttributeNumber];
	RowType    *known = row_argument(fcinfo, values, nulls);

	if (known->desc->natts != 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a row of one column is needed, not of %d: ROW(value)", known->desc->natts)));
	*value = values[0];
	*isnull = nulls[0];
	return &known->columns[0];
}

static uint32
head_bytes(int columns)
{
	return MAXALIGN(offsetof(RowSummary, offsets) + (columns + 1) * sizeof(uint32));
}

static Summary *
summary_of(const RowSummary *all, int column)
{
	return (Summary *) ((char *) all + all->offsets[column]);
}

/* Copies summaries into one RowSummary. */
static RowSummary *
joined(Summary *const *summaries, int columns)
{
	Size		bytes = head_bytes(columns);
	RowSummary *all;
	uint32		at = bytes;

	for (int c = 0; c < columns; c++)
		bytes += MAXALIGN(VARSIZE(summaries[c]));
	all = palloc_limited(bytes, MaxAllocSize, "a state of summaries");
	SET_VARSIZE(all, bytes);
	all->magic = ROW_MAGIC;
	all->columns = columns;
	for (int c = 0; c < columns; c++)
	{
		all->offsets[c] = at;
		memcpy((char *) all + at, summaries[c], VARSIZE(summaries[c]));
		at += MAXALIGN(VARSIZE(summaries[c]));
	}
	all->offsets[columns] = at;
	return all;
}

/* Returns the summaries in an argument.  The header of each is checked here, its parts before they are used. */
static RowSummary *
rows_argument(FunctionCallInfo fcinfo, int arg)
{
	RowSummary *all = (RowSummary *) PG_GETARG_POINTER(arg);
	Size		size;

	if (VARATT_IS_EXTENDED(all) || (uintptr_t) all != MAXALIGN((uintptr_t) all))
		all = (RowSummary *) PG_GETARG_BYTEA_P_COPY(arg);
	size = VARSIZE(all);
	summary_check(size >= offsetof(RowSummary, offsets) && all->magic == ROW_MAGIC &&
				  all->columns > 0 && all->columns <= MaxTupleAttributeNumber &&
				  size >= head_bytes(all->columns) && all->offsets[0] == head_bytes(all->columns) &&
				  all->offsets[all->columns] == size);
	for (int c = 0; c < all->columns; c++)
	{
		uint32		at = all->offsets[c];
		uint32		end = all->offsets[c + 1];

		summary_check(end <= size && at == MAXALIGN(at) && at < end && end - at >= sizeof(Summary));
		summary_check(VARATT_IS_4B_U(summary_of(all, c)) && VARSIZE(summary_of(all, c)) == end - at);
		summary_check_head(summary_of(all, c), end - at);
	}
	return all;
}

/* row_summary_accum(state bytea, value record, wanted integer) */
PG_FUNCTION_INFO_V1(row_summary_accum);
Datum
row_summary_accum(PG_FUNCTION_ARGS)
{
	Datum		values[MaxTupleAttributeNumber];
	bool		nulls[MaxTupleAttributeNumber];
	Summary    *summaries[MaxTupleAttributeNumber];
	RowType    *known = row_argument(fcinfo, values, nulls);
	RowSummary *all = PG_ARGISNULL(0) ? NULL : rows_argument(fcinfo, 0);
	int			wanted = PG_ARGISNULL(2) ? SUMMARY_ALL : PG_GETARG_INT32(2) & SUMMARY_ALL;
	bool		in_place = all != NULL;

	summary_check(known->desc->natts > 0 && (all == NULL || all->columns == known->desc->natts));
	for (int c = 0; c < known->desc->natts; c++)
	{
		SummaryColumn *column = &known->columns[c];
		Summary    *before = all ? summary_of(all, c) : summary_new(column->kind, wanted);

		summaries[c] = summary_add_value(before, column, values[c], nulls[c]);
		in_place = in_place && summaries[c] == before;
	}
	if (in_place)
		PG_RETURN_POINTER(all);
	PG_RETURN_POINTER(joined(summaries, known->desc->natts));
}

/* row_summary_combine(state bytea, other bytea) */
PG_FUNCTION_INFO_V1(row_summary_combine);
Datum
row_summary_combine(PG_FUNCTION_ARGS)
{
	Summary    *summaries[MaxTupleAttributeNumber];
	RowSummary *a;
	RowSummary *b;

	aggregate_only(fcinfo, "row_summary", NULL);
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_POINTER(rows_argument(fcinfo, PG_ARGISNULL(0) ? 1 : 0));
	a = rows_argument(fcinfo, 0);
	b = rows_argument(fcinfo, 1);
	summary_check(a->columns == b->columns);
	for (int c = 0; c < a->columns; c++)
		summaries[c] = summary_merged(summary_folded(summary_of(a, c)), summary_folded(summary_of(b, c)));
	PG_RETURN_POINTER(joined(summaries, a->columns));
}

/* row_summary_column(state bytea, number integer): returns the state of column_summary of one column, counted from 1 */
PG_FUNCTION_INFO_V1(row_summary_column);
Datum
row_summary_column(PG_FUNCTION_ARGS)
{
	RowSummary *all = rows_argument(fcinfo, 0);
	int			number = PG_GETARG_INT32(1);

	if (number < 1 || number > all->columns)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no column %d in a state of %d", number, all->columns)));
	PG_RETURN_POINTER(summary_folded(summary_of(all, number - 1)));
}
