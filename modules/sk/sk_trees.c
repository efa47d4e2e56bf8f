/*
 * sk_trees.c: trees of a model, checked and scored.
 */
#include "postgres.h"

#include <math.h>

#include "sk_trees.h"

static void
check_outputs(const Sk *sk, const Ensemble *trees)
{
	for (int tree = 0; tree < trees->count; tree++)
		if (trees->first_outputs[tree] < 0 || trees->first_outputs[tree] + trees->width > sk->outputs)
			model_damaged("a tree has more numbers than there are outputs");
}

/* Returns the input that each column comes from. */
static const int *
inputs_of_columns(const Sk *sk)
{
	int		   *inputs = palloc(Max(1, sk->columns) * sizeof(int));

	for (int i = 0; i < sk->inputs; i++)
		for (int c = sk->first[i]; c < sk->first[i + 1]; c++)
			inputs[c] = i;
	return inputs;
}

static void
check_rule(const Sk *sk, const Trees *trees)
{
	bool		is_binary = sk->classes == 2;
	int			decisions = is_binary ? 1 : sk->classes;
	bool		fits = false;

	switch (trees->link)
	{
		case TREES_PLAIN:
			fits = sk->task == TASK_CLASSIFICATION ? trees->rule == TREES_SUM && sk->outputs == sk->classes :
				sk->task == TASK_REGRESSION && (trees->rule == TREES_SUM || trees->rule == TREES_MEDIAN);
			break;
		case TREES_EXP:
			fits = sk->task == TASK_REGRESSION && trees->rule == TREES_SUM;
			break;
		case TREES_LOGIT:
		case TREES_LOGIT_TWICE:
			fits = is_binary && trees->rule == TREES_SUM && sk->outputs == decisions;
			break;
		case TREES_SOFTMAX:
			fits = sk->classes > 2 && trees->rule == TREES_SUM && sk->outputs == decisions;
			break;
		case TREES_DECISIONS:
			fits = sk->classes > 0 && trees->rule == TREES_VOTES && sk->outputs == decisions;
			break;
	}
	if (!fits)
		model_damaged("its trees do not fit its task");
	if (trees->rule != TREES_SUM && trees->all.width != 1)
		model_damaged("its leaves have too many numbers");
	if (trees->rule == TREES_MEDIAN && sk->outputs != 1)
		model_damaged("a median is of one number");
}

static void
check_trees(Sk *sk)
{
	Trees	   *trees = palloc0(sizeof(Trees));
	const int32 *shape = model_integers(sk->model, SK_OWN, TREES_INTS);
	const int32 *roots;
	int64		leaves;

	trees->rule = shape[0];
	trees->link = shape[1];
	trees->all.count = shape[2];
	trees->all.width = shape[3];
	trees->is_single = shape[4] != 0;
	trees->zero_is_second = shape[5] != 0;
	if (trees->all.count < 1 || trees->all.width < 1)
		model_damaged("it has no trees");
	check_rule(sk, trees);
	roots = model_integers(sk->model, SK_OWN + 1, 2 * (int64) trees->all.count);
	trees->all.first_outputs = roots + trees->all.count;
	trees->all.roots = repeated_roots(roots, trees->all.count);
	trees->all.nodes = (const PackedNode *) model_integers(sk->model, SK_OWN + 2, -1);
	trees->all.node_count = sk->model->arrays[SK_OWN + 2].count / (int64) (sizeof(PackedNode) / sizeof(int32));
	trees->all.numbers = model_doubles(sk->model, SK_OWN + 3, -1);
	leaves = sk->model->arrays[SK_OWN + 3].count / trees->all.width;
	trees->start = model_doubles(sk->model, SK_OWN + 4, 1 + sk->outputs + 2 * (int64) trees->all.count);
	trees->divisor = *trees->start++;
	trees->weights = trees->start + sk->outputs;
	trees->all.covers = model_doubles(sk->model, SK_OWN + 5, trees->all.node_count);
	trees->all.inputs = inputs_of_columns(sk);
	check_outputs(sk, &trees->all);
	check_ensemble(&trees->all, leaves, sk->columns);
	trees->x = palloc0(Max(1, sk->columns) * sizeof(double));
	trees->votes = palloc0(Max(1, sk->classes) * sizeof(double));
	if (trees->rule == TREES_MEDIAN)
		trees->sorted = palloc(2 * (Size) trees->all.count * sizeof(double));
	sk->decisions = sk->classes > 0 && trees->link != TREES_PLAIN ? sk->outputs : 0;
	sk->has_probabilities = sk->classes > 0;
	sk->is_explained = trees->rule == TREES_SUM && trees->link != TREES_EXP;
	sk->own = trees;
}

/* Copies the columns as they are compared. */
static Trees *
trees_for(const Sk *sk, const double *x)
{
	Trees	   *trees = sk->own;

	trees->has_nan = false;
	for (int c = 0; c < sk->columns; c++)
	{
		trees->x[c] = trees->is_single ? (double) (float) x[c] : x[c];
		trees->has_nan |= isnan(x[c]);
	}
	return trees;
}

static int
score_trees(Sk *sk, const double *x, SkWanted wanted)
{
	return trees_combined(sk, trees_for(sk, x), wanted);
}

static double
explain_trees(Sk *sk, const double *x, int output, double *contributions)
{
	Trees	   *trees = trees_for(sk, x);
	double		base = ensemble_shapley(&trees->all, trees->x, output, sk->outputs, sk->inputs, contributions);

	for (int i = 0; i < sk->inputs; i++)
		contributions[i] /= trees->divisor;
	return (trees->start[output] + base) / trees->divisor;
}

const SkKind sk_trees = {KIND_TREES, check_trees, score_trees, explain_trees};
