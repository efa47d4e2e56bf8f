/*
 * store_place.h: what the processes share that fill a store in parallel.
 *
 * The pages of the table are cut into ranges.  A process reads a range into a small store of its own, waits until it is known
 * how many rows the ranges before have, and copies its rows to their place in the store.
 */
#ifndef MADPY_STORE_PLACE_H
#define MADPY_STORE_PLACE_H

#include "lib/stringinfo.h"
#include "parallel/parallel.h"
#include "port/atomics.h"
#include "storage/block.h"
#include "storage/condition_variable.h"
#include "storage/spin.h"
#include "store.h"

/* It lies in memory of parallel_alloc(). */
typedef struct Filling
{
	Store		store;			/* the shape of the store, and its blocks or buffer; of its arrays, only has_nulls is valid in workers */
	int			ngroups;		/* grouping columns; with some, the rows go to the buffer */
	int		   *codes;			/* with groups: the group of each row, as the process numbers it that read the row */
	int		   *processes;		/* that read each range: 0 for the leader, else its number as a worker, from 1 on */
	Size		exported[MOST_WORKERS + 1];	/* with groups: bytes that each process tells about its groups */
	int			nsources;		/* columns of the query, without the grouping columns */
	int		   *widths;			/* of each of them */
	int64		most_rows;		/* that madpy.store_memory allows */
	BlockNumber pages;			/* of the table */
	BlockNumber range_pages;
	int			ranges;
	pg_atomic_uint32 next;		/* the range that is read next */
	slock_t		lock;			/* for what follows */
	bool		is_over;		/* there are more rows than most_rows */
	int			placed;			/* ranges whose first row is known */
	int64		rows;			/* in them */
	int64	   *counts;			/* rows of each range, -1: not known yet */
	int64	   *starts;			/* first row of each range, -1: not known yet */
	ConditionVariable moved;	/* `placed` or is_over has changed */
} Filling;

/* store_place.c */

/*
 * Places the rows of a range, which are in `part`, with the groups in `codes`; returns the first row, -1 if the store has too
 * many rows.
 */
extern int64 filling_place(Filling *filling, int range, Store *part, const int *codes);

/* store_regroup.c */

/* The groups that a process has seen. */
typedef struct Seen
{
	Dict	   *groups;
	int			count;			/* groups whose first row is known */
	int			capacity;
	int64	   *first;			/* first row of each */
} Seen;

/* Notes the groups that occur first in a range, whose rows begin at `start` in the store. */
extern void seen_in_range(Seen *seen, const int *codes, int64 rows, int64 start);

/* Tells the leader about the groups. */
extern void seen_export(Filling *filling, const Seen *seen, StringInfo own);

/* Numbers all groups in the order of their first rows, and sorts the rows of the store by them. */
extern void filling_regroup(Filling *filling, Store *store, StringInfo own);

#endif
