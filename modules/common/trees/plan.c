/*
 * plan.c: reads and checks the parameters of a pass.
 */
#include "plan.h"

#include <limits.h>

#include "bins.h"
#include "engine/kernel.h"
#include "interval_plan.h"
#include "parameters.h"
#include "plan_nodes.h"
#include "utils/memutils.h"

/* From this number of parameters on, comparing them takes less time than reading them again. */
#define LONG_PARAMS 500

/* Smallest unit of weights: smaller weights count, but bounds of gains assume none. */
#define LEAST_UNIT 1e-6

static int
header(const double *params, int nparams, Header field)
{
	static const int highest[HEADER_FIELDS] = {
		[HEADER_CODED] = 1, [HEADER_CLASSES] = 1000, [HEADER_SLOTS] = MAX_PARAMS, [HEADER_NODES] = MAX_PARAMS,
		[HEADER_FEATURES] = MAX_COLUMNS, [HEADER_COUNTING] = COUNTING_INTERVALS, [HEADER_FOLDS] = 1000,
		[HEADER_FOLD] = 1000, [HEADER_HELD_OUT] = 1, [HEADER_SEED] = INT_MAX, [HEADER_ENTROPY] = 1,
		[HEADER_MIN_BUCKET] = INT_MAX
	};

	if (nparams < HEADER_FIELDS)
		whole_parameter(nparams, HEADER_FIELDS, MAX_PARAMS);
	return whole_parameter(params[field], 0, highest[field]);
}

/* Returns the number of codes of a feature, including that of NULL. */
static int
code_count(double bins)
{
	return abs(whole_parameter(bins, -MAX_LEVELS, MAX_LEVELS)) + 1;
}

/* Returns the size of a body in doubles: the parameters and the cells.  A state without features has no cells. */
int64
tree_body_size(int features, int nparams, const double *params)
{
	int			known = header(params, nparams, HEADER_FEATURES);
	int			classes = header(params, nparams, HEADER_CLASSES);
	int64		cells = 0;

	if (features == 0)
		return nparams;
	if (features != known)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must have the same length in every row: %d after %d", features, known)));
	if (nparams < HEADER_FIELDS + features)
		whole_parameter(nparams, HEADER_FIELDS + features, MAX_PARAMS);
	if (header(params, nparams, HEADER_COUNTING) == COUNTING_INTERVALS)
		return nparams + interval_cells(classes > 0 ? classes : 3, nparams, params);
	if (has_histograms(header(params, nparams, HEADER_COUNTING)))
		for (int f = 0; f < features; f++)
			cells += code_count(params[HEADER_FIELDS + f]);
	else
		cells = 1;
	return nparams + cells * header(params, nparams, HEADER_SLOTS) * (classes > 0 ? classes : 3);
}

/* Reads the edges of each feature; returns the position of the next parameter. */
static int
read_features(Plan *plan, int nparams, const double *params)
{
	int			at = HEADER_FIELDS + plan->features;

	plan->codes = palloc(plan->features * sizeof(int));
	plan->edges = palloc0(plan->features * sizeof(double *));
	plan->edge_capacity = palloc0(plan->features * sizeof(int));
	plan->used = palloc0(plan->features * sizeof(bool));
	plan->is_number = palloc0(plan->features * sizeof(bool));
	for (int f = 0; f < plan->features; f++)
	{
		double		bins = params[HEADER_FIELDS + f];

		plan->codes[f] = code_count(bins);
		plan->is_number[f] = bins > 0;
		plan->used[f] = has_histograms(plan->counting) || plan->folds > 0;
		if (plan->coded || bins <= 0)
			continue;
		if (at + bins - 1 > nparams)
			whole_parameter(nparams, at + bins - 1, MAX_PARAMS);
		plan->edges[f] = edges_filled_up(params + at, bins - 1);
		plan->edge_capacity[f] = padded_edges(bins - 1);
		at += bins - 1;
	}
	return at;
}

/* Reads the marks of bins that may have several values: a bitmap for each feature with bins. */
static void
read_marks(Plan *plan, int nparams, const double *params)
{
	int			words = 0;
	int			at;

	for (int f = 0; f < plan->features; f++)
		words += plan->is_number[f] ? (plan->codes[f] - 1 + 31) / 32 : 0;
	if (nparams < words + TAIL_FIELDS)
		whole_parameter(nparams, words + TAIL_FIELDS, MAX_PARAMS);
	at = whole_parameter(params[nparams - TAIL_FIELDS + TAIL_LIST_AT], 0, nparams - TAIL_FIELDS - words);
	for (int w = 0; w < words; w++)
		if (!(params[at + w] >= 0 && params[at + w] <= PG_UINT32_MAX))
			whole_parameter(params[at + w], 0, INT_MAX);
	plan->several = params + at;
}

/* Reads the tail: the smallest weight of a row, and the moves, which give the nodes of rows after the previous pass. */
static void
read_tail(Plan *plan, int nparams, const double *params)
{
	int			at;

	if (nparams < TAIL_FIELDS)
		whole_parameter(nparams, TAIL_FIELDS, MAX_PARAMS);
	at = whole_parameter(params[nparams - TAIL_FIELDS + TAIL_MOVES_AT], 0, nparams - TAIL_FIELDS);
	plan->unit = params[nparams - TAIL_FIELDS + TAIL_UNIT];
	if (!(plan->unit >= LEAST_UNIT && plan->unit <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the parameters do not describe a tree: the smallest weight of a row is %g", plan->unit)));
	plan->nmoves = whole_parameter(params[nparams - TAIL_FIELDS + TAIL_MOVES], 0, nparams - TAIL_FIELDS - at);
	plan->moves = palloc(Max(plan->nmoves, 1) * sizeof(int));
	for (int i = 0; i < plan->nmoves; i++)
	{
		int			move = whole_parameter(params[at + i], -1, plan->nnodes - 1);

		plan->moves[i] = move < 0 ? plan->nnodes : move;
	}
}

/* Reads a plan; raises an error if an index in it is out of range. */
static Plan *
read_plan(int features, bool weighted, int nparams, const double *params)
{
	Plan	   *plan = palloc0(sizeof(Plan));
	int			at;

	plan->features = features;
	plan->weighted = weighted;
	plan->unit = 1;
	plan->coded = header(params, nparams, HEADER_CODED);
	plan->classes = header(params, nparams, HEADER_CLASSES);
	plan->stats = plan->classes > 0 ? plan->classes : STAT_FIELDS;
	plan->slots = header(params, nparams, HEADER_SLOTS);
	plan->counting = header(params, nparams, HEADER_COUNTING);
	plan->folds = header(params, nparams, HEADER_FOLDS);
	plan->fold = header(params, nparams, HEADER_FOLD);
	plan->held_out = header(params, nparams, HEADER_HELD_OUT);
	plan->seed = header(params, nparams, HEADER_SEED);
	plan->entropy = header(params, nparams, HEADER_ENTROPY);
	plan->min_bucket = header(params, nparams, HEADER_MIN_BUCKET);
	plan->nnodes = header(params, nparams, HEADER_NODES);
	at = read_features(plan, nparams, params);
	read_nodes(plan, at, nparams, params);
	if (plan->counting == COUNTING_AND_BOUND || plan->counting == COUNTING_INTERVALS)
		read_tail(plan, nparams, params);
	if (plan->counting == COUNTING_AND_BOUND)
		read_marks(plan, nparams, params);
	if (plan->counting == COUNTING_INTERVALS)
		read_intervals(plan, nparams, params);
	return plan;
}

/* The last long plan, since every block of a pass comes with the same parameters. */
static struct
{
	MemoryContext context;
	Plan	   *plan;
	int			features;
	bool		weighted;
	int			nparams;
	double	   *params;
} last;

/*
 * Returns the plan in the parameters of a state, for every block of a pass.  A long plan is read only if any number differs
 * from the last one's, since any user may have written the state.
 */
const Plan *
tree_plan(int features, bool weighted, int nparams, const double *params)
{
	MemoryContext context;
	MemoryContext old;
	Plan	   *plan;
	double	   *copy;

	if (nparams < LONG_PARAMS)
		return read_plan(features, weighted, nparams, params);
	if (last.plan && last.features == features && last.weighted == weighted && last.nparams == nparams &&
		memcmp(last.params, params, nparams * sizeof(double)) == 0)
		return last.plan;
	context = AllocSetContextCreate(CurrentMemoryContext, "madpy tree", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	copy = memcpy(palloc(nparams * sizeof(double)), params, nparams * sizeof(double));
	plan = read_plan(features, weighted, nparams, copy);
	MemoryContextSwitchTo(old);

	/* the plan is complete, and no error can occur any more: replace the last one */
	MemoryContextSetParent(context, TopMemoryContext);
	if (last.context)
		MemoryContextDelete(last.context);
	last.context = context;
	last.plan = plan;
	last.features = features;
	last.weighted = weighted;
	last.nparams = nparams;
	last.params = copy;
	return plan;
}
