/*
 * dict.h: a dictionary from keys of one or several values of any hashable types to codes 0, 1, 2, ...
 */
#ifndef MADPY_DICT_H
#define MADPY_DICT_H

#include "access/tupdesc.h"
#include "lib/stringinfo.h"

typedef struct Dict Dict;

/* Keys are columns [first, first + n) of a tuple; the dictionary lives in the current memory context. */
extern Dict *dict_new(TupleDesc desc, int first, int n);

/* A dictionary of single values of a type, with a collation where the type has one. */
extern Dict *dict_of_values(Oid type, Oid collation);

/* A dictionary of single values of type text, bigint or boolean, small at first. */
extern Dict *dict_of_type(Oid type);

/* The code of a key, given as all values of the tuple; a new one if the key is new.  NULL equals NULL. */
extern int	dict_code(Dict *dict, const Datum *values, const bool *nulls);

/*
 * The code of a value in a dictionary of single values, -1 where it is not among them.  Memory that a look-up needs, as for
 * a compressed text, is allocated in the current context.
 */
extern int	dict_find(Dict *dict, Datum value);

extern int	dict_count(const Dict *dict);
extern int	dict_columns(const Dict *dict);
extern Oid	dict_type(const Dict *dict, int column);
extern Datum dict_value(const Dict *dict, int code, int column, bool *isnull);

/* For dictionaries of single values: the codes that `into` gives to the values of `from`, by their codes there. */
extern int *dict_merge(Dict *into, const Dict *from);

/* Values as bytes and back: the type, int32 count, int32 length of each, and the values one behind the other. */
extern void dict_append(StringInfo to, const Dict *dict);
extern Dict *dict_read(const char **at, const char *end);

/* The next `size` bytes of what ends at `end`, or an error where it is shorter. */
extern const char *dict_take(const char **at, const char *end, Size size);

#endif
