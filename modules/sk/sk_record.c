/*
 * sk_record.c: the inputs of a model in a row of a table, whose columns are found by their names.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "sk_arguments.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* Returns the number of a column of a record, -1 if there is none of this name. */
static int
find_column(TupleDesc desc, const char *name, int length)
{
	for (int c = 0; c < desc->natts; c++)
	{
		const char *other = NameStr(TupleDescAttr(desc, c)->attname);

		if (!TupleDescAttr(desc, c)->attisdropped && strlen(other) == length && memcmp(other, name, length) == 0)
			return c;
	}
	return -1;
}

/* Returns the column of a record that is an array of all inputs, which then have the names x[1], x[2], ...; else -1. */
static int
find_vector(const Sk *sk, TupleDesc desc)
{
	const char *name = VARDATA(sk->names[0]);
	int			length = VARSIZE(sk->names[0]) - VARHDRSZ;
	int			column = -1;

	if (length > 3 && memcmp(name + length - 3, "[1]", 3) == 0 && find_column(desc, name, length) < 0)
		column = find_column(desc, name, length - 3);
	return column >= 0 && get_element_type(getBaseType(TupleDescAttr(desc, column)->atttypid)) != InvalidOid ? column : -1;
}

/* Finds the columns of a record by the names of the inputs; those of ROW(...) have no names. */
static void
match_columns(Sk *sk, Plan *plan, TupleDesc desc, uint64 id)
{
	bool		by_place = desc->tdtypeid == RECORDOID && desc->natts == sk->inputs;

	plan->row_id = INVALID_TUPLEDESC_IDENTIFIER;	/* until all is known, so that an error leaves nothing half known */
	for (int c = 0; c < desc->natts && by_place; c++)
	{
		char		numbered[16];

		snprintf(numbered, sizeof(numbered), "f%d", c + 1);
		by_place = strcmp(NameStr(TupleDescAttr(desc, c)->attname), numbered) == 0;
	}
	plan->vector = find_vector(sk, desc);
	for (int i = 0; i < sk->inputs && plan->vector < 0; i++)
	{
		int			column = by_place ? i :
			find_column(desc, VARDATA(sk->names[i]), VARSIZE(sk->names[i]) - VARHDRSZ);

		sk->is_missing[i] = column < 0;
		plan->attributes[i] = column;
		if (column >= 0)
			reader_init(&plan->readers[i], TupleDescAttr(desc, column)->atttypid, plan->context);
	}
	if (plan->vector < 0)
		sk_check_missing(sk, sk->is_missing, "the row has no column", "the row has no columns");
	if (plan->columns < desc->natts)
	{
		plan->columns = 0;
		plan->values = repalloc_huge(plan->values, desc->natts * sizeof(Datum));
		plan->nulls = repalloc_huge(plan->nulls, desc->natts * sizeof(bool));
		plan->columns = desc->natts;
	}
	plan->row_id = id;
}

/* The inputs are columns of a record. */
void
read_record(Sk *sk, Plan *plan, Datum value)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	Oid			type = HeapTupleHeaderGetTypeId(header);
	int32		typmod = HeapTupleHeaderGetTypMod(header);
	TupleDesc	desc = lookup_rowtype_tupdesc(type, typmod);
	uint64		id = assign_record_type_identifier(type, typmod);
	HeapTupleData tuple;

	if (plan->row_id != id)
		match_columns(sk, plan, desc, id);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, plan->values, plan->nulls);
	ReleaseTupleDesc(desc);
	if (plan->vector >= 0 && !plan->nulls[plan->vector])
		read_elements(sk, plan, DatumGetArrayTypeP(plan->values[plan->vector]));
	for (int i = 0; i < sk->inputs && plan->vector >= 0 && plan->nulls[plan->vector]; i++)
		sk->raw[i] = NAN;
	for (int i = 0; i < sk->inputs && plan->vector < 0; i++)
	{
		int			column = plan->attributes[i];

		sk->raw[i] = plan->nulls[column] ? NAN : read_value(sk, i, &plan->readers[i], plan->values[column]);
	}
}
