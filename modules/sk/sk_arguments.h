/*
 * sk_arguments.h: how the arguments of a row function are read.
 */
#ifndef MADPY_SK_ARGUMENTS_H
#define MADPY_SK_ARGUMENTS_H

#include "sk_values.h"
#include "utils/array.h"

/* Forms in which the features of a row are given. */
typedef enum Shape
{
	UNKNOWN,					/* nothing has been read yet */
	ONE_BY_ONE,
	ARRAY,
	RECORD,
	DOCUMENT					/* JSON, or a text: of JSON, an array, or one input */
} Shape;

/* Readers of the arguments.  Their types are the same in all calls of an FmgrInfo, to which the model belongs. */
typedef struct Plan
{
	Shape		shape;
	uint64		row_id;			/* type of the last record: an altered table gets another number */
	int			columns;		/* number of columns that there is memory for */
	Datum	   *values;			/* memory for the columns of a record */
	bool	   *nulls;
	int		   *attributes;		/* number of the record's column for each input */
	int			vector;			/* number of the record's column that is an array of all inputs, -1: none */
	Oid			type;			/* type of the argument, if there is one */
	Reader	   *readers;		/* for each input */
	Oid			element_type;	/* type of the elements of the array that was read last */
	Reader		element;
	MemoryContext context;
} Plan;

/* sk_elements.c: sets the inputs to the elements of an array. */
extern void read_elements(Sk *sk, Plan *plan, ArrayType *array);

/* sk_record.c: sets the inputs to columns of a record. */
extern void read_record(Sk *sk, Plan *plan, Datum value);

/* sk_literal.c: sets the inputs to those in a text or in JSON; returns false if the whole is null. */
extern bool read_literal(Sk *sk, Plan *plan, const char *string, int length);
extern bool read_json(Sk *sk, Datum jsonb);

#endif
