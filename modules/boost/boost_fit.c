/*
 * boost_fit.c: trains the model of a group, round by round.
 */
#include "boost.h"

#include <math.h>

#include "miscadmin.h"
#include "parallel/parallel.h"
#include "utils/memutils.h"

#define LARGEST_GRADIENT 1e37

int
outputs_of(const BoostSettings *settings, int classes)
{
	return settings->objective == OBJECTIVE_MULTICLASS ? classes : 1;
}

void *
fit_alloc(const Fit *fit, Size size)
{
	void	   *memory = fit->is_shared ? parallel_alloc(fit->context, Max(size, 1)) :
		MemoryContextAllocHuge(fit->context, Max(size, 1));

	if (memory == NULL)
		store_no_memory("memory that workers share");
	return memory;
}

/* --- rows --- */

static bool
is_held_out(const CodedRows *rows, const BoostSettings *settings, int group, int64 row)
{
	int			features = rows->features;

	if (settings->is_marked)
		return codes_of_row(rows, row)[features - 1] == 1;
	return settings->validation > 0 &&
		is_drawn(random_of(settings->seed, DRAWS_VALIDATION, row - rows->first[group]), settings->validation);
}

/* Copies the rows of a group, those of the training before those held out. */
static void
sort_held_out(Fit *fit, const CodedRows *rows, int group, const bool *is_held, const double *weight)
{
	int64		first = rows->first[group];
	uint8	   *codes = fit_alloc(fit, fit->total * (Size) fit->stride);
	double	   *target = fit_alloc(fit, fit->total * sizeof(double));
	int			at[2] = {0, fit->count};

	if (weight)
		fit->weight = fit_alloc(fit, fit->total * sizeof(double));
	for (int r = 0; r < fit->total; r++)
	{
		int			to = at[is_held[r]]++;

		memcpy(codes + to * (Size) fit->stride, codes_of_row(rows, first + r), fit->stride);
		target[to] = rows->target[first + r];
		if (weight)
			fit->weight[to] = weight[r];
	}
	fit->codes = codes;
	fit->target = target;
}

/* Returns the weights of rows times those of their classes, NULL if all are 1; sums up what is known of the group. */
static double *
weigh_rows(Fit *fit, const CodedRows *rows, int group, GroupBoost *boost)
{
	const BoostSettings *settings = fit->settings;
	int64		first = rows->first[group];
	double	   *of_class = palloc(Max(fit->classes, 1) * sizeof(double));
	bool		is_weighted = rows->weight != NULL;
	double	   *weight;
	int			there = 0;

	for (int r = 0; r < fit->total; r++)
	{
		double		own = rows->weight ? rows->weight[first + r] : 1;

		boost->weight += own;
		if (fit->classes > 0)
			boost->class_rows[(int) rows->target[first + r]] += own;
	}
	for (int c = 0; c < fit->classes; c++)
		there += boost->class_rows[c] > 0;
	for (int c = 0; c < fit->classes; c++)
	{
		of_class[c] = settings->numbers[c];
		if (settings->is_balanced)
			of_class[c] = boost->class_rows[c] > 0 ? boost->weight / there / boost->class_rows[c] : 1;
		is_weighted |= of_class[c] != 1;
	}
	if (!is_weighted)
		return NULL;
	weight = fit_alloc(fit, fit->total * sizeof(double));
	for (int r = 0; r < fit->total; r++)
		weight[r] = (rows->weight ? rows->weight[first + r] : 1) *
			(fit->classes > 0 ? of_class[(int) rows->target[first + r]] : 1);
	return weight;
}

/* Raises an error for a target that the loss is not defined for. */
static void
check_targets(const Fit *fit)
{
	BoostObjective objective = fit->settings->objective;

	if (objective < OBJECTIVE_POISSON)
		return;
	for (int r = 0; r < fit->total; r++)
		if (fit->target[r] < 0 || (objective == OBJECTIVE_GAMMA && fit->target[r] == 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a target of this objective must be %s, not %g",
							objective == OBJECTIVE_GAMMA ? "above 0" : "0 or more", fit->target[r]),
					 errhint("Choose objective => 'squared', or leave out such rows.")));
}

static void
take_rows(Fit *fit, const CodedRows *rows, int group, GroupBoost *boost)
{
	int64		first = rows->first[group];
	bool	   *is_held = palloc_extended(fit->total, MCXT_ALLOC_HUGE);
	double	   *weight = weigh_rows(fit, rows, group, boost);

	for (int r = 0; r < fit->total; r++)
		fit->count -= is_held[r] = is_held_out(rows, fit->settings, group, first + r);
	if (fit->count == 0)
	{
		memset(is_held, 0, fit->total);	/* without rows there is no training: then none are held out */
		fit->count = fit->total;
	}
	fit->codes = codes_of_row(rows, first);
	fit->target = rows->target + first;
	fit->weight = weight;
	if (fit->count < fit->total)
		sort_held_out(fit, rows, group, is_held, weight);
	pfree(is_held);
	fit->columns = fit_alloc(fit, fit->total * (Size) fit->features);
	for (int r = 0; r < fit->total; r++)
		for (int f = 0; f < fit->features; f++)
			fit->columns[f * (Size) fit->total + r] = fit->codes[r * (Size) fit->stride + f];
	check_targets(fit);
}

/* --- the memory of a training --- */

static void
alloc_fit(Fit *fit)
{
	int			leaves = Min(fit->settings->max_leaves, fit->count);
	int			tasks = fit->is_shared ? SUM_TASKS : 1;
	int64		tree = 2 * MAXALIGN(sizeof(GrownTree)) +
		leaves * (INT64CONST(2) * (sizeof(PackedNode) + sizeof(CodeNode) + sizeof(double)) + sizeof(double) +
				  sizeof(((CodeSplit *) NULL)->set)) + 64;

	fit->scores = fit_alloc(fit, fit->outputs * (Size) fit->total * sizeof(double));
	fit->log_sum = fit->outputs > 1 ? fit_alloc(fit, fit->total * sizeof(double)) : NULL;
	fit->gradient = fit_alloc(fit, fit->count * sizeof(Gradient));
	fit->packed = fit_alloc(fit, fit->count * sizeof(Packed));
	fit->order = fit_alloc(fit, (fit->count + 1) * sizeof(uint32));
	fit->moved = fit_alloc(fit, (fit->count + 1) * sizeof(uint32));
	fit->others = fit_alloc(fit, fit->total * sizeof(uint32));
	fit->used = fit_alloc(fit, fit->features * sizeof(int));
	fit->offset = fit_alloc(fit, fit->features * sizeof(int));
	fit->cells = 0;
	for (int f = 0; f < fit->features; f++)
	{
		fit->used[f] = f;
		fit->offset[f] = fit->cells;
		fit->cells += fit->coding[f].codes + 1;
	}
	fit->sums = fit_alloc(fit, tasks * (Size) fit->cells * sizeof(Packed));
	memset(fit->sums, 0, tasks * (Size) fit->cells * sizeof(Packed));
	fit->partial = fit->is_shared ? fit_alloc(fit, tasks * (Size) fit->cells * 3 * sizeof(int64)) : NULL;
	fit->walked = fit_alloc(fit, tree);
	fit->leaves = fit_alloc(fit, leaves * sizeof(OpenLeaf));
	fit->chunked = fit_alloc(fit, sizeof(Chunked));
	fit->chunked->results = fit_alloc(fit, (MOST_TASKS + 1) * sizeof(LossSums));
	fit->chunked->firsts = fit_alloc(fit, (MOST_TASKS + 1) * sizeof(int));
	alloc_histograms(fit);
}

/* Returns a training, which lies in memory that workers share if it is shared itself. */
static Fit *
new_fit(const CodedRows *rows, const BoostSettings *settings, int group, bool is_shared, GroupBoost *boost)
{
	Fit			given = {
		.is_shared = is_shared,
		.context = CurrentMemoryContext,
		.coding = coding_of_group(rows, group),
		.features = rows->features - settings->is_marked,
		.stride = rows->features,
		.classes = rows->classes,
		.outputs = outputs_of(settings, rows->classes),
		.count = rows->first[group + 1] - rows->first[group],
		.total = rows->first[group + 1] - rows->first[group]
	};
	Fit		   *fit = fit_alloc(&given, sizeof(Fit));
	int			numbers = rows->classes + rows->features;
	BoostSettings *own;

	*fit = given;
	own = fit_alloc(fit, sizeof(BoostSettings) + numbers * sizeof(double));
	*own = *settings;
	own->numbers = (double *) (own + 1);
	memcpy(own->numbers, settings->numbers, numbers * sizeof(double));
	fit->settings = own;
	take_rows(fit, rows, group, boost);
	alloc_fit(fit);
	fit->scratch = AllocSetContextCreate(CurrentMemoryContext, "madpy boosting", ALLOCSET_DEFAULT_SIZES);
	return fit;
}

/* --- rounds --- */

/* Lists the rows that the trees of a round are grown from, and all others. */
static void
draw_rows(Fit *fit, int round)
{
	double		share = fit->settings->subsample;
	int			others = 0;

	fit->drawn = 0;
	for (int r = 0; r < fit->count; r++)
	{
		bool		drawn = share >= 1 || is_drawn(random_of(fit->settings->seed, DRAWS_ROWS + round, r), share);

		fit->order[fit->drawn] = r;
		fit->others[others] = r;
		fit->drawn += drawn;
		others += !drawn;
	}
	for (int r = 0; r < fit->count && fit->drawn == 0; r++)
		fit->order[r] = r;
	if (others == fit->count)
	{
		fit->drawn = fit->count;
		others = 0;
	}
	for (int r = fit->count; r < fit->total; r++)
		fit->others[others++] = r;
}

/* Draws the features of a tree, which stay in their order. */
static void
draw_features(Fit *fit)
{
	int			wanted = Min(fit->settings->num_features, fit->features);

	fit->used_count = 0;
	for (int f = 0; f < fit->features && fit->used_count < wanted; f++)
	{
		uint64		random = random_of(fit->settings->seed, DRAWS_FEATURES, ((uint64) fit->tree_number << 16) + f);

		if (is_drawn(random, (wanted - fit->used_count) / (double) (fit->features - f)))
			fit->used[fit->used_count++] = f;
	}
}

static LossSums
run_sums(Fit *fit, ChunkStep step, int from, int to)
{
	int			tasks = run_chunks(fit, step, from, to, fit->is_shared ? rows_per_task(fit->total) : Max(1, to - from));
	LossSums	sums = {0};

	for (int t = 0; t < tasks; t++)
	{
		const LossSums *own = &fit->chunked->results[t];

		sums.loss += own->loss;
		sums.weight += own->weight;
		sums.largest_slope = Max(sums.largest_slope, own->largest_slope);
		sums.largest_curve = Max(sums.largest_curve, own->largest_curve);
		if (!isfinite(own->largest_slope) || own->largest_slope > LARGEST_GRADIENT || own->largest_curve > LARGEST_GRADIENT)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a gradient of the loss is too large"),
					 errhint("Divide the target, or the weights, by a number that makes them smaller.")));
	}
	return sums;
}

/* Computes the mean losses after a round. */
static void
set_losses(Fit *fit, BoostRound *round)
{
	LossSums	sums = run_sums(fit, STEP_LOSSES, 0, fit->count);

	round->loss = sums.loss / sums.weight;
	sums = run_sums(fit, STEP_LOSSES, fit->count, fit->total);
	round->held_loss = sums.weight > 0 ? sums.loss / sums.weight : NAN;
}

/* Grows the tree of an output, and returns a copy of it. */
static GrownTree *
grow_output(Fit *fit, int output, double *gains)
{
	MemoryContext old;
	LossSums	largest;
	GrownTree  *tree;

	fit->chunked->output = output;
	largest = run_sums(fit, STEP_GRADIENTS, 0, fit->count);
	fit->units = (Units) {largest.largest_slope / MOST_SLOPE, largest.largest_curve / MOST_CURVE};
	run_chunks(fit, STEP_PACK, 0, fit->count, fit->is_shared ? rows_per_task(fit->total) : fit->count);
	draw_features(fit);
	old = MemoryContextSwitchTo(fit->scratch);
	fit->tree = new_tree(fit->scratch, 1);
	grow_boost_tree(fit, output, gains);
	MemoryContextSwitchTo(old);
	tree = copy_tree(fit->tree, palloc_extended(tree_bytes(fit->tree), MCXT_ALLOC_HUGE));
	MemoryContextReset(fit->scratch);
	return tree;
}

/* Makes a round; returns whether a tree of it has a split. */
static bool
make_round(Fit *fit, GroupBoost *boost)
{
	BoostRound *round = &boost->round[boost->rounds];
	bool		has_split = false;

	*round = (BoostRound) {0};
	for (int o = 0; o < fit->outputs; o++)
	{
		GrownTree  *tree;

		CHECK_FOR_INTERRUPTS();
		draw_rows(fit, boost->rounds);
		fit->tree_number = boost->rounds * fit->outputs + o;
		tree = grow_output(fit, o, boost->gains);
		boost->trees[fit->tree_number] = tree;
		round->leaves += tree->leaves;
		round->depth = Max(round->depth, tree->depth);
		has_split |= tree->leaves > 1;
	}
	set_losses(fit, round);
	boost->rounds++;
	return has_split;
}

GroupBoost
fit_boost(const CodedRows *rows, const BoostSettings *settings, int group, bool is_shared)
{
	GroupBoost	boost = {0};
	BoostRound	start;
	bool		is_random = settings->subsample < 1 || settings->num_features < rows->features - settings->is_marked;
	Fit		   *fit;

	boost.class_rows = palloc0(Max(rows->classes, 1) * sizeof(double));
	fit = new_fit(rows, settings, group, is_shared, &boost);
	boost.trees = palloc_extended(settings->rounds * (Size) fit->outputs * sizeof(GrownTree *), MCXT_ALLOC_HUGE);
	boost.round = palloc_extended(settings->rounds * sizeof(BoostRound), MCXT_ALLOC_HUGE);
	boost.gains = palloc0(fit->features * sizeof(double));
	boost.start = palloc(fit->outputs * sizeof(double));
	boost.rows = fit->count;
	boost.held = fit->total - fit->count;
	start_scores(fit, boost.start);
	set_losses(fit, &start);
	while (boost.rounds < settings->rounds)
	{
		bool		has_split = make_round(fit, &boost);

		if (boost.rounds == 1 || boost.round[boost.rounds - 1].held_loss < boost.round[boost.best - 1].held_loss)
			boost.best = boost.rounds;
		if (!has_split && !is_random)
			break;
		if (settings->patience > 0 && boost.held > 0 && boost.rounds - boost.best >= settings->patience)
			break;
	}
	if (settings->patience == 0 || boost.held == 0)
		boost.best = boost.rounds;
	return boost;
}
