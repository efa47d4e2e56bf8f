/*
 * interval_splits.c: the outcome of a pass over intervals: the best splits within them.
 *
 * Layout: for each interval the numbers of FoundField and the counts of the left side; then the number of parts within which
 * there may be a better split; for each such part the numbers of PartField and the counts to the left of it.
 */
#include "splits.h"

#include "gain.h"
#include "interval_plan.h"
#include "miscadmin.h"
#include "outcome.h"

/* The search for the best split within one interval. */
typedef struct Search
{
	Node		node;
	const BinInterval *interval;
	const double *cells;
	const double *before;		/* counts to the left of the interval, without NULL */
	const double *null;
	double	   *found;
	double	   *left;			/* counts of the left side */
	double	   *below;			/* space for counts */
	double	   *side;			/* space for counts */
} Search;

static Search
search_in(const Plan *plan, const State *state, int number)
{
	Search		search = {0};
	int			stats = plan->stats;

	search.interval = &plan->intervals[number];
	search.cells = state->body + state->nparams + search.interval->cell;
	search.before = search.interval->given + INTERVAL_FIELDS;
	search.null = search.before + stats;
	set_node(&search.node, plan, search.null + stats);
	return search;
}

/* Returns a threshold between the largest value of a part and the smallest of the next; `low` if no double is between. */
static double
between(double low, double high)
{
	double		middle = low / 2 + high / 2;

	return middle >= low && middle < high ? middle : low;
}

/* Tries all splits between parts, with NULL on one side; keeps the first one with the best gain. */
static void
try_parts(Search *search, bool null_right)
{
	const Plan *plan = search->node.plan;
	int			stats = plan->stats;
	double		least_rows = Max(plan->min_bucket, 1);
	const double *last = NULL;	/* the previous part with rows */

	for (int i = 0; i < stats; i++)
		search->side[i] = search->before[i] + (null_right ? 0 : search->null[i]);
	for (int part = 0; part < search->interval->parts; part++)
	{
		const double *cell = search->cells + (Size) part * (stats + 2);
		double		rows;
		double		gain;

		if (rows_of(plan, cell) == 0)
			continue;
		rows = rows_of(plan, search->side);
		gain = gain_of(&search->node, search->side, rows);
		if (last && rows >= least_rows && search->node.rows - rows >= least_rows &&
			gain > search->found[FOUND_GAIN] && gain > search->node.least)
		{
			search->found[FOUND_GAIN] = gain;
			search->found[FOUND_THRESHOLD] = between(last[stats + 1], cell[stats]);
			search->found[FOUND_NULL_RIGHT] = null_right;
			memcpy(search->left, search->side, stats * sizeof(double));
		}
		last = cell;
		for (int i = 0; i < stats; i++)
			search->side[i] += cell[i];
	}
}

static void
find_in_interval(Search *search)
{
	bool		has_null = rows_of(search->node.plan, search->null) > 0;
	int			stats = search->node.plan->stats;

	search->found[FOUND_SMALLEST] = INFINITY;
	search->found[FOUND_LARGEST] = -INFINITY;
	for (int part = 0; part < search->interval->parts; part++)
	{
		const double *cell = search->cells + (Size) part * (stats + 2);

		search->found[FOUND_SMALLEST] = Min(search->found[FOUND_SMALLEST], cell[stats]);
		search->found[FOUND_LARGEST] = Max(search->found[FOUND_LARGEST], cell[stats + 1]);
	}
	try_parts(search, false);
	if (has_null)
		try_parts(search, true);
	if (!has_null && search->found[FOUND_GAIN] > 0)
		search->found[FOUND_NULL_RIGHT] = rows_of(search->node.plan, search->left) * 2 < search->node.rows;
}

/* Lists the parts with several values within which a split may be better than the best one known. */
static void
find_parts(Search *search, int number, double best, Numbers *parts)
{
	const Plan *plan = search->node.plan;
	int			stats = plan->stats;
	double		bar = Max(best * (1 + WORTH), search->node.least);

	memcpy(search->below, search->before, stats * sizeof(double));
	for (int part = 0; part < search->interval->parts; part++)
	{
		const double *cell = search->cells + (Size) part * (stats + 2);

		double		most = cell[stats] < cell[stats + 1]
			? most_within(&search->node, search->below, cell, search->null, bar, search->side) : 0;

		if (most > bar)
		{
			double	   *to = more_numbers(parts, PART_FIELDS + stats);

			to[PART_INTERVAL] = number;
			to[PART_SMALLEST] = cell[stats];
			to[PART_LARGEST] = cell[stats + 1];
			to[PART_NUM_ROWS] = rows_of(plan, cell);
			to[PART_MOST] = most;
			memcpy(to + PART_FIELDS, search->below, stats * sizeof(double));
		}
		for (int i = 0; i < stats; i++)
			search->below[i] += cell[i];
	}
}

State *
interval_outcome(const Plan *plan, const State *state)
{
	int			stats = plan->stats;
	int64		width = FOUND_FIELDS + stats;
	double	   *found = palloc0(Max(plan->nintervals, 1) * width * sizeof(double));
	double	   *best = palloc0(Max(plan->slots, 1) * sizeof(double));
	double	   *scratch = palloc(2 * stats * sizeof(double));
	Numbers		parts = {0};

	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < plan->nintervals; i++)
		{
			Search		search = search_in(plan, state, i);
			int			slot = search.interval->slot;

			CHECK_FOR_INTERRUPTS();
			search.found = found + i * width;
			search.left = search.found + FOUND_FIELDS;
			search.below = scratch;
			search.side = scratch + stats;
			if (pass == 0)
			{
				find_in_interval(&search);
				best[slot] = Max(best[slot], Max(search.found[FOUND_GAIN], search.interval->given[INTERVAL_BEST]));
			}
			else
				find_parts(&search, i, best[slot], &parts);
		}
	return outcome_of(state, found, plan->nintervals * width, &parts, PART_FIELDS + stats);
}
