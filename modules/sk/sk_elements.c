/*
 * sk_elements.c: the inputs of a model in an array.
 */
#include "postgres.h"

#include <math.h>

#include "sk_arguments.h"
#include "utils/lsyscache.h"

void
read_elements(Sk *sk, Plan *plan, ArrayType *array)
{
	int			given = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	Oid			type = ARR_ELEMTYPE(array);
	Datum	   *values;
	bool	   *nulls;
	int16		length;
	bool		by_value;
	char		align;

	if (given != sk->inputs)
		sk_wrong_count(sk, given);
	if (type == FLOAT8OID && !ARR_HASNULL(array) && sk->row->all_numbers)
	{
		memcpy(sk->raw, ARR_DATA_PTR(array), given * sizeof(double));
		return;
	}
	if (plan->element_type != type)
	{
		plan->element_type = InvalidOid;
		reader_init(&plan->element, type, plan->context);
		plan->element_type = type;
	}
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &values, &nulls, &given);
	for (int i = 0; i < given; i++)
		sk->raw[i] = nulls[i] ? NAN : read_value(sk, i, &plan->element, values[i]);
}
