/*
 * grown_tree.c: a tree as it is grown from coded rows.
 */
#include "grown_tree.h"

#include <limits.h>
#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#define FIRST_CAPACITY 64
#define MOST_NODES (INT_MAX / 4)

/* Enlarges an array of a tree to `capacity` elements. */
static void *
enlarged(GrownTree *tree, void *array, Size element, Size capacity)
{
	if (array == NULL)
		return MemoryContextAllocHuge(tree->context, capacity * element);
	return repalloc_huge(array, capacity * element);
}

static int
more_capacity(int capacity, int64 needed)
{
	if (needed > MOST_NODES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a tree cannot have more than %d nodes", MOST_NODES),
				 errhint("Choose a smaller max_depth, or a larger min_bucket.")));
	return Max(FIRST_CAPACITY, Max(2 * capacity, needed));
}

/* Appends nodes that are neither leaves nor split; returns the number of the first. */
static int
append_nodes(GrownTree *tree, int count)
{
	int			first = tree->nodes;

	if (first + (int64) count > tree->node_capacity)
	{
		tree->node_capacity = more_capacity(tree->node_capacity, first + (int64) count);
		tree->node = enlarged(tree, tree->node, sizeof(PackedNode), tree->node_capacity);
		tree->code_node = enlarged(tree, tree->code_node, sizeof(CodeNode), tree->node_capacity);
		tree->cover = enlarged(tree, tree->cover, sizeof(double), tree->node_capacity);
	}
	memset(tree->node + first, 0, count * sizeof(PackedNode));
	memset(tree->code_node + first, 0, count * sizeof(CodeNode));
	memset(tree->cover + first, 0, count * sizeof(double));
	tree->nodes += count;
	return first;
}

GrownTree *
new_tree(MemoryContext context, int width)
{
	GrownTree  *tree = MemoryContextAllocZero(context, sizeof(GrownTree));

	tree->context = context;
	tree->width = width;
	append_nodes(tree, 1);
	return tree;
}

/* Makes a threshold whose lower half is a number: a NaN, so that no value is greater. */
static double
with_number(int32 number)
{
	double		threshold = NAN;

	memcpy(&threshold, &number, sizeof(number));
	return threshold;
}

static int32
append_set(GrownTree *tree, const uint32 *set, int words)
{
	int32		at = tree->set_words;

	if (at + (int64) words > tree->set_capacity)
	{
		tree->set_capacity = more_capacity(tree->set_capacity, at + (int64) words);
		tree->sets = enlarged(tree, tree->sets, sizeof(uint32), tree->set_capacity);
	}
	memcpy(tree->sets + at, set, words * sizeof(uint32));
	tree->set_words += words;
	return at;
}

int
split_node(GrownTree *tree, int node, const CodedFeature *coding, const CodeSplit *split)
{
	const CodedFeature *feature = &coding[split->feature];
	int			child = append_nodes(tree, 2);
	PackedNode *packed = &tree->node[node];
	CodeNode   *coded = &tree->code_node[node];
	int			second = split->last_first + 1;

	packed->feature = split->feature | (split->null_second ? NODE_MISSING_RIGHT : 0);
	packed->child = child;
	coded->feature = split->feature;
	coded->child = child;
	if (feature->levels > 0)
	{
		packed->feature |= NODE_CATEGORY;
		packed->threshold = with_number(append_set(tree, split->set, words_of_set(feature->codes)));
		tree->has_categories = true;
		return child;
	}
	packed->threshold = split->last_first < feature->codes - 1 ? feature->edges[split->last_first] : INFINITY;
	coded->from = second;
	coded->span = feature->codes + split->null_second - second;
	return child;
}

double *
make_leaf(GrownTree *tree, int node)
{
	if (tree->leaves == tree->leaf_capacity)
	{
		tree->leaf_capacity = more_capacity(tree->leaf_capacity, tree->leaves + INT64CONST(1));
		tree->numbers = enlarged(tree, tree->numbers, tree->width * sizeof(double), tree->leaf_capacity);
	}
	tree->node[node] = (PackedNode) {with_number(tree->leaves), 0, node};
	tree->code_node[node] = (CodeNode) {.child = node};
	tree->leaves++;
	return numbers_of_leaf(tree, node);
}

/* Copies an array to `*to`, which is then the first byte after it; returns its beginning. */
static void *
copy_array(char **to, const void *from, Size size)
{
	char	   *start = *to;

	if (size > 0)
		memcpy(start, from, size);
	*to += MAXALIGN(size);
	return start;
}

Size
tree_bytes(const GrownTree *tree)
{
	return MAXALIGN(sizeof(GrownTree)) + MAXALIGN(tree->nodes * sizeof(PackedNode)) +
		MAXALIGN(tree->nodes * sizeof(CodeNode)) + MAXALIGN(tree->nodes * sizeof(double)) +
		MAXALIGN(tree->leaves * (Size) tree->width * sizeof(double)) + MAXALIGN(tree->set_words * sizeof(uint32));
}

GrownTree *
copy_tree(const GrownTree *tree, void *to)
{
	GrownTree  *copy = to;
	char	   *at = to;

	copy_array(&at, tree, sizeof(GrownTree));
	copy->context = NULL;
	copy->node = copy_array(&at, tree->node, tree->nodes * sizeof(PackedNode));
	copy->code_node = copy_array(&at, tree->code_node, tree->nodes * sizeof(CodeNode));
	copy->cover = copy_array(&at, tree->cover, tree->nodes * sizeof(double));
	copy->numbers = copy_array(&at, tree->numbers, tree->leaves * (Size) tree->width * sizeof(double));
	copy->sets = copy_array(&at, tree->sets, tree->set_words * sizeof(uint32));
	return copy;
}

/* Takes the rows down together, as ensemble_leaves.c takes trees. */
static void
walk_numbers(const CodeNode *nodes, const uint8 *const *codes, int32 *at)
{
	int32		moving;

	do
	{
		for (int level = 0; level < 4; level++)
			for (int r = 0; r < TREES_AT_ONCE; r++)
			{
				const CodeNode *node = nodes + at[r];

				at[r] = node->child + ((uint8) (codes[r][node->feature] - node->from) < node->span);
			}
		moving = 0;
		for (int r = 0; r < TREES_AT_ONCE; r++)
			moving |= nodes[at[r]].child ^ at[r];
	} while (moving);
}

static int32
walk_categories(const GrownTree *tree, const CodedFeature *coding, const uint8 *codes)
{
	int32		at = 0;

	for (;;)
	{
		const CodeNode *node = &tree->code_node[at];
		int			code = codes[node->feature];

		if (node->child == at)
			return at;
		if (tree->node[at].feature & NODE_CATEGORY)
			at = node->child + code_goes_second(tree, at, code, coding[node->feature].codes);
		else
			at = node->child + ((uint8) (code - node->from) < node->span);
	}
}

void
leaves_of_rows(const GrownTree *tree, const CodedFeature *coding, const uint8 *const *codes, int rows, int32 *leaf)
{
	int			first = 0;

	memset(leaf, 0, rows * sizeof(int32));
	for (; !tree->has_categories && first + TREES_AT_ONCE <= rows; first += TREES_AT_ONCE)
		walk_numbers(tree->code_node, codes + first, leaf + first);
	for (; first < rows; first++)
		leaf[first] = walk_categories(tree, coding, codes[first]);
}
