/*
 * sk_values.h: how one value of an argument is read.
 */
#ifndef MADPY_SK_VALUES_H
#define MADPY_SK_VALUES_H

#include "sk.h"

/* How a value of one type is read. */
typedef struct Reader
{
	Oid			type;
	FmgrInfo	output;			/* for a type that is read as text */
	bool		is_text;		/* text, varchar or char: its bytes are read as they are */
} Reader;

/* Sets a reader of values of a type; looks into the catalogues. */
extern void sk_reader_init(Reader *reader, Oid type, MemoryContext context);

/* Returns input `i` of a value that is not NULL: a number, or the code of a level. */
extern double sk_read_value(Sk *sk, int i, const Reader *reader, Datum value);

#endif
