/*
 * sk_neighbors.c: checks models of nearest neighbours, and makes predictions of the rows that are found.
 */
#include "postgres.h"

#include <math.h>

#include "sk_neighbors.h"

static void
check_tree(const Neighbors *neighbors)
{
	for (int n = 0; n < neighbors->nodes; n++)
	{
		const int32 *node = neighbors->tree + (Size) n * NODE_INTS;

		if (node[0] < 0 || node[1] < node[0] || node[1] > neighbors->rows)
			model_damaged("a node has rows that are not there");
		if (node[2] == 0 && 2 * (int64) n + 2 >= neighbors->nodes)
			model_damaged("a node has no children");
	}
}

static void
check_neighbors(Sk *sk)
{
	Neighbors  *neighbors = palloc0(sizeof(Neighbors));
	const int32 *shape = model_integers(sk->model, SK_OWN, NEIGHBORS_INTS);

	neighbors->metric = shape[0];
	neighbors->weights = shape[1];
	neighbors->k = shape[2];
	neighbors->rows = shape[3];
	neighbors->nodes = shape[4];
	neighbors->columns = sk->columns;
	neighbors->targets = sk->task == TASK_CLASSIFICATION ? 1 : sk->outputs;
	if (sk->task != TASK_REGRESSION && sk->task != TASK_CLASSIFICATION)
		model_damaged("nearest neighbours are for numbers and classes");
	if (neighbors->metric < METRIC_EUCLIDEAN || neighbors->metric > METRIC_MINKOWSKI ||
		neighbors->weights < WEIGHTS_UNIFORM || neighbors->weights > WEIGHTS_DISTANCE)
		model_damaged("its metric or weights are not known");
	if (neighbors->nodes < 1 || neighbors->rows < 1 || neighbors->k < 1 || neighbors->k > neighbors->rows)
		model_damaged("it has fewer rows than it looks for");
	neighbors->tree = model_integers(sk->model, SK_OWN + 1, neighbors->nodes * (int64) NODE_INTS);
	neighbors->bounds = model_doubles(sk->model, SK_OWN + 2, neighbors->nodes * (int64) 2 * sk->columns);
	neighbors->data = model_doubles(sk->model, SK_OWN + 3,
									(neighbors->rows + (int64) KERNEL_BLOCK - 1) / KERNEL_BLOCK * KERNEL_BLOCK * sk->columns);
	neighbors->y = model_doubles(sk->model, SK_OWN + 4, neighbors->rows * (int64) neighbors->targets);
	neighbors->p = *model_doubles(sk->model, SK_OWN + 5, 1);
	check_tree(neighbors);
	for (int n = 0; n < neighbors->rows && sk->classes > 0; n++)
		if (!is_code(neighbors->y[n], sk->classes))
			model_damaged("a row is of no class");
	neighbors->nearest = MemoryContextAllocHuge(CurrentMemoryContext, neighbors->k * sizeof(Nearest));
	sk->has_probabilities = sk->classes > 0;
	sk->own = neighbors;
}

static int
compare_nearest(const void *a, const void *b)
{
	const Nearest *left = a;
	const Nearest *right = b;

	if (left->distance != right->distance)
		return left->distance < right->distance ? -1 : 1;
	return left->row < right->row ? -1 : left->row > right->row;
}

/* Makes weights of the distances: their inverse, or of rows at distance 0 alone. */
static void
weigh(const Neighbors *neighbors)
{
	Nearest    *nearest = neighbors->nearest;
	bool		is_exact = nearest[0].distance == 0;

	for (int i = 0; i < neighbors->k; i++)
	{
		double		d = nearest[i].distance;

		if (neighbors->weights == WEIGHTS_UNIFORM)
			nearest[i].distance = 1;
		else if (is_exact)
			nearest[i].distance = d == 0;
		else if (neighbors->metric == METRIC_EUCLIDEAN)
			nearest[i].distance = 1 / sqrt(d);
		else
			nearest[i].distance = 1 / (neighbors->metric == METRIC_MINKOWSKI ? pow(d, 1 / neighbors->p) : d);
	}
}

static int
score_neighbors(Sk *sk, const double *x, SkWanted wanted)
{
	Neighbors  *neighbors = sk->own;
	double	   *sums = sk->classes > 0 ? sk->probabilities : sk->values;
	int			count = sk->classes > 0 ? sk->classes : sk->outputs;
	double		total = 0;

	neighbors_search(neighbors, x);
	qsort(neighbors->nearest, neighbors->k, sizeof(Nearest), compare_nearest);
	weigh(neighbors);
	memset(sums, 0, count * sizeof(double));
	for (int i = 0; i < neighbors->k; i++)
	{
		const double *y = neighbors->y + neighbors->nearest[i].row * (Size) neighbors->targets;
		double		weight = neighbors->nearest[i].distance;

		total += weight;
		if (sk->classes > 0)
			sums[(int) y[0]] += weight;
		else
			for (int o = 0; o < count; o++)
				sums[o] += y[o] * weight;
	}
	if (sk->classes == 0 || wanted == WANT_PROBABILITIES)
		for (int o = 0; o < count; o++)
			sums[o] /= total;
	return sk->classes > 0 ? sk_largest(sums, count) : 0;
}

const SkKind sk_neighbors = {KIND_NEIGHBORS, check_neighbors, score_neighbors};
