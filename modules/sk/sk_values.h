/*
 * sk_values.h: one value of a row as the number or the code that a model knows it by.
 */
#ifndef MADPY_SK_VALUES_H
#define MADPY_SK_VALUES_H

#include "catalog/pg_type.h"
#include "sk.h"

/* How a value of one type is read. */
typedef struct Reader
{
	Oid			type;
	FmgrInfo	output;			/* for a type that is read as text */
	bool		is_text;		/* text, varchar or char: its bytes are read as they are */
} Reader;

extern void reader_init(Reader *reader, Oid type, MemoryContext context);

/* Returns input `i`, given as a value that is not NULL of a type other than double precision. */
extern double sk_value(Sk *sk, int i, const Reader *reader, Datum value);

/* Returns input `i`, given as a text: of a number or a time where the input is a number, else of a level. */
extern double sk_text(Sk *sk, int i, const char *string, int length);

/* Returns input `i` of a value that is not NULL. */
static inline double
read_value(Sk *sk, int i, const Reader *reader, Datum value)
{
	if (reader->type == FLOAT8OID && sk->row->levels[i] == 0)
		return DatumGetFloat8(value);
	return sk_value(sk, i, reader, value);
}

#endif
