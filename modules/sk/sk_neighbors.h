/*
 * sk_neighbors.h: rows of a training in the k-d tree that scikit-learn has built.
 *
 * Arrays of its own:
 *   int32   NEIGHBORS_INTS numbers: metric, weights, k, rows, nodes
 *   int32   for each node where its rows begin and end, and whether it is a leaf; node n has the children 2n + 1 and 2n + 2
 *   double  for each node the least and then the greatest value of each column
 *   double  rows, in the order of the tree, in blocks as in sk_kernel.h
 *   double  targets of each row: numbers, or the number of its class
 *   double  the exponent of Minkowski's metric
 */
#ifndef MADPY_SK_NEIGHBORS_H
#define MADPY_SK_NEIGHBORS_H

#include "sk_kernel.h"

#define NEIGHBORS_INTS 5
#define NODE_INTS 3

#define METRIC_EUCLIDEAN 0
#define METRIC_MANHATTAN 1
#define METRIC_CHEBYSHEV 2
#define METRIC_MINKOWSKI 3

#define WEIGHTS_UNIFORM 0
#define WEIGHTS_DISTANCE 1

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

/* Sets `nearest` to the k rows that are nearest to x, in no order. */
extern void neighbors_search(const Neighbors *neighbors, const double *x);

#endif
