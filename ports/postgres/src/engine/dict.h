/*
 * dict.h: a dictionary from keys of one or several values of any hashable types to codes 0, 1, 2, ...
 */
#ifndef MADPY_DICT_H
#define MADPY_DICT_H

#include "access/tupdesc.h"
#include "lib/stringinfo.h"

typedef struct Dict Dict;

/* Creates a dictionary in the current memory context.  Its keys are columns [first, first + n) of a tuple. */
extern Dict *dict_new(TupleDesc desc, int first, int n);

/* A dictionary of single values of a type, with a collation where the type has one. */
extern Dict *dict_of_values(Oid type, Oid collation);

/* Creates a dictionary of single values of type text, bigint or boolean, which takes little memory at first. */
extern Dict *dict_of_type(Oid type);

/* Returns the code of the key in a tuple, given as all its values; a new key gets the next code.  NULL equals NULL. */
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

/* Adds the values of `from` to `into`, both of single values; returns their codes in `into`, by their codes in `from`. */
extern int *dict_merge(Dict *into, const Dict *from);

/*
 * Write a dictionary of single values as bytes and read it back.  Layout: Oid type, int32 count, int32 length of each
 * value, then the values without gaps.
 */
extern void dict_append(StringInfo to, const Dict *dict);
extern Dict *dict_read(const char **at, const char *end);

/* Returns the next `size` bytes at `*at` and advances `*at`; raises an error if fewer bytes are left before `end`. */
extern const char *dict_take(const char **at, const char *end, Size size);

#endif
