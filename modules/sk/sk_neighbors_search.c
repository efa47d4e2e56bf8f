/*
 * sk_neighbors_search.c: the nearest rows in a k-d tree.
 *
 * The tree is searched in scikit-learn's order, and rows enter a heap of the nearest as there: so the same ones of several at the
 * same distance are chosen.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "sk_neighbors.h"

#define BLOCKS_AT_ONCE 8

/* Sets the reduced distances of the rows of some blocks. */
static void
distances(const Neighbors *neighbors, const double *x, int64 first, int64 blocks, double *distances)
{
	int			columns = neighbors->columns;
	const double *data = neighbors->data + first * KERNEL_BLOCK * columns;

	if (neighbors->metric != METRIC_MINKOWSKI)
	{
		kernel_blocks(x, data, columns, blocks, distances, neighbors->metric == METRIC_EUCLIDEAN ? PRODUCT_SQUARES :
					  neighbors->metric == METRIC_MANHATTAN ? PRODUCT_DIFFERENCES : PRODUCT_LARGEST);
		return;
	}
	memset(distances, 0, blocks * KERNEL_BLOCK * sizeof(double));
	for (int64 b = 0; b < blocks; b++)
		for (int c = 0; c < columns; c++)
			for (int lane = 0; lane < KERNEL_BLOCK; lane++)
				distances[b * KERNEL_BLOCK + lane] += pow(fabs(x[c] - *data++), neighbors->p);
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

/* Looks at rows `from` to `to` - 1; the blocks at both ends may have others, too. */
static void
search_leaf(const Neighbors *neighbors, const double *x, int64 from, int64 to)
{
	int64		end = (to + KERNEL_BLOCK - 1) / KERNEL_BLOCK;
	double		sums[BLOCKS_AT_ONCE * KERNEL_BLOCK];

	for (int64 first = from / KERNEL_BLOCK; first < end; first += BLOCKS_AT_ONCE)
	{
		int64		blocks = Min(BLOCKS_AT_ONCE, end - first);
		int64		start = first * KERNEL_BLOCK;

		CHECK_FOR_INTERRUPTS();
		distances(neighbors, x, first, blocks, sums);
		for (int64 row = Max(from, start); row < Min(to, start + blocks * KERNEL_BLOCK); row++)
			push(neighbors->nearest, neighbors->k, sums[row - start], row);
	}
}

/* Looks for nearer rows below a node, of which `least` is the bound.  The children's numbers double, so 31 calls are the most. */
static void
search(const Neighbors *neighbors, const double *x, int n, double least)
{
	const int32 *node = neighbors->tree + (Size) n * NODE_INTS;

	if (least > neighbors->nearest[0].distance)
		return;
	if (node[2])
		search_leaf(neighbors, x, node[0], node[1]);
	else
	{
		int			first = 2 * n + 1;
		double		bounds[2] = {bound(neighbors, x, first), bound(neighbors, x, first + 1)};
		int			nearer = bounds[0] <= bounds[1] ? 0 : 1;

		search(neighbors, x, first + nearer, bounds[nearer]);
		search(neighbors, x, first + 1 - nearer, bounds[1 - nearer]);
	}
}

void
neighbors_search(const Neighbors *neighbors, const double *x)
{
	for (int i = 0; i < neighbors->k; i++)
		neighbors->nearest[i] = (Nearest) {INFINITY, 0};
	search(neighbors, x, 0, bound(neighbors, x, 0));
}
