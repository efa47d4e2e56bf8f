/*
 * dtree_plan.c: the parameters of the kernel "dtree", checked and made fast.
 */
#include "dtree.h"

#include <limits.h>
#include <math.h>

#include "engine/bounds.h"
#include "utils/memutils.h"

/* From here on a comparison is worth its while. */
#define LONG_PARAMS 500

int
whole_parameter(double value, int low, int high)
{
	if (!(value >= low && value <= high && value == floor(value)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the parameters do not describe a tree: %g is not from %d to %d", value, low, high)));
	return (int) value;
}

static int
header(const double *params, int nparams, Header field)
{
	static const int highest[HEADER] = {1, 1000, MAX_PARAMS, MAX_PARAMS, MAX_COLUMNS, COUNT_INTERVALS, 1000, 1000, 1, INT_MAX, 1, INT_MAX};

	if (nparams < HEADER)
		whole_parameter(nparams, HEADER, MAX_PARAMS);
	return whole_parameter(params[field], 0, highest[field]);
}

/* How many codes a feature has, that of NULL among them. */
static int
code_count(double bins)
{
	return abs(whole_parameter(bins, -MAX_LEVELS, MAX_LEVELS)) + 1;
}

/* In doubles: the parameters, and the cells.  A state that saw no features is its parameters. */
int64
dtree_body_size(int ncols, int nparams, const double *params)
{
	int			features = header(params, nparams, FEATURES);
	int			classes = header(params, nparams, CLASSES);
	int64		cells = 0;

	if (ncols == dtree_kernel.scalars)
		return nparams;
	if (features != ncols - dtree_kernel.scalars)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must have the same length in every row: %d after %d",
						ncols - dtree_kernel.scalars, features)));
	if (nparams < HEADER + features)
		whole_parameter(nparams, HEADER + features, MAX_PARAMS);
	if (header(params, nparams, HISTOGRAMS) == COUNT_INTERVALS)
		return nparams + interval_cells(classes > 0 ? classes : 3, nparams, params);
	if (has_histograms(header(params, nparams, HISTOGRAMS)))
		for (int f = 0; f < features; f++)
			cells += code_count(params[HEADER + f]);
	else
		cells = 1;
	return nparams + cells * header(params, nparams, SLOTS) * (classes > 0 ? classes : 3);
}

/* Parameters as the sets of levels that some of them are, each number 32 levels; no set where it is no such number. */
static uint32 *
read_words(const double *params, int nparams)
{
	uint32	   *words = palloc(nparams * sizeof(uint32));

	for (int i = 0; i < nparams; i++)
		words[i] = (uint32) integer_within(params[i], 0, PG_UINT32_MAX, 0);
	return words;
}

/* The edges of each feature; returns where they end among the parameters. */
static int
read_features(Plan *plan, int nparams, const double *params)
{
	int			at = HEADER + plan->features;

	plan->codes = palloc(plan->features * sizeof(int));
	plan->edges = palloc0(plan->features * sizeof(double *));
	plan->edge_room = palloc0(plan->features * sizeof(int));
	plan->used = palloc0(plan->features * sizeof(bool));
	plan->is_number = palloc0(plan->features * sizeof(bool));
	for (int f = 0; f < plan->features; f++)
	{
		double		bins = params[HEADER + f];

		plan->codes[f] = code_count(bins);
		plan->is_number[f] = bins > 0;
		plan->used[f] = has_histograms(plan->counting) || plan->folds > 0;
		if (plan->coded || bins <= 0)
			continue;
		if (at + bins - 1 > nparams)
			whole_parameter(nparams, at + bins - 1, MAX_PARAMS);
		plan->edges[f] = edges_filled_up(params + at, bins - 1);
		plan->edge_room[f] = edges_room(bins - 1);
		at += bins - 1;
	}
	return at;
}

/* A split within a bin: that bin is not on either side as a whole. */
static void
read_threshold(Plan *plan, TreeNode *node, double split, const double *params, int nparams)
{
	int			at = whole_parameter(-1 - split, 0, nparams - 2);

	node->bin = whole_parameter(params[at], 0, node->null_code - 1);
	node->threshold = params[at + 1];
	node->from = node->bin + 1;
	plan->has_thresholds = true;
}

static void
read_split(Plan *plan, TreeNode *node, const double *fields, const double *params, int nparams)
{
	int			feature = whole_parameter(fields[FEATURE], 0, plan->features - 1);
	int			number = node - plan->nodes;
	bool		right = whole_parameter(fields[NULL_RIGHT], 0, 1);

	node->null_code = plan->codes[feature] - 1;
	node->null_right = right;
	node->codes = feature * DTREE_CHUNK;
	node->feature = feature;
	plan->used[feature] = true;
	node->child[0] = whole_parameter(fields[LEFT], number + 1, plan->nnodes - 1);
	node->child[1] = whole_parameter(fields[RIGHT], number + 1, plan->nnodes - 1);
	if (params[HEADER + feature] < 0)
	{
		int			at = whole_parameter(fields[SPLIT], 0, nparams - (node->null_code + 31) / 32);

		if (plan->words == NULL)
			plan->words = read_words(params, nparams);
		node->levels = plan->words + at;
		plan->has_categories = true;
		return;
	}
	if (fields[SPLIT] < 0)
		read_threshold(plan, node, fields[SPLIT], params, nparams);
	else
		node->from = whole_parameter(fields[SPLIT], 0, node->null_code - 1) + 1;
	node->span = node->null_code - node->from + right;
}

/* The bins that may hold several values: words for each feature that has bins. */
static void
read_marks(Plan *plan, int nparams, const double *params)
{
	int			words = 0;
	int			at;

	for (int f = 0; f < plan->features; f++)
		words += plan->is_number[f] ? (plan->codes[f] - 1 + 31) / 32 : 0;
	if (nparams < words + TAIL_NUMBERS)
		whole_parameter(nparams, words + TAIL_NUMBERS, MAX_PARAMS);
	at = whole_parameter(params[nparams - 2], 0, nparams - TAIL_NUMBERS - words);
	for (int w = 0; w < words; w++)
		if (!(params[at + w] >= 0 && params[at + w] <= PG_UINT32_MAX))
			whole_parameter(params[at + w], 0, INT_MAX);
	plan->several = params + at;
}

/* Where rows are that the pass before left somewhere. */
static void
read_moves(Plan *plan, int nparams, const double *params)
{
	int			at;

	if (nparams < TAIL_NUMBERS)
		whole_parameter(nparams, TAIL_NUMBERS, MAX_PARAMS);
	at = whole_parameter(params[nparams - 4], 0, nparams - TAIL_NUMBERS);
	plan->nmoves = whole_parameter(params[nparams - 3], 0, nparams - TAIL_NUMBERS - at);
	plan->moves = palloc(Max(plan->nmoves, 1) * sizeof(int));
	for (int i = 0; i < plan->nmoves; i++)
	{
		int			move = whole_parameter(params[at + i], -1, plan->nnodes - 1);

		plan->moves[i] = move < 0 ? plan->nnodes : move;
	}
}

/* Raises an error where an index leads out of the plan. */
static Plan *
read_plan(int ncols, int nparams, const double *params)
{
	Plan	   *plan = palloc0(sizeof(Plan));
	int		   *depth;
	int			at;

	plan->features = ncols - dtree_kernel.scalars;
	plan->coded = header(params, nparams, CODED);
	plan->classes = header(params, nparams, CLASSES);
	plan->stats = plan->classes > 0 ? plan->classes : 3;
	plan->slots = header(params, nparams, SLOTS);
	plan->counting = header(params, nparams, HISTOGRAMS);
	plan->folds = header(params, nparams, FOLDS);
	plan->fold = header(params, nparams, FOLD);
	plan->held_out = header(params, nparams, HELD_OUT);
	plan->seed = header(params, nparams, SEED);
	plan->entropy = header(params, nparams, ENTROPY);
	plan->min_bucket = header(params, nparams, MIN_BUCKET);
	plan->nnodes = header(params, nparams, NODES);
	at = read_features(plan, nparams, params);
	if (plan->nnodes < 1 || at + (int64) plan->nnodes * NODE_FIELDS > nparams)
		whole_parameter(plan->nnodes, 1, (nparams - at) / NODE_FIELDS);

	plan->nodes = palloc0((plan->nnodes + 1) * sizeof(TreeNode));
	plan->nodes[plan->nnodes] = (TreeNode) {.child = {plan->nnodes, plan->nnodes}, .slot = -1, .bin = -1};
	depth = palloc0(plan->nnodes * sizeof(int));
	for (int n = 0; n < plan->nnodes; n++, at += NODE_FIELDS)
	{
		TreeNode   *node = &plan->nodes[n];
		const double *fields = params + at;

		node->child[0] = node->child[1] = n;
		node->bin = -1;
		node->slot = whole_parameter(fields[SLOT], -1, plan->slots - 1);
		node->shift = fields[SHIFT];
		plan->counts |= node->slot >= 0;
		if (fields[FEATURE] == -1)
			continue;
		read_split(plan, node, fields, params, nparams);
		depth[node->child[0]] = depth[node->child[1]] = depth[n] + 1;
		plan->depth = Max(plan->depth, depth[n] + 1);
	}
	pfree(depth);
	if (plan->counting == COUNT_AND_BOUND || plan->counting == COUNT_INTERVALS)
		read_moves(plan, nparams, params);
	if (plan->counting == COUNT_AND_BOUND)
		read_marks(plan, nparams, params);
	if (plan->counting == COUNT_INTERVALS)
		read_intervals(plan, nparams, params);
	return plan;
}

/* The last plan that took long to read: the same parameters come with every block of a pass. */
static struct
{
	MemoryContext context;
	Plan	   *plan;
	int			ncols;
	int			nparams;
	double	   *params;
} last;

/*
 * Parameters as a plan, asked for at every block: a state may come from anywhere, so what was read before counts only
 * if every number is the same.
 */
const Plan *
dtree_plan(int ncols, int nparams, const double *params)
{
	MemoryContext context;
	MemoryContext old;
	Plan	   *plan;
	double	   *copy;

	if (nparams < LONG_PARAMS)
		return read_plan(ncols, nparams, params);
	if (last.plan && last.ncols == ncols && last.nparams == nparams &&
		memcmp(last.params, params, nparams * sizeof(double)) == 0)
		return last.plan;
	context = AllocSetContextCreate(CurrentMemoryContext, "madpy tree", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	copy = memcpy(palloc(nparams * sizeof(double)), params, nparams * sizeof(double));
	plan = read_plan(ncols, nparams, copy);
	MemoryContextSwitchTo(old);

	/* it is whole: now it may take the place of the one before */
	MemoryContextSetParent(context, TopMemoryContext);
	if (last.context)
		MemoryContextDelete(last.context);
	last.context = context;
	last.plan = plan;
	last.ncols = ncols;
	last.nparams = nparams;
	last.params = copy;
	return plan;
}
