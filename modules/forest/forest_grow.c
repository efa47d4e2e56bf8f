/*
 * forest_grow.c: grows a tree of a forest.
 *
 * The records of a node lie side by side, and those of its children within them: a split moves them, so that every pass over
 * records is in the order of memory.
 */
#include "forest.h"

#include "forest_split.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define SPLITS 2				/* stream of a tree */

/* A node that is to be split, if there is a split. */
typedef struct Open
{
	int			node;
	int			depth;
	int64		from;			/* its records */
	int64		to;
} Open;

typedef struct Growth
{
	const CodedRows *rows;
	const ForestSettings *settings;
	Records		records;
	Splitter	splitter;
	GrownTree  *tree;
	double	   *gains;
	Open	   *open;			/* a stack */
	int			count;
	int			capacity;
} Growth;

/* Makes a node a leaf that predicts the mean of its rows. */
static void
set_leaf(Growth *growth, int node, const Sums *sums)
{
	double	   *numbers = make_leaf(growth->tree, node);

	if (!growth->splitter.has_classes)
		numbers[0] = growth->records.shift + sums->target / sums->weight;
	for (int c = 0; growth->splitter.has_classes && c < growth->rows->classes; c++)
		numbers[c] = sums->classes[c] / sums->weight;
}

static void
push(Growth *growth, Open open)
{
	if (growth->count == growth->capacity)
	{
		growth->capacity = Max(64, 2 * growth->capacity);
		growth->open = growth->open ? repalloc(growth->open, growth->capacity * sizeof(Open)) :
			palloc(growth->capacity * sizeof(Open));
	}
	growth->open[growth->count++] = open;
}

/* Makes a new node a leaf if it may not be split; returns whether it may. */
static bool
stays_open(Growth *growth, int node, int depth, const Sums *sums)
{
	const ForestSettings *settings = growth->settings;

	growth->tree->cover[node] = sums->weight;
	growth->tree->depth = Max(growth->tree->depth, depth);
	if (depth < settings->max_depth && sums->rows >= Max(settings->min_split, 2 * settings->min_bucket) &&
		!is_pure(&growth->splitter, sums))
		return true;
	set_leaf(growth, node, sums);
	return false;
}

/* Marks the codes that go to the first child of a split. */
static void
mark_codes(const CodedFeature *coding, const CodeSplit *split, bool *goes_first)
{
	for (int code = 0; code < coding->codes; code++)
		goes_first[code] = coding->levels > 0 ? (split->set[code / 32] >> (code % 32)) & 1 : code <= split->last_first;
	goes_first[coding->codes] = !split->null_second;
}

static void
split_open(Growth *growth, const Open *open)
{
	Splitter   *splitter = &growth->splitter;
	const CodeSplit *split = &splitter->split;
	const CodedFeature *coding = &splitter->coding[split->feature];
	bool		goes_first[ALL_CODES];
	int			child = split_node(growth->tree, open->node, splitter->coding, split);
	bool		first_is_open = stays_open(growth, child, open->depth + 1, &splitter->first);
	bool		second_is_open = stays_open(growth, child + 1, open->depth + 1, &splitter->second);
	int64		middle;

	growth->gains[split->feature] += splitter->gain;
	if (!first_is_open && !second_is_open)
		return;
	mark_codes(coding, split, goes_first);
	middle = part_records(&growth->records, open->from, open->to, split->feature, goes_first);
	if (second_is_open)
		push(growth, (Open) {child + 1, open->depth + 1, middle, open->to});
	if (first_is_open)
		push(growth, (Open) {child, open->depth + 1, open->from, middle});
}

ForestTree
grow_tree(const CodedRows *rows, const ForestSettings *settings, int group, int tree)
{
	Growth	   *growth = palloc0(sizeof(Growth));
	ForestTree	result = {0};

	growth->rows = rows;
	growth->settings = settings;
	growth->tree = result.tree = new_tree(CurrentMemoryContext, rows->classes > 2 ? rows->classes : 1);
	growth->gains = result.gains = palloc0(rows->features * sizeof(double));
	init_records(&growth->records, rows, settings, group);
	init_splitter(&growth->splitter, rows, settings, group, &growth->records);
	growth->splitter.stream = stream_of_tree(settings, tree, SPLITS);
	fill_records(&growth->records, rows, settings, group, tree, &result);
	sum_records(&growth->splitter, 0, growth->records.count);
	if (stays_open(growth, 0, 0, &growth->splitter.node))
		push(growth, (Open) {0, 0, 0, growth->records.count});
	while (growth->count > 0)
	{
		Open		open = growth->open[--growth->count];

		CHECK_FOR_INTERRUPTS();
		if (find_split(&growth->splitter, open.from, open.to))
			split_open(growth, &open);
		else
			set_leaf(growth, open.node, &growth->splitter.node);
	}
	return result;
}
