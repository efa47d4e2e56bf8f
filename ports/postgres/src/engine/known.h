/*
 * known.h: the levels of categories that a statement knows, as one value, which Python writes by
 * ports/postgres/layouts/known.py.
 */
#ifndef MADPY_KNOWN_H
#define MADPY_KNOWN_H

#include "postgres.h"
#include "dict.h"
#include "fmgr.h"

#define KNOWN_MAGIC 0x6c70646dU	/* "mdpl" */
#define KNOWN_NUMBER (-1)

/*
 * Behind it, for each column: int32, how many levels it has, or KNOWN_NUMBER; and each level: int32 length, and the text.
 * Texts are read by the type of the column, so that they mean the same on every server.
 */
typedef struct PackedLevels
{
	int32		vl_len_;
	uint32		magic;
	int32		columns;
	int32		indicators;		/* 1: a kernel sees indicators of all levels of a category but the first; 0: codes */
	char		data[FLEXIBLE_ARRAY_MEMBER];
} PackedLevels;

/* A column of values whose levels are known. */
typedef struct KnownColumn
{
	Dict	   *dict;			/* of the levels; NULL: the column is numbers */
	int		   *places;			/* of each code of the dictionary, its place among the levels */
	int			indicators;		/* as a kernel sees it, -1: as a number or a code */
} KnownColumn;

/* Reads the levels of so many columns, of these types and collations, into the current memory context. */
extern KnownColumn *known_columns(const bytea *packed, int columns, const Oid *types, const Oid *collations);

/* Returns the place of a value among the levels of its column, -1 if it is not one of them. */
static inline int
known_place(const KnownColumn *column, Datum value)
{
	int			code = dict_find(column->dict, value);

	return code < 0 ? -1 : column->places[code];
}

#endif
