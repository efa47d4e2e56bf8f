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
#define KNOWN_CODES 0
#define KNOWN_INDICATORS 1		/* indicators of all levels but the first */
#define KNOWN_ALL_INDICATORS 2

/*
 * Levels of columns as a constant of a statement.  After the header comes for each column an int32, its number of levels or
 * KNOWN_NUMBER, and then each level: int32 length, and the text.
 * Texts are read by the type of the column, so that they mean the same on every server.
 */
typedef struct PackedLevels
{
	int32		vl_len_;
	uint32		magic;
	int32		columns;
	int32		indicators;		/* KNOWN_CODES, ...: what a kernel sees of a category */
	char		data[FLEXIBLE_ARRAY_MEMBER];
} PackedLevels;

/* A column of values whose levels are known. */
typedef struct KnownColumn
{
	Dict	   *dict;			/* dictionary of the levels; NULL: the column is numbers */
	int		   *places;			/* the code that a kernel sees, by the code of the dictionary */
	int			indicators;		/* as a kernel sees it, -1: as a number or a code */
} KnownColumn;

/* Reads the levels of so many columns, of these types and collations, into the current memory context. */
extern KnownColumn *known_columns(const bytea *packed, int columns, const Oid *types, const Oid *collations);

/* Returns the code of a value, -1 if it is not one of the levels of its column. */
static inline int
known_place(const KnownColumn *column, Datum value)
{
	int			code = dict_find(column->dict, value);

	return code < 0 ? -1 : column->places[code];
}

#endif
