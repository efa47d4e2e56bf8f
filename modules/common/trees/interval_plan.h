/*
 * interval_plan.h: the intervals of a pass, checked and indexed.
 *
 * An interval is a range of values within one bin, in one node: the whole bin, or the range between two values that occur.
 * It is divided into parts of equal width, measured in the feature's unit or in doubles between two values, which is about
 * the difference of their logarithms.  Cells of an interval: for each part the counts of histograms.c, then its smallest
 * and its largest value.
 */
#ifndef MADPY_TREES_INTERVAL_PLAN_H
#define MADPY_TREES_INTERVAL_PLAN_H

#include "engine/kernel.h"
#include "plan.h"

/* An interval: a range of values of one bin in one node. */
typedef struct BinInterval
{
	int			slot;
	int			bin;
	double		low;			/* its smallest possible value */
	double		high;			/* its largest possible value */
	double		from;			/* beginning of the first part; smaller values are in the first part too, and large ones in the last */
	double		scale;			/* parts per unit */
	bool		linear;			/* parts are equal in the feature's unit, else in the number of doubles between two values */
	int			parts;
	int64		cell;			/* offset of its cells */
	const double *given;		/* its parameters: see IntervalField */
} BinInterval;

/* The intervals of one feature in one node. */
typedef struct Among
{
	int			feature;
	int			first;			/* first and last interval */
	int			last;
	int			lowest;			/* lowest bin with an interval */
	int			bins;			/* number of bins from the lowest to the highest one */
	int			most;			/* largest number of intervals in a bin, less one */
	int		   *by_bin;			/* NULL, or for each bin its first interval, -1 if it has none */
} Among;

/* A bitmap of the bins of a feature in a node that have intervals, so small that many stay in the cache. */
typedef struct Mask
{
	int			lowest;			/* lowest bin with an interval */
	unsigned	bins;			/* number of bins from the lowest to the highest one */
	int			shift;			/* bins >> shift is less than 128 */
	int			among;
	uint64		bits[2];		/* a bit for each value of (bin - lowest) >> shift */
} Mask;

extern int64 interval_cells(int stats, int nparams, const double *params);
extern void read_intervals(Plan *plan, int nparams, const double *params);
extern bool are_placed(const Plan *plan, const RowBlock *block);

/* Returns the position of a double in the order of all doubles. */
static inline int64
place_of(double value)
{
	int64		bits;

	value += 0.0;				/* makes -0 a 0 */
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
