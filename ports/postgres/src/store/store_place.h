/*
 * store_place.h: what the processes share that fill a store in parallel.
 *
 * The pages of the table are cut into ranges.  A process reads a range into a small store of its own, waits until it is known
 * how many rows the ranges before have, and copies its rows to their place in the store.
 */
#ifndef MADPY_STORE_PLACE_H
#define MADPY_STORE_PLACE_H

#include "parallel/parallel.h"
#include "port/atomics.h"
#include "storage/block.h"
#include "storage/condition_variable.h"
#include "storage/spin.h"
#include "store.h"

/* It lies in memory of parallel_alloc(). */
typedef struct Filling
{
	Store		store;			/* the shape of the store, and its blocks; of its arrays, only has_nulls is valid in workers */
	int			nsources;
	int		   *widths;			/* of each column of the query */
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

/* Places the rows of a range, which are in `part`; returns false if the store has too many rows. */
extern bool filling_place(Filling *filling, int range, Store *part);

#endif
