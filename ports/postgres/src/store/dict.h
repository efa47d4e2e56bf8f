/*
 * dict.h: a dictionary from keys of one or several values of any hashable types to codes 0, 1, 2, ...
 */
#ifndef MADPY_DICT_H
#define MADPY_DICT_H

#include "access/tupdesc.h"

typedef struct Dict Dict;

/* Keys are columns [first, first + n) of a tuple; the dictionary lives in the current memory context. */
extern Dict *dict_new(TupleDesc desc, int first, int n);

/* The code of a key, given as all values of the tuple; a new one if the key is new.  NULL equals NULL. */
extern int	dict_code(Dict *dict, const Datum *values, const bool *nulls);

extern int	dict_count(const Dict *dict);
extern int	dict_columns(const Dict *dict);
extern Oid	dict_type(const Dict *dict, int column);
extern Datum dict_value(const Dict *dict, int code, int column, bool *isnull);

#endif
