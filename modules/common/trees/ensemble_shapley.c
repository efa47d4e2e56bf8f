/*
 * ensemble_shapley.c: contributions of inputs to a sum of trees.
 *
 * Source: Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees",
 * Algorithm 2: Shapley values of the expectation of a tree, where an input that is not known takes both ways, weighted by
 * cover.  A path keeps each input once, with the shares of the coalitions that come this way without and with it.
 */
#include "ensemble.h"

#include "miscadmin.h"

#define MOST_INPUTS 500			/* limit for a path: each level of a tree keeps a copy of it */

/* One input of a path; the first entry of a path has none. */
typedef struct Step
{
	int			input;
	double		without;		/* share of the way where the input is not known */
	double		with;			/* 1 if the row goes this way, else 0 */
	double		weight;			/* weight of coalitions with as many known inputs as the number of the step */
} Step;

typedef struct Walk
{
	const Ensemble *trees;
	const double *x;
	int			offset;			/* index among the numbers of a leaf */
	double	   *contributions;
	double		base;
} Walk;

static void
extend(Step *path, int length, Step step)
{
	path[length] = step;
	path[length].weight = length == 0 ? 1 : 0;
	for (int i = length - 1; i >= 0; i--)
	{
		path[i + 1].weight += step.with * path[i].weight * (i + 1) / (length + 1);
		path[i].weight = step.without * path[i].weight * (length - i) / (length + 1);
	}
}

/*
 * Computes the weights of a path of last + 1 steps without one of them; returns their sum.  The weights may be stored in
 * the path, which is then shorter by the step.
 */
static double
unwind(Step *path, int last, int index, bool is_stored)
{
	double		with = path[index].with;
	double		without = path[index].without;
	double		next = path[last].weight;
	double		sum = 0;

	for (int i = last - 1; i >= 0; i--)
	{
		double		before = path[i].weight;
		double		weight = with != 0 ? next * (last + 1) / ((i + 1) * with) :
			before * (last + 1) / (without * (last - i));

		if (with != 0)
			next = before - weight * without * (last - i) / (last + 1);
		sum += weight;
		if (is_stored)
			path[i].weight = weight;
	}
	for (int i = index; i < last && is_stored; i++)
	{
		double		weight = path[i].weight;

		path[i] = path[i + 1];
		path[i].weight = weight;
	}
	return sum;
}

static void
add_leaf(const Walk *walk, Step *path, int length, int32 leaf)
{
	const Ensemble *trees = walk->trees;
	double		number = trees->numbers[(Size) leaf * trees->width + walk->offset];

	for (int i = 1; i < length; i++)
		walk->contributions[path[i].input] += unwind(path, length - 1, i, false) * (path[i].with - path[i].without) * number;
}

/* Returns the step of an input before a new split by it: an earlier one, taken out of the path, or one of all coalitions. */
static Step
taken_out(Step *path, int *length, int input)
{
	Step		step = {input, 1, 1, 0};

	for (int i = 1; i < *length; i++)
		if (path[i].input == input)
		{
			step = path[i];
			unwind(path, --*length, i, true);
			break;
		}
	return step;
}

/* Returns a copy of a path, longer by a step. */
static Step *
longer(const Step *above, int length, Step step)
{
	Step	   *path;

	if (length > MOST_INPUTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a tree asks for more than %d features on the way to a leaf", MOST_INPUTS),
				 errhint("Train with a smaller max_depth.")));
	path = palloc((length + 1) * sizeof(Step));
	memcpy(path, above, length * sizeof(Step));
	extend(path, length, step);
	return path;
}

/* Follows both ways from a node; `share` is the part of the cover of the root that gets to it. */
static void
descend(Walk *walk, int32 at, const Step *above, int length, Step step, double share)
{
	const Ensemble *trees = walk->trees;
	const PackedNode *node = &trees->nodes[at];
	const double *covers = trees->covers + node->child;
	int			feature = node->feature & NODE_FEATURE_BITS;
	Step	   *path = longer(above, length++, step);
	int			goes;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (node->child == at)
	{
		walk->base += share * trees->numbers[(Size) lower_half(node) * trees->width + walk->offset];
		add_leaf(walk, path, length, lower_half(node));
		pfree(path);
		return;
	}
	goes = goes_second(trees, node, walk->x);
	step = taken_out(path, &length, trees->inputs ? trees->inputs[feature] : feature);
	for (int way = 0; way < 2; way++)
	{
		double		part = covers[way] / (covers[0] + covers[1]);
		Step		next = {step.input, step.without * part, way == goes ? step.with : 0, 0};

		descend(walk, node->child + way, path, length, next, share * part);
	}
	pfree(path);
}

double
ensemble_shapley(const Ensemble *trees, const double *x, int output, int inputs, double *contributions)
{
	Walk		walk = {trees, x, 0, contributions, 0};
	Step		none = {-1, 1, 1, 0};

	memset(contributions, 0, inputs * sizeof(double));
	for (int t = 0; t < trees->count; t++)
	{
		walk.offset = output - trees->first_outputs[t];
		if (walk.offset >= 0 && walk.offset < trees->width)
			descend(&walk, trees->roots[t], &none, 0, none, 1);
	}
	return walk.base;
}
