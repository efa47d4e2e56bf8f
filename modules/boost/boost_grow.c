/*
 * boost_grow.c: grows a tree leaf by leaf: the leaf whose split gains most is split next.
 */
#include "boost.h"

#include <math.h>

#include "miscadmin.h"

#define LEAVES_OF_TASK 1

/* Lists the codes that go to the first child of a split. */
static void
mark_codes(const CodedFeature *coding, const CodeSplit *split, bool *goes_first)
{
	for (int code = 0; code < coding->codes; code++)
		goes_first[code] = coding->levels > 0 ? (split->set[code / 32] >> (code % 32)) & 1 : code <= split->last_first;
	goes_first[coding->codes] = !split->null_second;
}

/* Moves the rows of a leaf that go to the first child before the others; returns the end of the first ones. */
static int
part_rows(Fit *fit, int from, int to, const CodeSplit *split)
{
	Chunked    *chunked = fit->chunked;
	int			per_task = fit->is_shared ? rows_per_task(to - from) : to - from;
	int			tasks;
	int			middle = from;
	int			at;

	chunked->feature = split->feature;
	mark_codes(&fit->coding[split->feature], split, chunked->goes_first);
	tasks = run_chunks(fit, STEP_PART, from, to, per_task);
	for (int t = 0; t < tasks; t++)
	{
		memmove(fit->order + middle, fit->order + from + t * per_task, chunked->firsts[t] * sizeof(uint32));
		middle += chunked->firsts[t];
	}
	at = middle;
	for (int t = 0; t < tasks; t++)
	{
		int			first = from + t * per_task;
		int			others = Min(per_task, to - first) - chunked->firsts[t];

		memcpy(fit->order + at, fit->moved + first, others * sizeof(uint32));
		at += others;
	}
	return middle;
}

/* Sums up the rows of a feature in a histogram, which are all rows. */
static NodeSums
sums_of(const Fit *fit, const Histogram *histogram)
{
	int			feature = fit->used[0];
	NodeSums	sums = {0};

	for (int c = fit->offset[feature]; c <= fit->offset[feature] + fit->coding[feature].codes; c++)
	{
		sums.slope += histogram->slope[c];
		sums.curve += histogram->curve[c];
		sums.rows += histogram->rows[c];
	}
	return sums;
}

/* Finds the split of a leaf, and keeps its histogram if it has one. */
static void
search_leaf(Fit *fit, OpenLeaf *leaf)
{
	leaf->best = (BoostSplit) {0};
	if (leaf->depth < fit->settings->max_depth && leaf->histogram)
		leaf->best = best_split(fit, leaf->histogram, &leaf->sums, leaf->lower, leaf->upper);
	if (leaf->best.gain == 0)
	{
		free_histogram(fit, leaf->histogram);
		leaf->histogram = NULL;
	}
}

static bool
can_split(const Fit *fit, const OpenLeaf *leaf)
{
	return leaf->depth < fit->settings->max_depth && leaf->sums.rows >= Max(2, 2 * fit->settings->min_child);
}

/* Makes the histograms of two new leaves, from that of their parent, which the first one has. */
static void
sum_children(Fit *fit, OpenLeaf *first, OpenLeaf *second)
{
	OpenLeaf   *smaller = second->to - second->from < first->to - first->from ? second : first;
	OpenLeaf   *larger = smaller == first ? second : first;
	Histogram  *parent = first->histogram;

	first->histogram = second->histogram = NULL;
	if (!can_split(fit, smaller) && !can_split(fit, larger))
	{
		free_histogram(fit, parent);
		return;
	}
	smaller->histogram = new_histogram(fit);
	sum_histogram(fit, smaller->from, smaller->to, smaller->histogram);
	subtract_histogram(fit, parent, smaller->histogram);
	larger->histogram = parent;
}

/* Splits a leaf, which becomes the first of two. */
static void
split_leaf(Fit *fit, OpenLeaf *leaf, OpenLeaf *second)
{
	BoostSplit	best = leaf->best;
	int			child = split_node(fit->tree, leaf->node, fit->coding, &best.split);
	int			middle = part_rows(fit, leaf->from, leaf->to, &best.split);
	double		between = (best.first_value + best.second_value) / 2;
	int			direction = fit->settings->is_constrained ? fit->settings->numbers[fit->classes + best.split.feature] : 0;

	leaf->node = child;
	leaf->depth++;
	fit->tree->depth = Max(fit->tree->depth, leaf->depth);
	*second = *leaf;
	second->node = child + 1;
	second->from = leaf->to = middle;
	second->sums.slope -= best.first.slope;
	second->sums.curve -= best.first.curve;
	second->sums.rows -= best.first.rows;
	leaf->sums = best.first;
	if (direction > 0)
		leaf->upper = second->lower = between;
	else if (direction < 0)
		leaf->lower = second->upper = between;
	sum_children(fit, leaf, second);
	search_leaf(fit, leaf);
	search_leaf(fit, second);
}

/* Returns the leaf whose split gains most, NULL if none has a split. */
static OpenLeaf *
next_leaf(OpenLeaf *leaves, int count)
{
	OpenLeaf   *next = NULL;

	for (int i = 0; i < count; i++)
		if (leaves[i].best.gain > (next ? next->best.gain : 0))
			next = &leaves[i];
	return next;
}

/* Sets the numbers of the leaves, adds them to the scores, and sets what nodes cover. */
static void
finish_leaves(Fit *fit, int output, int count)
{
	GrownTree  *tree = fit->tree;

	fit->chunked->output = output;
	run_chunks(fit, STEP_LEAF, 0, count, LEAVES_OF_TASK);
	for (int i = 0; i < count; i++)
	{
		*make_leaf(tree, fit->leaves[i].node) = fit->leaves[i].value;
		tree->cover[fit->leaves[i].node] = fit->leaves[i].cover;
		free_histogram(fit, fit->leaves[i].histogram);
	}
	for (int n = tree->nodes - 1; n >= 0; n--)
		if (tree->node[n].child != n)
			tree->cover[n] = tree->cover[tree->node[n].child] + tree->cover[tree->node[n].child + 1];
	if (fit->total == fit->drawn)
		return;
	copy_tree(tree, fit->walked);
	run_chunks(fit, STEP_OTHERS, 0, fit->total - fit->drawn, fit->is_shared ? rows_per_task(fit->total) : fit->total);
}

void
grow_boost_tree(Fit *fit, int output, double *gains)
{
	int			room = Min(fit->settings->max_leaves, fit->drawn);
	OpenLeaf   *leaves = fit->leaves;
	OpenLeaf   *next;
	int			count = 1;

	leaves[0] = (OpenLeaf) {.to = fit->drawn, .lower = -INFINITY, .upper = INFINITY, .histogram = new_histogram(fit)};
	if (fit->units.slope > 0)
		sum_histogram(fit, 0, fit->drawn, leaves[0].histogram);
	leaves[0].sums = fit->units.slope > 0 ? sums_of(fit, leaves[0].histogram) : (NodeSums) {0};
	search_leaf(fit, &leaves[0]);
	while (count < room && (next = next_leaf(leaves, count)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		gains[next->best.split.feature] += next->best.gain;
		split_leaf(fit, next, &leaves[count]);
		count++;
	}
	finish_leaves(fit, output, count);
}
