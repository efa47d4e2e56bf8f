/*
 * numbering.h: the values of a category, which get numbers in the order in which they come.
 */
#ifndef MADPY_NUMBERING_H
#define MADPY_NUMBERING_H

#include "dict.h"

typedef struct Numbering
{
	Dict	   *dict;
	Oid			collation;		/* values that it calls equal are one */
	int			most;			/* limit of the number of values */
} Numbering;

/* Creates a numbering of no values in a memory context. */
extern Numbering *numbering_new(Oid type, Oid collation, int most, MemoryContext context);

/* Returns the number of a value, from 0; a new value gets the next one. */
static inline int
numbering_number(Numbering *numbering, Datum value)
{
	static const bool not_null = false;

	return dict_code(numbering->dict, &value, &not_null);
}

/* Returns the values as text, in the order of their numbers. */
extern char **numbering_texts(const Numbering *numbering);

/* Write a numbering as type, collation, limit and number of the values, and their texts, and read it back. */
extern void numbering_send(StringInfo to, const Numbering *numbering);
extern Numbering *numbering_receive(StringInfo from);

#endif
