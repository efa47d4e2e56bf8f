/*
 * dtree_splits.c: the outcome of the kernel "dtree": the best split of each node by a number.
 *
 * Per slot: Found; the counts of the node; the counts of the left side; of each category, in the order of features, a cell
 * per code.  Categories are left to modules/dtree/core.py: of a level of numbers no histogram leaves the server's memory.
 *
 * Source: Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, chapters 2, 4 and 8.
 */
#include "dtree.h"

#include <math.h>

#include "pieces.h"

/* A gain below this part of what a node has to lose is rounding: TINY of core.py. */
#define TINY 1e-10

typedef enum Found
{
	GAIN,						/* what the sum of losses falls by; 0: there is no split */
	BY,							/* feature */
	LAST_LEFT,					/* bin */
	TO_RIGHT,					/* 1: NULL goes right */
	NULL_ROWS,
	FOUND
} Found;

/* A node whose split is looked for; `total` and `left` lie in the outcome, `below` and `side` are room. */
typedef struct Search
{
	const Plan *plan;
	double	   *found;
	double	   *total;
	double	   *left;
	double	   *below;
	double	   *side;
	double		rows;
	double		base;			/* what the node explains without a split */
	double		least;
} Search;

static inline double
rows_of(const Plan *plan, const double *counts)
{
	double		rows = 0;

	if (plan->classes == 0)
		return counts[0];
	for (int c = 0; c < plan->classes; c++)
		rows += counts[c];
	return rows;
}

static double
n_log_n(double n)
{
	return n > 0 ? n * log2(n) : 0;
}

/* What a loss falls by when it is split in two is the growth of this; `from` less `counts` where `from` is given. */
static inline double
explained(const Plan *plan, const double *from, const double *counts, double rows)
{
	double		sum = 0;

	if (plan->classes == 0)
	{
		sum = from ? from[1] - counts[1] : counts[1];
		return sum * sum / Max(rows, 1);
	}
	for (int c = 0; c < plan->classes; c++)
	{
		double		n = from ? from[c] - counts[c] : counts[c];

		sum += plan->entropy ? n_log_n(n) : n * n;
	}
	return plan->entropy ? sum - n_log_n(rows) : sum / Max(rows, 1);
}

/* The part of a loss that is the same for every split. */
static double
square(const Plan *plan, const double *counts, double rows)
{
	if (plan->classes == 0)
		return counts[2];
	return plan->entropy ? 0 : rows;
}

/* The last bin that goes left, of a cut behind bin `at`: through the middle of empty bins, or NULL alone goes right. */
static int
middle_of(const Plan *plan, const double *cells, int at, int bins)
{
	int			next = at + 1;

	while (next < bins && rows_of(plan, cells + (Size) next * plan->stats) == 0)
		next++;
	return next == bins ? bins - 1 : at + (next - at - 1) / 2;
}

/* Cuts of one feature with `bins` bins, NULL on one side; the first of the best ones is kept. */
static void
try_cuts(Search *search, const double *cells, int bins, int feature, bool null_right)
{
	const Plan *plan = search->plan;
	int			stats = plan->stats;
	const double *null = cells + (Size) bins * stats;
	double		least_rows = Max(plan->min_bucket, 1);
	double		best = -INFINITY;
	double		bar = search->found[GAIN] * (1 + TINY) + search->least;
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
		if (search->rows - rows < least_rows)
			break;
		if (rows < least_rows)
			continue;
		gain = explained(plan, NULL, search->side, rows) +
			explained(plan, search->total, search->side, search->rows - rows) - search->base;
		if (gain <= best || gain <= bar || isnan(gain))
			continue;
		best = gain;
		at = bin;
		memcpy(search->left, search->side, stats * sizeof(double));
	}
	if (at < 0)
		return;
	search->found[GAIN] = best;
	search->found[BY] = feature;
	search->found[NULL_ROWS] = rows_of(plan, null);
	search->found[LAST_LEFT] = middle_of(plan, cells, at, bins);
	search->found[TO_RIGHT] = search->found[NULL_ROWS] > 0 ? null_right
		: rows_of(plan, search->left) * 2 < search->rows;
}

/* The best split of the node in a slot, and the cells of its categories; returns where the next slot begins. */
static double *
find_split(Search *search, const State *state, int slot, double *out)
{
	const Plan *plan = search->plan;
	int			stats = plan->stats;
	const double *cells = state->body + state->nparams;

	search->found = out;
	search->total = out + FOUND;
	search->left = search->total + stats;
	for (int code = 0; code < plan->codes[0]; code++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < stats; i++)
			search->total[i] += cells[((Size) slot * plan->codes[0] + code) * stats + i];
	}
	search->rows = rows_of(plan, search->total);
	search->base = explained(plan, NULL, search->total, search->rows);
	search->least = TINY * Max(square(plan, search->total, search->rows) - search->base, 0);
	out = search->left + stats;
	for (int f = 0; f < plan->features; f++)
	{
		int			bins = plan->codes[f] - 1;
		const double *own = cells + (Size) slot * plan->codes[f] * stats;

		if (state->body[HEADER + f] < 0)
		{
			copy_pieces(out, own, plan->codes[f] * stats * sizeof(double));
			out += plan->codes[f] * stats;
		}
		else if (search->rows > 0)
		{
			try_cuts(search, own, bins, f, false);
			if (rows_of(plan, own + (Size) bins * stats) > 0)
				try_cuts(search, own, bins, f, true);
		}
		cells += (Size) plan->slots * plan->codes[f] * stats;
	}
	return out;
}

State *
dtree_outcome(const State *state)
{
	const Plan *plan;
	Search		search = {0};
	State	   *outcome;
	double	   *out;
	int64		width;

	if (state->ncols == dtree_kernel.scalars)
		return state_outcome(state, 0);
	plan = dtree_plan(state->ncols, state->nparams, state->body);
	if (!plan->histograms)
		whole_parameter(0, 1, 1);
	width = FOUND + 2 * plan->stats;
	for (int f = 0; f < plan->features; f++)
		width += state->body[HEADER + f] < 0 ? plan->codes[f] * plan->stats : 0;
	outcome = state_outcome(state, plan->slots * width);
	search.plan = plan;
	search.below = palloc(plan->stats * sizeof(double));
	search.side = palloc(plan->stats * sizeof(double));
	out = outcome->body;
	for (int slot = 0; slot < plan->slots; slot++)
		out = find_split(&search, state, slot, out);
	pfree(search.below);
	pfree(search.side);
	return outcome;
}

/* dtree_outcome(state) */
PG_FUNCTION_INFO_V1(dtree_outcome_of);
Datum
dtree_outcome_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(dtree_outcome(state_folded(&dtree_kernel, PG_GETARG_BYTEA_P(0))));
}
