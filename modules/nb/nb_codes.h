/*
 * nb_codes.h: values numbered as they come.
 */
#ifndef MADPY_NB_CODES_H
#define MADPY_NB_CODES_H

#include "lib/stringinfo.h"

typedef struct Value
{
	uint32		hash;
	int			length;
	char	   *bytes;
} Value;

/* The numbers of values: the place among them, from 0. */
typedef struct Codes
{
	int			count;
	int			capacity;		/* a power of two */
	Value	   *values;
	int		   *slots;			/* 2 x capacity: code + 1, or 0 */
} Codes;

extern Codes *codes_new(void);

/* The number of a value, a new one if the value is new; `context` is that of the codes. */
extern int	codes_code(Codes *codes, MemoryContext context, const char *bytes, int length);

/* The numbers that `into` gives to the values of `from`. */
extern int *codes_merge(Codes *into, const Codes *from, MemoryContext context);

extern void codes_append(StringInfo to, const Codes *codes);
extern Codes *codes_read(const char **at, const char *end);

/* A part of what was written, which is behind `at`. */
extern const char *codes_take(const char **at, const char *end, Size size);

#endif
