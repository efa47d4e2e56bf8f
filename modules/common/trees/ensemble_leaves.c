/*
 * ensemble_leaves.c: checks the nodes of trees, and walks down several trees at once.
 *
 * A step down a tree waits for the memory of its node, so the steps of TREES_AT_ONCE trees are taken together.  They go on
 * until all are leaves, which lead to themselves.
 */
#include "ensemble.h"

#include <math.h>

#include "engine/model.h"
#include "miscadmin.h"

#define LEVELS_AT_ONCE 4

/* Takes the steps of one level.  A comparison with NaN is false. */
static pg_attribute_always_inline void
step(const PackedNode *nodes, const double *x, int32 *at, bool has_nan)
{
	for (int t = 0; t < TREES_AT_ONCE; t++)
	{
		const PackedNode *node = nodes + at[t];
		double		value = x[node->feature & NODE_FEATURE_BITS];

		at[t] = node->child + (value > node->threshold);
		if (has_nan)
			at[t] += (value != value) & (node->feature < 0);
	}
}

static pg_attribute_always_inline void
step_with_categories(const Ensemble *trees, const double *x, int32 *at)
{
	for (int t = 0; t < TREES_AT_ONCE; t++)
	{
		const PackedNode *node = trees->nodes + at[t];

		if (node->child != at[t])
			at[t] = node->child + goes_second(trees, node, x);
	}
}

/* Goes down to the leaves.  They lead to themselves, so it is enough to look after LEVELS_AT_ONCE levels. */
static pg_attribute_always_inline void
descend(const Ensemble *trees, const double *x, const int32 *roots, int32 *leaves, bool has_nan, bool has_categories)
{
	const PackedNode *nodes = trees->nodes;
	int32		at[TREES_AT_ONCE];
	int32		moving;

	memcpy(at, roots, sizeof(at));
	do
	{
		for (int level = 0; level < LEVELS_AT_ONCE; level++)
			if (has_categories)
				step_with_categories(trees, x, at);
			else
				step(nodes, x, at, has_nan);
		moving = 0;
		for (int t = 0; t < TREES_AT_ONCE; t++)
			moving |= nodes[at[t]].child ^ at[t];
	} while (moving);
	for (int t = 0; t < TREES_AT_ONCE; t++)
		leaves[t] = lower_half(nodes + at[t]);
}

void
ensemble_leaves(const Ensemble *trees, const double *x, bool has_nan, int first, int32 *leaves)
{
	CHECK_FOR_INTERRUPTS();
	if (trees->has_categories)
		descend(trees, x, trees->roots + first, leaves, true, true);
	else if (has_nan)
		descend(trees, x, trees->roots + first, leaves, true, false);
	else
		descend(trees, x, trees->roots + first, leaves, false, false);
}

const int32 *
repeated_roots(const int32 *given, int count)
{
	int32	   *roots = palloc((count + (Size) TREES_AT_ONCE) * sizeof(int32));

	for (int t = 0; t < count + TREES_AT_ONCE; t++)
		roots[t] = given[Min(t, count - 1)];
	return roots;
}

static void
check_split(const Ensemble *trees, const PackedNode *node, int features)
{
	int			feature = node->feature & NODE_FEATURE_BITS;
	int			codes;

	if (feature >= features)
		model_damaged("a tree asks for a column that is not there");
	codes = trees->codes ? trees->codes[feature] : 0;
	if (((node->feature & NODE_CATEGORY) != 0) != (codes > 0))
		model_damaged("a node takes a number for a category");
	if (codes > 0 && (lower_half(node) < 0 || lower_half(node) + (int64) words_of_set(codes) > trees->set_words))
		model_damaged("the levels of a node do not exist");
}

static void
check_node(const Ensemble *trees, int64 number, int64 end, int64 leaves, int features, bool *has_parent)
{
	const PackedNode *node = &trees->nodes[number];
	bool		is_leaf = node->child == number;

	if (is_leaf && (lower_half(node) < 0 || lower_half(node) >= leaves))
		model_damaged("a leaf is not there");
	if (is_leaf ? node->feature != 0 || !isnan(node->threshold) :
		node->child < number || node->child + (int64) 1 >= end)
		model_damaged("a tree has a node that leads nowhere");
	if (is_leaf)
		return;
	check_split(trees, node, features);
	if (has_parent[node->child] || has_parent[node->child + 1])
		model_damaged("a node has two parents");
	has_parent[node->child] = has_parent[node->child + 1] = true;
}

void
check_ensemble(const Ensemble *trees, int64 leaves, int features)
{
	bool	   *has_parent = palloc_extended(trees->node_count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int64		number = 0;

	for (int tree = 0; tree < trees->count; tree++)
	{
		int64		from = trees->roots[tree];
		int64		to = tree + 1 < trees->count ? trees->roots[tree + 1] : trees->node_count;

		CHECK_FOR_INTERRUPTS();
		if (from != number || to <= from || to > trees->node_count)
			model_damaged("its trees are out of order");
		for (; number < to; number++)
		{
			if (has_parent[number] != (number > from))
				model_damaged("a node is not part of its tree");
			check_node(trees, number, to, leaves, features, has_parent);
		}
	}
	pfree(has_parent);
	if (trees->covers == NULL)
		return;
	for (int64 n = 0; n < trees->node_count; n++)
		if (!(trees->covers[n] > 0) || isinf(trees->covers[n]))
			model_damaged("a node has no rows");
}
