/*
 * splits.c: the outcome of a pass: the best split of each node on a numeric feature.
 *
 * Layout, for each slot: the numbers of SplitField; the counts of the node; the counts of the left side; for each category, in
 * the order of features, a cell for each code, since splits.py finds the splits of categories.  The histograms of numbers
 * are not in the outcome.  For COUNTING_AND_BOUND there follows the number of bins within which there may be a better
 * split; for each such bin the numbers of BinField, the counts to the left of it, and those of NULL.
 */
#include "splits.h"

#include "engine/pieces.h"
#include "gain.h"
#include "miscadmin.h"
#include "outcome.h"
#include "parameters.h"

/* The search for the best split of a node; `total` and `left` point into the outcome, `below` and `side` are space for counts. */
typedef struct Search
{
	Node		node;
	double	   *found;
	double	   *total;
	double	   *left;
	double	   *below;
	double	   *side;
} Search;

/* Returns the last bin that goes left in a split after bin `at`: the middle one of the empty bins that follow. */
static int
middle_of(const Plan *plan, const double *cells, int at, int bins)
{
	int			next = at + 1;

	while (next < bins && rows_of(plan, cells + (Size) next * plan->stats) == 0)
		next++;
	return next == bins ? bins - 1 : at + (next - at - 1) / 2;
}

/* Tries all splits between the bins of one feature, with NULL on one side; keeps the first one with the best gain. */
static void
try_cuts(Search *search, const double *cells, int bins, int feature, bool null_right)
{
	const Plan *plan = search->node.plan;
	int			stats = plan->stats;
	const double *null = cells + (Size) bins * stats;
	double		least_rows = Max(plan->min_bucket, 1);
	double		best = -INFINITY;
	double		bar = search->found[SPLIT_GAIN] * (1 + TINY) + search->node.least;
	double		rows = null_right ? 0 : rows_of(plan, null);
	int			at = -1;

	memset(search->below, 0, stats * sizeof(double));
	for (int bin = 0; bin < bins - !null_right; bin++)
	{
		const double *cell = cells + (Size) bin * stats;
		double		here = rows_of(plan, cell);
		double		gain;

		CHECK_FOR_INTERRUPTS();
		if (here == 0 && bin > 0)
			continue;
		rows += here;
		for (int i = 0; i < stats; i++)
		{
			search->below[i] += cell[i];
			search->side[i] = search->below[i] + (null_right ? 0 : null[i]);
		}
		if (search->node.rows - rows < least_rows)
			break;
		if (rows < least_rows)
			continue;
		gain = gain_of(&search->node, search->side, rows);
		if (gain <= best || gain <= bar || isnan(gain))
			continue;
		best = gain;
		at = bin;
		memcpy(search->left, search->side, stats * sizeof(double));
	}
	if (at < 0)
		return;
	search->found[SPLIT_GAIN] = best;
	search->found[SPLIT_FEATURE] = feature;
	search->found[SPLIT_NULL_ROWS] = rows_of(plan, null);
	search->found[SPLIT_LAST_LEFT] = middle_of(plan, cells, at, bins);
	search->found[SPLIT_NULL_RIGHT] = search->found[SPLIT_NULL_ROWS] > 0 ? null_right
		: rows_of(plan, search->left) * 2 < search->node.rows;
}

/* Finds the best split of the node in a slot, and copies the cells of categories; returns the end of what it has written. */
static double *
find_split(Search *search, const State *state, int slot, double *out)
{
	const Plan *plan = search->node.plan;
	int			stats = plan->stats;
	const double *cells = state->body + state->nparams;

	search->found = out;
	search->total = out + SPLIT_FIELDS;
	search->left = search->total + stats;
	for (int code = 0; code < plan->codes[0]; code++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < stats; i++)
			search->total[i] += cells[((Size) slot * plan->codes[0] + code) * stats + i];
	}
	set_node(&search->node, plan, search->total);
	out = search->left + stats;
	for (int f = 0; f < plan->features; f++)
	{
		int			bins = plan->codes[f] - 1;
		const double *own = cells + (Size) slot * plan->codes[f] * stats;

		if (state->body[HEADER_FIELDS + f] < 0)
		{
			copy_pieces(out, own, plan->codes[f] * stats * sizeof(double));
			out += plan->codes[f] * stats;
		}
		else if (search->node.rows > 0)
		{
			try_cuts(search, own, bins, f, false);
			if (rows_of(plan, own + (Size) bins * stats) > 0)
				try_cuts(search, own, bins, f, true);
		}
		cells += (Size) plan->slots * plan->codes[f] * stats;
	}
	return out;
}

/* Lists the bins of one feature within which a split may be better than the best split between bins. */
static void
bins_worth_a_look(Search *search, const double *cells, int feature, int slot, const double *several, Numbers *bins)
{
	const Plan *plan = search->node.plan;
	int			stats = plan->stats;
	int			null_code = plan->codes[feature] - 1;
	const double *null = cells + (Size) null_code * stats;
	double		bar = Max(search->found[SPLIT_GAIN] * (1 + WORTH), search->node.least);

	memset(search->below, 0, stats * sizeof(double));
	for (int bin = 0; bin < null_code; bin++)
	{
		const double *cell = cells + (Size) bin * stats;

		double		most = ((uint32) several[bin / 32] >> (bin % 32)) & 1
			? most_within(&search->node, search->below, cell, null, bar, search->side) : 0;

		if (most > bar)
		{
			double	   *to = more_numbers(bins, BIN_FIELDS + 2 * stats);

			to[BIN_SLOT] = slot;
			to[BIN_FEATURE] = feature;
			to[BIN_NUMBER] = bin;
			to[BIN_ROWS] = rows_of(plan, cell);
			to[BIN_MOST] = most;
			memcpy(to + BIN_FIELDS, search->below, stats * sizeof(double));
			memcpy(to + BIN_FIELDS + stats, null, stats * sizeof(double));
		}
		for (int i = 0; i < stats; i++)
			search->below[i] += cell[i];
	}
}

/* Calls bins_worth_a_look() for all features, after the best split of the node between bins has been found. */
static void
look_within(Search *search, const State *state, int slot, Numbers *bins)
{
	const Plan *plan = search->node.plan;
	const double *cells = state->body + state->nparams;
	const double *several = plan->several;

	for (int f = 0; f < plan->features; f++)
	{
		if (plan->is_number[f])
		{
			bins_worth_a_look(search, cells + (Size) slot * plan->codes[f] * plan->stats, f, slot, several, bins);
			several += (plan->codes[f] - 1 + 31) / 32;
		}
		cells += (Size) plan->slots * plan->codes[f] * plan->stats;
	}
}

State *
split_outcome(const Plan *plan, const State *state)
{
	Search		search = {0};
	State	   *outcome;
	double	   *scratch;
	double	   *out;
	Numbers		bins = {0};
	int64		width;

	if (!has_histograms(plan->counting))
		whole_parameter(0, 1, 1);
	width = SPLIT_FIELDS + 2 * plan->stats;
	for (int f = 0; f < plan->features; f++)
		width += state->body[HEADER_FIELDS + f] < 0 ? plan->codes[f] * plan->stats : 0;
	scratch = out = palloc0(Max(plan->slots * width, 1) * sizeof(double));
	search.below = palloc(plan->stats * sizeof(double));
	search.side = palloc(plan->stats * sizeof(double));
	search.node.plan = plan;
	for (int slot = 0; slot < plan->slots; slot++)
	{
		CHECK_FOR_INTERRUPTS();
		out = find_split(&search, state, slot, out);
		if (plan->counting == COUNTING_AND_BOUND)
			look_within(&search, state, slot, &bins);
	}
	outcome = outcome_of(state, scratch, plan->slots * width, plan->counting == COUNTING_AND_BOUND ? &bins : NULL,
						 BIN_FIELDS + 2 * plan->stats);
	pfree(scratch);
	pfree(search.below);
	pfree(search.side);
	return outcome;
}
