/*
 * sk_neighbors.c: the nearest rows of the training, by the k-d tree that scikit-learn has built.
 *
 * Its tree is searched in its order, and rows enter its heap of the nearest as there: so the same ones of several at the same
 * distance are chosen.
 *
 * Arrays of its own:
 *   int32   NEIGHBORS_INTS numbers: metric, weights, k, rows, nodes
 *   int32   for each node where its rows begin and end, and whether it is a leaf; node n has the children 2n + 1 and 2n + 2
 *   double  for each node the least and then the greatest value of each column
 *   double  rows, in the order of the tree
 *   double  targets of each row: numbers, or the number of its class
 *   double  the exponent of Minkowski's metric
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "sk_neighbors.h"

#define NEIGHBORS_INTS 5
#define NODE_INTS 3

/* Rows that have been found, as a heap: the farthest first.  Distances are reduced: without the root at the end. */
typedef struct Nearest
{
	double		distance;
	int32		row;
} Nearest;

typedef struct Neighbors
{
	int			metric;
	int			weights;
	int			k;
	int			rows;
	int			nodes;
	int			columns;
	int			targets;
	double		p;
	const int32 *tree;
	const double *bounds;
	const double *data;
	const double *y;
	Nearest    *nearest;
} Neighbors;

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
	neighbors->data = model_doubles(sk->model, SK_OWN + 3, neighbors->rows * (int64) sk->columns);
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

/* Returns the reduced distance of a row. */
static inline double
distance(const Neighbors *neighbors, const double *x, const double *row)
{
	double		sum = 0;
	int			columns = neighbors->columns;

	switch (neighbors->metric)
	{
		case METRIC_EUCLIDEAN:
			for (int c = 0; c < columns; c++)
				sum += (x[c] - row[c]) * (x[c] - row[c]);
			break;
		case METRIC_MANHATTAN:
			for (int c = 0; c < columns; c++)
				sum += fabs(x[c] - row[c]);
			break;
		case METRIC_CHEBYSHEV:
			for (int c = 0; c < columns; c++)
				sum = fmax(sum, fabs(x[c] - row[c]));
			break;
		default:
			for (int c = 0; c < columns; c++)
				sum += pow(fabs(x[c] - row[c]), neighbors->p);
	}
	return sum;
}

/* Returns the least reduced distance that a row of a node may have. */
static double
bound(const Neighbors *neighbors, const double *x, int node)
{
	const double *least = neighbors->bounds + (Size) node * 2 * neighbors->columns;
	const double *greatest = least + neighbors->columns;
	double		sum = 0;

	for (int c = 0; c < neighbors->columns; c++)
	{
		double		below = least[c] - x[c];
		double		above = x[c] - greatest[c];
		double		d = 0.5 * ((below + fabs(below)) + (above + fabs(above)));

		if (neighbors->metric == METRIC_CHEBYSHEV)
			sum = fmax(sum, d);
		else
			sum += neighbors->metric == METRIC_EUCLIDEAN ? d * d : neighbors->metric == METRIC_MANHATTAN ? d :
				pow(d, neighbors->p);
	}
	return sum;
}

/* Puts a row in place of the farthest, if it is nearer. */
static inline void
push(Nearest *heap, int64 size, double distance, int32 row)
{
	int64		at = 0;

	if (!(distance < heap[0].distance))
		return;
	for (;;)
	{
		int64		child = 2 * at + 1;

		if (child >= size)
			break;
		if (child + 1 < size && !(heap[child].distance >= heap[child + 1].distance))
			child++;
		if (!(heap[child].distance > distance))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = (Nearest) {distance, row};
}

/* Looks for nearer rows below a node, of which `least` is the bound.  The children's numbers double, so 31 calls are the most. */
static void
search(const Neighbors *neighbors, const double *x, int n, double least)
{
	const int32 *node = neighbors->tree + (Size) n * NODE_INTS;

	if (least > neighbors->nearest[0].distance)
		return;
	if (node[2])
	{
		CHECK_FOR_INTERRUPTS();
		for (int32 row = node[0]; row < node[1]; row++)
			push(neighbors->nearest, neighbors->k, distance(neighbors, x, neighbors->data + (Size) row * neighbors->columns), row);
	}
	else
	{
		int			first = 2 * n + 1;
		double		bounds[2] = {bound(neighbors, x, first), bound(neighbors, x, first + 1)};
		int			nearer = bounds[0] <= bounds[1] ? 0 : 1;

		search(neighbors, x, first + nearer, bounds[nearer]);
		search(neighbors, x, first + 1 - nearer, bounds[1 - nearer]);
	}
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

	for (int i = 0; i < neighbors->k; i++)
		neighbors->nearest[i] = (Nearest) {INFINITY, 0};
	search(neighbors, x, 0, bound(neighbors, x, 0));
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
