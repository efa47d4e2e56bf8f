/*
 * chunk.c: codes some rows of a pass, finds their nodes in the tree, and selects the rows that are counted.
 */
#include "chunk.h"

#include "engine/bounds.h"
#include "parameters.h"

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
			code_numbers(values, chunk->rows, plan->edges[f], plan->edge_capacity[f], plan->codes[f] - 1, codes);
		else
			code_levels(values, chunk->rows, plan->codes[f] - 1, codes);
	}
}

/* Moves every row down one split of a tree without categories. */
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

/* Moves the rows of a chunk down the tree, from the root or from their nodes of the last pass. */
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

/* Tells for each row whether it is in the fold, by a hash of its values, so that both feeds select the same rows. */
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

/* Selects the rows that are counted, and finds their slots; `weights` is NULL if each row counts once. */
static pg_attribute_always_inline void
keep_rows(const Plan *plan, const double *target, const double *weights, Chunk *chunk)
{
	bool		in_fold[TREE_CHUNK];
	int			kept = 0;

	if (plan->folds > 0)
		find_fold(plan, chunk, target, in_fold);
	for (int r = 0; r < chunk->rows; r++)
	{
		int			slot = plan->nodes[chunk->node[r]].slot;
		bool		counted = slot >= 0 && (plan->folds == 0 || in_fold[r] == plan->held_out);

		if (weights)
		{
			counted = counted && weights[r] > 0;
			chunk->weight[kept] = weights[r];
		}
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

/* Fills a chunk with the rows of a block from row `first` on. */
void
take_rows(const Plan *plan, const RowBlock *block, int first, Chunk *chunk)
{
	const double *target = block->columns[plan->features] + first;

	code_chunk(plan, block, first, chunk);
	drop_rows(plan, block, first, chunk);
	if (plan->weighted)
	{
		const double *weights = block->columns[plan->features + 1] + first;

		check_weights(weights, chunk->rows);
		keep_rows(plan, target, weights, chunk);
	}
	else
		keep_rows(plan, target, NULL, chunk);	/* so that the loop without weights is compiled separately */
}
