/*
 * sk_arguments.c: the arguments of a row function, in whatever form they are given.
 *
 * Arguments are the inputs in the order of training, or one array of them, or one row of a table, whose columns are
 * found by the names of the inputs.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "sk_values.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* Forms in which the features of a row are given. */
typedef enum Shape
{
	UNKNOWN,					/* nothing has been read yet */
	ONE_BY_ONE,
	ARRAY,
	RECORD
} Shape;

/* Readers of the arguments.  Their types are the same in all calls of an FmgrInfo, to which the model belongs. */
typedef struct Plan
{
	Shape		shape;
	uint64		row_id;			/* type of the last record: an altered table gets another number */
	int			columns;		/* number of columns of that record */
	Datum	   *values;			/* memory for that record's columns */
	bool	   *nulls;
	int		   *attributes;		/* number of the record's column for each input */
	int			vector;			/* number of the record's column that is an array of all inputs, -1: none */
	Reader	   *readers;		/* for each input */
	Oid			element_type;	/* type of the elements of the array that was read last */
	Reader		element;
	MemoryContext context;
} Plan;

static void
wrong_count(const Sk *sk, int given)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%d features do not fit the %d of the model", given, sk->inputs),
			 errhint("Give the features in the order of training, one array of them, or a row of a table.")));
}

/* The inputs are the elements of an array. */
static void
read_array(Sk *sk, Plan *plan, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	int			given = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	Oid			type = ARR_ELEMTYPE(array);
	Datum	   *values;
	bool	   *nulls;
	int16		length;
	bool		by_value;
	char		align;

	if (given != sk->inputs)
		wrong_count(sk, given);
	if (type == FLOAT8OID && !ARR_HASNULL(array) && sk->row->all_numbers)
	{
		memcpy(sk->raw, ARR_DATA_PTR(array), given * sizeof(double));
		return;
	}
	if (plan->element_type != type)
	{
		plan->element_type = InvalidOid;
		sk_reader_init(&plan->element, type, plan->context);
		plan->element_type = type;
	}
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &values, &nulls, &given);
	for (int i = 0; i < given; i++)
		sk->raw[i] = nulls[i] ? NAN : sk_read_value(sk, i, &plan->element, values[i]);
}

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

		if (column < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the row has no column \"%s\", which the model was trained on",
							text_to_cstring(sk->names[i])),
					 errhint("Give a row that has all the features, or the features one by one.")));
		plan->attributes[i] = column;
		sk_reader_init(&plan->readers[i], TupleDescAttr(desc, column)->atttypid, plan->context);
	}
	if (plan->columns != desc->natts)
	{
		plan->columns = desc->natts;
		plan->values = MemoryContextAlloc(plan->context, desc->natts * sizeof(Datum));
		plan->nulls = MemoryContextAlloc(plan->context, desc->natts * sizeof(bool));
	}
	plan->row_id = id;
}

/* The inputs are columns of a record. */
static void
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
		read_array(sk, plan, plan->values[plan->vector]);
	for (int i = 0; i < sk->inputs && plan->vector >= 0 && plan->nulls[plan->vector]; i++)
		sk->raw[i] = NAN;
	for (int i = 0; i < sk->inputs && plan->vector < 0; i++)
	{
		int			column = plan->attributes[i];

		sk->raw[i] = plan->nulls[column] ? NAN : sk_read_value(sk, i, &plan->readers[i], plan->values[column]);
	}
}

/* Decides how the arguments are read: looked up in the catalogues in the first call only. */
static void
plan_arguments(Sk *sk, Plan *plan, FunctionCallInfo fcinfo, int first)
{
	int			nargs = PG_NARGS() - first;
	Oid			type = nargs == 1 ? getBaseType(get_fn_expr_argtype(fcinfo->flinfo, first)) : InvalidOid;

	if (nargs == 1 && type_is_rowtype(type))
		plan->shape = RECORD;
	else if (nargs == 1 && get_element_type(type) != InvalidOid)
		plan->shape = ARRAY;
	else if (nargs != sk->inputs)
		wrong_count(sk, nargs);
	else
	{
		for (int i = 0; i < nargs; i++)
			sk_reader_init(&plan->readers[i], get_fn_expr_argtype(fcinfo->flinfo, first + i), plan->context);
		plan->shape = ONE_BY_ONE;
	}
}

bool
sk_read(Sk *sk, FunctionCallInfo fcinfo, int first)
{
	Plan	   *plan = sk->plan;

	if (plan->shape == UNKNOWN)
		plan_arguments(sk, plan, fcinfo, first);
	if (plan->shape == ONE_BY_ONE)
	{
		for (int i = 0; i < sk->inputs; i++)
			sk->raw[i] = PG_ARGISNULL(first + i) ? NAN :
				sk_read_value(sk, i, &plan->readers[i], PG_GETARG_DATUM(first + i));
		return true;
	}
	if (PG_ARGISNULL(first))
		return false;
	if (plan->shape == ARRAY)
		read_array(sk, plan, PG_GETARG_DATUM(first));
	else
		read_record(sk, plan, PG_GETARG_DATUM(first));
	return true;
}

void
sk_plan(Sk *sk)
{
	Plan	   *plan = palloc0(sizeof(Plan));

	plan->context = CurrentMemoryContext;
	plan->attributes = palloc0(sk->inputs * sizeof(int));
	plan->readers = palloc0(sk->inputs * sizeof(Reader));
	sk->plan = plan;
	sk->raw = palloc(sk->inputs * sizeof(double));
}
