/*
 * histograms.c: the kernel "dtree": rows dropped down a tree, and counted by node, feature and code.
 *
 * Body: the parameters (plan.h), then the cells.  A cell is a count per class, or for regression rows, sum and sum of
 * squares of target - shift.  Where histograms are asked for, per feature: per slot, a cell per code; else a cell per
 * slot, or the cells of intervals (interval_plan.h).
 */
#include "engine/kernel.h"

#include "chunk.h"
#include "engine/bounds.h"
#include "interval_counts.h"
#include "miscadmin.h"
#include "parameters.h"
#include "splits.h"

/* Columns behind the features: the target. */
#define SCALARS 1

/* Cells between two looks for an interrupt. */
#define MERGED_AT_ONCE 1000000

static int64
dtree_size(int ncols, int nparams, const double *params)
{
	return tree_body_size(ncols - SCALARS, nparams, params);
}

static int
features_of(const State *state)
{
	return state->ncols - SCALARS;
}

static void
code_chunk(const Plan *plan, const RowBlock *block, int first, Chunk *chunk)
{
	for (int f = 0; f < plan->features; f++)
	{
		const double *values = block->columns[f] + first;
		int		   *codes = chunk->codes + f * TREE_CHUNK;

		if (!plan->used[f])
			continue;
		if (plan->coded && block->codes && plan->is_number[f])
			known_codes(block->codes[f] + first, chunk->rows, plan->codes[f] - 1, codes);
		else if (plan->edges[f])
			code_numbers(values, chunk->rows, plan->edges[f], plan->edge_room[f], plan->codes[f] - 1, codes);
		else
			code_levels(values, chunk->rows, plan->codes[f] - 1, codes);
	}
}

/* One split for every row; without categories. */
static void
route_numbers(const TreeNode *restrict nodes, const int *restrict codes, int rows, int *restrict at)
{
	for (int r = 0; r < rows; r++)
	{
		const TreeNode *node = &nodes[at[r]];

		at[r] = node->child[(unsigned) codes[node->codes + r] - node->from < node->span];
	}
}

static void
route(const TreeNode *restrict nodes, const int *restrict codes, const RowBlock *block, int first, int rows,
	  int *restrict at)
{
	for (int r = 0; r < rows; r++)
	{
		const TreeNode *node = &nodes[at[r]];
		int			code = codes[node->codes + r];
		bool		right = (unsigned) code - node->from < node->span;

		if (code == node->bin)
			right = block->columns[node->feature][first + r] > node->threshold;
		else if (node->levels)
			right = code == node->null_code ? node->null_right
				: !((node->levels[code / 32] >> (code % 32)) & 1);
		at[r] = node->child[right];
	}
}

/* Drop the rows of a chunk down the tree, from the root or from where the pass before left them. */
static void
drop_rows(const Plan *plan, const RowBlock *block, int first, Chunk *chunk)
{
	int			levels = plan->depth;

	if (plan->nmoves > 0 && block->places)
	{
		for (int r = 0; r < chunk->rows; r++)
			chunk->node[r] = block->places[first + r] < (uint32) plan->nmoves ? plan->moves[block->places[first + r]]
				: plan->nnodes;
		levels = plan->counting == COUNTING_AND_BOUND ? Min(levels, 1) : 0;
	}
	else
		memset(chunk->node, 0, sizeof(chunk->node));
	for (int level = 0; level < levels; level++)
		if (plan->has_categories || plan->has_thresholds)
			route(plan->nodes, chunk->codes, block, first, chunk->rows, chunk->node);
		else
			route_numbers(plan->nodes, chunk->codes, chunk->rows, chunk->node);
	if (plan->counting == COUNTING_AND_BOUND && block->places)
		for (int r = 0; r < chunk->rows; r++)
			block->places[first + r] = chunk->node[r];
}

/* Whether each row is in the fold, by what it holds: the same rows whichever feed they come from. */
static void
find_fold(const Plan *plan, const Chunk *chunk, const double *target, bool *in_fold)
{
	uint64		hash[TREE_CHUNK];

	for (int r = 0; r < chunk->rows; r++)
	{
		memcpy(&hash[r], &target[r], sizeof(uint64));
		hash[r] = mixed(hash[r] + plan->seed * UINT64CONST(0x9E3779B97F4A7C15));
	}
	for (int f = 0; f < plan->features; f++)
		for (int r = 0; r < chunk->rows; r++)
			hash[r] = (hash[r] ^ chunk->codes[f * TREE_CHUNK + r]) * UINT64CONST(0x9E3779B97F4A7C15);
	for (int r = 0; r < chunk->rows; r++)
		in_fold[r] = mixed(hash[r]) % plan->folds == plan->fold;
}

/* Which rows are counted, and where. */
static void
keep_rows(const Plan *plan, const double *target, Chunk *chunk)
{
	bool		in_fold[TREE_CHUNK];
	int			kept = 0;

	if (plan->folds > 0)
		find_fold(plan, chunk, target, in_fold);
	for (int r = 0; r < chunk->rows; r++)
	{
		int			slot = plan->nodes[chunk->node[r]].slot;
		bool		counted = slot >= 0 && (plan->folds == 0 || in_fold[r] == plan->held_out);

		chunk->row[kept] = r;
		chunk->slot[kept] = slot;
		chunk->class[kept] = integer_clamped(target[r], -1, plan->classes);
		chunk->target[kept] = target[r] - plan->nodes[chunk->node[r]].shift;
		kept += counted;
	}
	chunk->kept = kept;
	for (int i = 0; i < kept && plan->classes > 0; i++)
		if ((unsigned) chunk->class[i] >= (unsigned) plan->classes)
			whole_parameter(target[chunk->row[i]], 0, plan->classes - 1);
}

static void
count_classes(double *restrict cells, const int *restrict codes, const Chunk *restrict chunk, int width, int classes)
{
	for (int i = 0; i < chunk->kept; i++)
		cells[(Size) (chunk->slot[i] * width + codes[chunk->row[i]]) * classes + chunk->class[i]] += 1;
}

static void
sum_targets(double *restrict cells, const int *restrict codes, const Chunk *restrict chunk, int width)
{
	for (int i = 0; i < chunk->kept; i++)
	{
		double		target = chunk->target[i];
		double	   *cell = cells + (Size) (chunk->slot[i] * width + codes[chunk->row[i]]) * 3;

		cell[0] += 1;
		cell[1] += target;
		cell[2] += target * target;
	}
}

/* Add a chunk to the cells of one feature with `width` codes; returns where those of the next feature begin. */
static double *
add_feature(const Plan *plan, double *cells, const int *codes, const Chunk *chunk, int width)
{
	if (plan->classes > 0)
		count_classes(cells, codes, chunk, width, plan->classes);
	else
		sum_targets(cells, codes, chunk, width);
	return cells + (Size) plan->slots * width * plan->stats;
}

static void
dtree_add(State *state, const RowBlock *block)
{
	const Plan *plan = tree_plan(features_of(state), state->nparams, state->body);
	Chunk	   *chunk;
	int		   *zeros;

	state->rows_used += block->rows;
	if (!plan->counts)
		return;
	if (are_placed(plan, block))
	{
		count_placed(plan, block, state->body + state->nparams);
		return;
	}
	chunk = palloc(sizeof(Chunk));
	zeros = palloc0(TREE_CHUNK * sizeof(int));
	chunk->codes = palloc((Size) plan->features * TREE_CHUNK * sizeof(int));
	for (int first = 0; first < block->rows; first += TREE_CHUNK)
	{
		double	   *cells = state->body + state->nparams;

		CHECK_FOR_INTERRUPTS();
		chunk->rows = Min(TREE_CHUNK, block->rows - first);
		code_chunk(plan, block, first, chunk);
		drop_rows(plan, block, first, chunk);
		keep_rows(plan, block->columns[plan->features] + first, chunk);
		if (plan->counting == COUNTING_SLOTS)
			add_feature(plan, cells, zeros, chunk, 1);
		if (plan->counting == COUNTING_INTERVALS)
			count_intervals(plan, block, first, chunk, cells);
		for (int f = 0; f < plan->features && has_histograms(plan->counting); f++)
			cells = add_feature(plan, cells, chunk->codes + f * TREE_CHUNK, chunk, plan->codes[f]);
	}
	pfree(chunk->codes);
	pfree(chunk);
	pfree(zeros);
}

static void
dtree_start(State *state, const double *params)
{
	const Plan *plan;

	memcpy(state->body, params, state->nparams * sizeof(double));
	if (features_of(state) == 0)
		return;
	plan = tree_plan(features_of(state), state->nparams, params);
	if (plan->counting == COUNTING_INTERVALS)
		start_intervals(state->body + state->nparams,
						tree_body_size(features_of(state), state->nparams, params) - state->nparams, plan->stats);
}

static void
dtree_merge(State *into, const State *from)
{
	int64		size = tree_body_size(features_of(into), into->nparams, into->body);

	if (memcmp(into->body, from->body, into->nparams * sizeof(double)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states of different trees cannot be merged")));
	if (into->body[HEADER_COUNTING] == COUNTING_INTERVALS)
	{
		merge_intervals(into->body + into->nparams, from->body + into->nparams, size - into->nparams,
						into->body[HEADER_CLASSES] > 0 ? into->body[HEADER_CLASSES] : 3);
		return;
	}
	for (int64 first = into->nparams; first < size; first += MERGED_AT_ONCE)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 i = first; i < Min(size, first + MERGED_AT_ONCE); i++)
			into->body[i] += from->body[i];
	}
}

static State *
dtree_outcome(const State *state)
{
	const Plan *plan;

	if (features_of(state) == 0)
		return state_outcome(state, 0);
	plan = tree_plan(features_of(state), state->nparams, state->body);
	return plan->counting == COUNTING_INTERVALS ? interval_outcome(plan, state) : split_outcome(plan, state);
}

static const Kernel dtree_kernel = {
	.name = "dtree",
	.id = 7,
	.scalars = SCALARS,
	.has_params = true,
	.takes_nulls = true,
	.sized_by_params = dtree_size,
	.start = dtree_start,
	.add = dtree_add,
	.merge = dtree_merge,
	.outcome = dtree_outcome,
};
MADPY_KERNEL(dtree)
MADPY_OUTCOME(dtree)
