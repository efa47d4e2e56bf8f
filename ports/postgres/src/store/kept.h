/*
 * kept.h: rows that a server of Citus keeps in memory between the passes of a training.
 *
 * The first pass, keep(), puts the rows of each shard (with GROUP BY: of each group in the shard) into a store of the
 * backend that reads the shard, and returns the ctid of the first row.  A later pass reads only the row with this ctid, and
 * kept_step() finds the store by it.  This works because within a transaction Citus reads a shard over one connection.
 *
 * The stores are freed at the end of the transaction, or when another training begins.
 */
#ifndef MADPY_KEPT_H
#define MADPY_KEPT_H

#include "store.h"
#include "storage/itemptr.h"

#define KEPT_MAGIC 0x6b70646dU	/* "mdpk" */

/* Entry for each store in the result of keep(); Python reads it with ports/postgres/layouts/kept.py. */
typedef struct KeptEntry
{
	int64		rows;
	BlockNumber block;			/* with `offset`: ctid of the first row */
	uint16		offset;
	uint16		over;			/* 1 if memory did not suffice, and the rows are not kept */
	Oid			relation;
	int32		slot;			/* index in `kept` of kept.c, in the backend that keeps the rows */
} KeptEntry;

typedef struct KeptEntries
{
	int32		vl_len_;
	uint32		magic;
	KeptEntry	entries[FLEXIBLE_ARRAY_MEMBER];
} KeptEntries;

typedef struct Kept
{
	Store	   *store;			/* NULL after it is freed */
	Oid			relation;		/* relation and ctid of the first row */
	ItemPointerData at;
	int64		waiting;		/* rows without features that came before the number of features was known */
	MemoryContextCallback gone; /* called when the store is freed */
} Kept;

/* kept.c */
extern Kept *kept_at(Oid relation, ItemPointer at);

#endif
