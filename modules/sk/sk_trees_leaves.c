/*
 * sk_trees_leaves.c: walks down several trees at once.
 *
 * A step down a tree waits for the memory of its node, so the steps of TREES_AT_ONCE trees are taken together.  They go on
 * until all are leaves, which lead to themselves.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "sk_trees.h"

#define LEVELS_AT_ONCE 4

/* Takes the steps of one level.  A comparison with NaN is false. */
static pg_attribute_always_inline void
step(const TreeNode *nodes, const double *x, int32 *at, bool has_nan)
{
	for (int t = 0; t < TREES_AT_ONCE; t++)
	{
		const TreeNode *node = nodes + at[t];
		double		value = x[node->feature & ~TREES_MISSING_RIGHT];

		at[t] = node->child + (value > node->threshold);
		if (has_nan)
			at[t] += (value != value) & (node->feature < 0);
	}
}

/* Goes down to the leaves.  They lead to themselves, so it is enough to look after LEVELS_AT_ONCE levels. */
static pg_attribute_always_inline void
descend(const TreeNode *nodes, const double *x, const int32 *roots, int32 *leaves, bool has_nan)
{
	int32		at[TREES_AT_ONCE];
	int32		moving;

	memcpy(at, roots, sizeof(at));
	do
	{
		for (int level = 0; level < LEVELS_AT_ONCE; level++)
			step(nodes, x, at, has_nan);
		moving = 0;
		for (int t = 0; t < TREES_AT_ONCE; t++)
			moving |= nodes[at[t]].child ^ at[t];
	} while (moving);
	for (int t = 0; t < TREES_AT_ONCE; t++)
		leaves[t] = leaf_number(nodes + at[t]);
}

void
trees_leaves(const Trees *trees, int first, int32 *leaves)
{
	CHECK_FOR_INTERRUPTS();
	if (trees->has_nan)
		descend(trees->nodes, trees->x, trees->roots + first, leaves, true);
	else
		descend(trees->nodes, trees->x, trees->roots + first, leaves, false);
}
