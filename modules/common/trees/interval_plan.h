/*
 * interval_plan.h: the intervals of a pass, checked and made fast to find.
 *
 * An interval is some values of one bin, in one node: all of them, or those between two that were seen.  It is cut into
 * parts of equal width, of its values or of the numbers between two doubles, which is about that of their logarithm.
 * Cells of an interval: per part, counts as in histograms.c, its smallest value and its largest.
 */
#ifndef MADPY_TREES_INTERVAL_PLAN_H
#define MADPY_TREES_INTERVAL_PLAN_H

#include "engine/kernel.h"
#include "plan.h"

/* A part of a bin, in one node: its rows are counted by parts of it. */
typedef struct BinInterval
{
	int			slot;
	int			bin;
	double		low;			/* its values are from low */
	double		high;			/* to high */
	double		from;			/* where the first part begins; what is below is in it, as is above in the last one */
	double		scale;			/* parts per unit */
	bool		linear;			/* the unit is the feature's, else a step from a double to the next */
	int			parts;
	int64		cell;			/* where its cells begin */
	const double *given;		/* its parameters */
} BinInterval;

/* The intervals of one feature in one node. */
typedef struct Among
{
	int			feature;
	int			first;
	int			last;
	int			lowest;			/* bin */
	int			bins;			/* from that one on */
	int			most;			/* intervals of one bin, less one */
	int		   *by_bin;			/* NULL, or of each bin the first of its intervals, -1 for none */
} Among;

/* Which bins of a feature in a node have an interval, small enough for many to stay in the cache. */
typedef struct Mask
{
	int			lowest;			/* bin */
	unsigned	bins;			/* from that one on */
	int			shift;			/* bins >> shift are less than 128 */
	int			among;
	uint64		bits[2];		/* by bin >> shift */
} Mask;

extern int64 interval_cells(int stats, int nparams, const double *params);
extern void read_intervals(Plan *plan, int nparams, const double *params);
extern bool are_placed(const Plan *plan, const RowBlock *block);

/* Returns the position of a double in the order of all doubles. */
static inline int64
place_of(double value)
{
	int64		bits;

	value += 0.0;				/* 0 for -0 */
	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? PG_INT64_MIN - bits : bits;
}

/* Returns the distance of a value from the beginning of an interval's parts. */
static inline double
distance(const BinInterval *interval, double value)
{
	if (value <= interval->from)
		return 0;
	return interval->linear ? value - interval->from
		: (double) ((uint64) place_of(value) - (uint64) place_of(interval->from));
}

#endif
