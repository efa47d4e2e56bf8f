/*
 * dict_keys.h: how a dictionary keeps its keys, for dict.c and dict_find.c.
 */
#ifndef MADPY_DICT_KEYS_H
#define MADPY_DICT_KEYS_H

#include "dict.h"
#include "fmgr.h"

typedef struct KeyColumn
{
	Oid			type;
	Oid			collation;
	bool		byval;
	int16		length;
	FmgrInfo	hash;
	FmgrInfo	equal;
} KeyColumn;

/* A text of at most 16 bytes, whole: its first and last bytes, which overlap where it is shorter. */
typedef struct Words
{
	uint64		first;
	uint64		last;
	uint64		size;			/* also of a longer text, whose words are 0 */
} Words;

#define LONGEST_IN_WORDS (2 * sizeof(uint64))

/* How keys are compared: one value whose bytes say all, or by the functions of their types. */
typedef enum Compare
{
	BY_FUNCTIONS, BY_VALUE, BY_BYTES
} Compare;

struct Dict
{
	MemoryContext context;
	MemoryContext scratch;		/* memory of hash and equality functions; NULL: none were called */
	int			first;
	int			n;
	KeyColumn  *columns;
	Compare		compare;
	int			count;
	int			capacity;		/* capacity, in keys */
	Datum	   *values;			/* capacity x n */
	bool	   *nulls;
	uint32	   *hashes;
	Words	   *words;			/* words of each key if compared BY_BYTES, else NULL */
	int			null_code;		/* code of the key NULL if keys are single values; -1 before NULL occurs */
	int		   *slots;			/* hash table of 2 x capacity slots, a power of two: code + 1, or 0 if empty */
};

/* Adds a key, which is not there yet, in a free slot; returns its code. */
extern int	dict_add(Dict *dict, uint32 hash, uint32 slot, const Datum *values, const bool *nulls);

#endif
