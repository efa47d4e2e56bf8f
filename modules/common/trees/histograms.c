/*
 * histograms.c: the kernel of trees that finds the node of each row and counts rows for each node, feature and code.
 *
 * Body: the parameters (plan.h), then the cells.  A cell of a classification has the number of rows of each class, a cell of
 * a regression the number of rows, the sum and the sum of squares of target - shift.  With weights, a row of weight 3 counts
 * as three rows.  A slot is the number of a node whose rows are counted.  For histograms there is, for each feature and
 * slot, a cell for each code; else a cell for each slot, or the cells of intervals (interval_plan.h).
 */
#include "tree_kernel.h"

#include "chunk.h"
#include "interval_counts.h"
#include "interval_plan.h"
#include "miscadmin.h"
#include "splits.h"

/* Cells that are merged between two checks for interrupts. */
#define MERGED_AT_ONCE 1000000

int64
tree_size(int ncols, int nparams, const double *params)
{
	return tree_body_size(ncols - 1, nparams, params);
}

int64
weighted_tree_size(int ncols, int nparams, const double *params)
{
	return tree_body_size(ncols - 2, nparams, params);
}

/* Returns the number of columns after the features: the target, or the target and a weight. */
static int
scalars_of(const State *state)
{
	return kernel_by_id(state->kernel)->scalars;
}

static int
features_of(const State *state)
{
	return state->ncols - scalars_of(state);
}

static const Plan *
plan_of(const State *state, const double *params)
{
	return tree_plan(features_of(state), scalars_of(state) > 1, state->nparams, params);
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

		cell[STAT_ROWS] += 1;
		cell[STAT_SUM] += target;
		cell[STAT_SQUARES] += target * target;
	}
}

static void
weigh_classes(double *restrict cells, const int *restrict codes, const Chunk *restrict chunk, int width, int classes)
{
	for (int i = 0; i < chunk->kept; i++)
		cells[(Size) (chunk->slot[i] * width + codes[chunk->row[i]]) * classes + chunk->class[i]] += chunk->weight[i];
}

static void
weigh_targets(double *restrict cells, const int *restrict codes, const Chunk *restrict chunk, int width)
{
	for (int i = 0; i < chunk->kept; i++)
	{
		double		weight = chunk->weight[i];
		double		target = chunk->target[i];
		double	   *cell = cells + (Size) (chunk->slot[i] * width + codes[chunk->row[i]]) * 3;

		cell[STAT_ROWS] += weight;
		cell[STAT_SUM] += weight * target;
		cell[STAT_SQUARES] += weight * target * target;
	}
}

/* Adds a chunk to the cells of one feature with `width` codes; returns the first cell of the next feature. */
static double *
add_feature(const Plan *plan, double *cells, const int *codes, const Chunk *chunk, int width)
{
	if (plan->classes > 0 && plan->weighted)
		weigh_classes(cells, codes, chunk, width, plan->classes);
	else if (plan->classes > 0)
		count_classes(cells, codes, chunk, width, plan->classes);
	else if (plan->weighted)
		weigh_targets(cells, codes, chunk, width);
	else
		sum_targets(cells, codes, chunk, width);
	return cells + (Size) plan->slots * width * plan->stats;
}

void
tree_add(State *state, const RowBlock *block)
{
	const Plan *plan = plan_of(state, state->body);
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
		take_rows(plan, block, first, chunk);
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

void
tree_start(State *state, const double *params)
{
	const Plan *plan;

	memcpy(state->body, params, state->nparams * sizeof(double));
	if (features_of(state) == 0)
		return;
	plan = plan_of(state, params);
	if (plan->counting == COUNTING_INTERVALS)
		start_intervals(state->body + state->nparams,
						tree_body_size(features_of(state), state->nparams, params) - state->nparams, plan->stats);
}

void
tree_merge(State *into, const State *from)
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

State *
tree_outcome(const State *state)
{
	const Plan *plan;

	if (features_of(state) == 0)
		return state_outcome(state, 0);
	plan = plan_of(state, state->body);
	return plan->counting == COUNTING_INTERVALS ? interval_outcome(plan, state) : split_outcome(plan, state);
}
