/*
 * sk_arguments.c: the arguments of a row function as the inputs of a model.
 *
 * Arguments are the inputs in the order of training, or one array of them, or one row of a table or JSON, whose columns
 * are found by the names of the inputs.  An array or JSON may be given as a text, which is what a driver sends that does
 * not know the type of a parameter.
 */
#include "postgres.h"

#include <math.h>

#include "sk_arguments.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

/* Reads an array; returns false for a single NULL in place of several inputs, which an untyped argument is. */
static bool
read_array(Sk *sk, Plan *plan, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	bool		is_single = ARR_ELEMTYPE(array) == TEXTOID && ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) == 1;

	if (is_single && ARR_HASNULL(array) && sk->inputs > 1)
		return false;
	if (is_single && !ARR_HASNULL(array))
	{
		text	   *element = (text *) ARR_DATA_PTR(array);

		return read_literal(sk, plan, text_to_cstring(element), VARSIZE_ANY_EXHDR(element));
	}
	read_elements(sk, plan, array);
	return true;
}

/* The inputs are in JSON or in a text. */
static bool
read_document(Sk *sk, Plan *plan, Datum value)
{
	char	   *string;

	if (plan->type == JSONBOID)
		return read_json(sk, value);
	string = plan->type == UNKNOWNOID ? DatumGetCString(value) : TextDatumGetCString(value);
	if (plan->type == JSONOID)
		return read_json(sk, DirectFunctionCall1(jsonb_in, CStringGetDatum(string)));
	return read_literal(sk, plan, string, strlen(string));
}

/* Decides how the arguments are read: looked up in the catalogues in the first call only. */
static void
plan_arguments(Sk *sk, Plan *plan, FunctionCallInfo fcinfo, int first)
{
	int			nargs = PG_NARGS() - first;
	Oid			type = nargs == 1 ? getBaseType(get_fn_expr_argtype(fcinfo->flinfo, first)) : InvalidOid;

	plan->type = type;
	if (type == JSONBOID || type == JSONOID || type == TEXTOID || type == VARCHAROID || type == UNKNOWNOID)
		plan->shape = DOCUMENT;
	else if (nargs == 1 && type_is_rowtype(type))
		plan->shape = RECORD;
	else if (nargs == 1 && get_element_type(type) != InvalidOid)
		plan->shape = ARRAY;
	else if (nargs != sk->inputs)
		sk_wrong_count(sk, nargs);
	else
	{
		for (int i = 0; i < nargs; i++)
			reader_init(&plan->readers[i], get_fn_expr_argtype(fcinfo->flinfo, first + i), plan->context);
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
				read_value(sk, i, &plan->readers[i], PG_GETARG_DATUM(first + i));
		return true;
	}
	if (PG_ARGISNULL(first))
	{
		sk->raw[0] = NAN;
		return plan->shape == DOCUMENT && plan->type != JSONBOID && plan->type != JSONOID && sk->inputs == 1;
	}
	switch (plan->shape)
	{
		case ARRAY:
			return read_array(sk, plan, PG_GETARG_DATUM(first));
		case RECORD:
			read_record(sk, plan, PG_GETARG_DATUM(first));
			return true;
		default:
			return read_document(sk, plan, PG_GETARG_DATUM(first));
	}
}

void
sk_plan(Sk *sk)
{
	Plan	   *plan = palloc0(sizeof(Plan));

	plan->context = CurrentMemoryContext;
	plan->values = palloc(sizeof(Datum));
	plan->nulls = palloc(sizeof(bool));
	plan->attributes = palloc0(sk->inputs * sizeof(int));
	plan->readers = palloc0(sk->inputs * sizeof(Reader));
	sk->plan = plan;
	sk->raw = palloc(sk->inputs * sizeof(double));
	sk->is_missing = palloc0(sk->inputs * sizeof(bool));
}
