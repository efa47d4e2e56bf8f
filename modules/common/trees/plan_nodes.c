/*
 * plan_nodes.c: reads and checks the nodes of a plan.
 */
#include "plan_nodes.h"

#include "bins.h"
#include "engine/bounds.h"
#include "parameters.h"

/* Converts each parameter to a bitmap of 32 levels; a parameter that cannot be one becomes 0. */
static uint32 *
read_words(const double *params, int nparams)
{
	uint32	   *words = palloc(nparams * sizeof(uint32));

	for (int i = 0; i < nparams; i++)
		words[i] = (uint32) integer_within(params[i], 0, PG_UINT32_MAX, 0);
	return words;
}

/* Reads a split within a bin, whose rows can go either way. */
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
	int			feature = whole_parameter(fields[NODE_FEATURE], 0, plan->features - 1);
	int			number = node - plan->nodes;
	bool		right = whole_parameter(fields[NODE_NULL_RIGHT], 0, 1);

	node->null_code = plan->codes[feature] - 1;
	node->null_right = right;
	node->codes = feature * TREE_CHUNK;
	node->feature = feature;
	plan->used[feature] = true;
	node->child[0] = whole_parameter(fields[NODE_LEFT], number + 1, plan->nnodes - 1);
	node->child[1] = whole_parameter(fields[NODE_RIGHT], number + 1, plan->nnodes - 1);
	if (params[HEADER_FIELDS + feature] < 0)
	{
		int			at = whole_parameter(fields[NODE_SPLIT], 0, nparams - (node->null_code + 31) / 32);

		if (plan->words == NULL)
			plan->words = read_words(params, nparams);
		node->levels = plan->words + at;
		plan->has_categories = true;
		return;
	}
	if (fields[NODE_SPLIT] < 0)
		read_threshold(plan, node, fields[NODE_SPLIT], params, nparams);
	else
		node->from = whole_parameter(fields[NODE_SPLIT], 0, node->null_code - 1) + 1;
	node->span = node->null_code - node->from + right;
}

/* Reads the nodes from parameter `at` on; raises an error if a child or a feature does not exist. */
void
read_nodes(Plan *plan, int at, int nparams, const double *params)
{
	int		   *depth;

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
		node->slot = whole_parameter(fields[NODE_SLOT], -1, plan->slots - 1);
		node->shift = fields[NODE_SHIFT];
		plan->counts |= node->slot >= 0;
		if (fields[NODE_FEATURE] == -1)
			continue;
		read_split(plan, node, fields, params, nparams);
		depth[node->child[0]] = depth[node->child[1]] = depth[n] + 1;
		plan->depth = Max(plan->depth, depth[n] + 1);
	}
	pfree(depth);
}
