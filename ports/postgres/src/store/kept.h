/*
 * kept.h: rows that a server of Citus keeps in memory between the passes of a training.
 *
 * The first pass, keep(), puts the rows of each shard (with GROUP BY: of each group in it) into a store of the backend
 * that reads the shard, and returns where the first of these rows is.  A later pass reads only that row, from its place,
 * and kept_step() finds the store again by it.  Within a transaction Citus reads a shard by the same connection.
 *
 * The stores go with the transaction, or when another training begins.
 */
#ifndef MADPY_KEPT_H
#define MADPY_KEPT_H

#include "store.h"
#include "storage/itemptr.h"

#define KEPT_MAGIC 0x6b70646dU	/* "mdpk" */

/* Entry for each store in the result of keep(); Python reads it by ports/postgres/layouts/kept.py. */
typedef struct KeptEntry
{
	int64		rows;
	BlockNumber block;
	uint16		offset;
	uint16		over;			/* there was not enough memory: the rows are not kept */
	Oid			relation;
	int32		slot;			/* in `kept` of kept.c, where it was made */
} KeptEntry;

typedef struct KeptEntries
{
	int32		vl_len_;
	uint32		magic;
	KeptEntry	entries[FLEXIBLE_ARRAY_MEMBER];
} KeptEntries;

typedef struct Kept
{
	Store	   *store;			/* NULL: it is gone */
	Oid			relation;		/* where the first row is */
	ItemPointerData at;
	int64		waiting;		/* rows before the first one that tells the number of features */
	MemoryContextCallback gone;
} Kept;

/* kept.c */
extern Kept *kept_at(Oid relation, ItemPointer at);

#endif
