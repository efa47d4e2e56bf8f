/*
 * ensemble_shapley.c: contributions of inputs to a sum of trees.
 *
 * They are Shapley values of the expectation of a tree, where an input that is not known takes both ways, weighted by cover
 * (Lundberg et al. 2020, From local explanations to global understanding with explainable AI for trees).  The path to a leaf
 * with the number v is a product of one factor for each of its inputs: if the input is known, `one`, 1 where the row fulfils all
 * its conditions on the path and else 0; if it is not known, `share`, the part of the cover.  The Shapley value of a product is
 *
 *	v (one - share) times the integral over t from 0 to 1 of the product over all other inputs of (share (1 - t) + one t)
 *
 * by Owen's multilinear extension (1972).  A polynomial of degree d - 1 is integrated exactly by d / 2 points of Gauss and
 * Legendre.  At each point a node has the product of its path, and the sum of the products of its leaves; the last edge with an
 * input on the way to a leaf takes the place of those before it.
 */
#include "ensemble.h"

#include <math.h>

#include "miscadmin.h"
#include "numeric/dd.h"
#include "utils/memutils.h"

#define POINTS_AT_ONCE 4

/* A number for each of some points; palloc() does not align it further. */
typedef double Points __attribute__((vector_size(POINTS_AT_ONCE * sizeof(double)), aligned(sizeof(double))));

/* The edge to a node that is no root. */
typedef struct Edge
{
	double		part;			/* share of the cover of the parent */
	double		share;			/* product of the parts of all edges with this input on the path so far */
	int32		up;				/* node after the edge before it that has the same input; -1: there is none */
	int32		input;
} Edge;

/* The points at which the integrand is evaluated. */
typedef struct Grid
{
	Points		at;
	Points		rest;			/* 1 - at */
	Points		weight;			/* 0 for a point too many */
	Points		zero_rate;		/* - weight / rest */
} Grid;

/* Data of an ensemble for Shapley values, in the memory of the model. */
struct Shapley
{
	int			vectors;		/* number of vectors of POINTS_AT_ONCE points */
	Grid	   *grid;			/* one for each vector */
	Edge	   *edges;			/* one for each node */
	double	   *bases;			/* for each output: the sum over trees if no input is known */
	int			most_nodes;		/* largest number of nodes of a tree */
};

/* The numbers of a node of a tree at some points. */
typedef struct Space
{
	Points		product;		/* product of the path; then the sum over the leaves below */
	Points		inverse;		/* 1 / factor of the last input, where it is `one` */
	Points		rate;			/* weight times (one - share) / factor of it */
	Points		change;			/* change of `rate` by the edge */
} Space;

/* States of nodes. */
#define STATE_ONE 1				/* the row fulfils the conditions of the last input */
#define STATE_CHANGES 2			/* the edge changes something */

/* --- once for a model --- */

static void
set_point(Grid *grid, int number, double at, double weight)
{
	Grid	   *own = &grid[number / POINTS_AT_ONCE];
	int			i = number % POINTS_AT_ONCE;

	own->at[i] = at;
	own->rest[i] = 1 - at;
	own->weight[i] = weight;
	own->zero_rate[i] = -weight / (1 - at);
}

/* Sets the points and weights of Gauss and Legendre for integrals from 0 to 1, by Newton's method. */
static void
set_points(Grid *grid, int count)
{
	for (int i = 0; i < count; i++)
	{
		double		x = cos(M_PI * (i + 0.75) / (count + 0.5));
		double		slope = 1;

		for (int round = 0; round < 100; round++)
		{
			double		value = x;
			double		before = 1;
			double		step;

			for (int k = 2; k <= count; k++)
			{
				double		next = ((2 * k - 1) * x * value - (k - 1) * before) / k;

				before = value;
				value = next;
			}
			slope = count * (x * value - before) / (x * x - 1);
			step = value / slope;
			x -= step;
			if (fabs(step) < 1e-15)
				break;
		}
		set_point(grid, i, (1 + x) / 2, 1 / ((1 - x * x) * slope * slope));
	}
	for (int i = count; i % POINTS_AT_ONCE != 0; i++)
		set_point(grid, i, 0.5, 0);
}

/* Sets the edges to the children of a node; `above` has the parent of each node, and `inputs` the number of inputs on its path. */
static void
set_edges(const Ensemble *trees, struct Shapley *shapley, int32 node, int32 *above, int *inputs, double *reach)
{
	int32		child = trees->nodes[node].child;
	int			feature = trees->nodes[node].feature & NODE_FEATURE_BITS;
	int			input = trees->inputs ? trees->inputs[feature] : feature;
	int32		up = node;

	while (above[up] >= 0 && shapley->edges[up].input != input)
		up = above[up];
	for (int way = 0; way < 2; way++)
	{
		double		part = trees->covers[child + way] / (trees->covers[child] + trees->covers[child + 1]);

		above[child + way] = node;
		reach[child + way] = reach[node] * part;
		inputs[child + way] = inputs[node] + (above[up] < 0);
		shapley->edges[child + way] = (Edge) {part, part, -1, input};
		if (above[up] >= 0)
		{
			shapley->edges[child + way].up = up;
			shapley->edges[child + way].share *= shapley->edges[up].share;
		}
	}
}

static struct Shapley *
new_shapley(const Ensemble *trees, int outputs)
{
	struct Shapley *shapley = palloc0(sizeof(struct Shapley));
	int32	   *above = palloc_extended(trees->node_count * sizeof(int32), MCXT_ALLOC_HUGE);
	int		   *inputs = palloc_extended(trees->node_count * sizeof(int), MCXT_ALLOC_HUGE);
	double	   *reach = palloc_extended(trees->node_count * sizeof(double), MCXT_ALLOC_HUGE);
	int			most = 1;

	shapley->edges = palloc_extended(trees->node_count * sizeof(Edge), MCXT_ALLOC_HUGE);
	shapley->bases = palloc0(outputs * sizeof(double));
	for (int t = 0; t < trees->count; t++)
	{
		int64		end = t + 1 < trees->count ? trees->roots[t + 1] : trees->node_count;

		CHECK_FOR_INTERRUPTS();
		above[trees->roots[t]] = -1;
		inputs[trees->roots[t]] = 0;
		reach[trees->roots[t]] = 1;
		shapley->most_nodes = Max(shapley->most_nodes, end - trees->roots[t]);
		for (int32 n = trees->roots[t]; n < end; n++)
		{
			if (trees->nodes[n].child != n)
			{
				set_edges(trees, shapley, n, above, inputs, reach);
				continue;
			}
			most = Max(most, inputs[n]);
			for (int w = 0; w < trees->width; w++)
				shapley->bases[trees->first_outputs[t] + w] += reach[n] *
					trees->numbers[(Size) lower_half(&trees->nodes[n]) * trees->width + w];
		}
	}
	shapley->vectors = ((most + 1) / 2 + POINTS_AT_ONCE - 1) / POINTS_AT_ONCE;
	shapley->grid = palloc(shapley->vectors * sizeof(Grid));
	set_points(shapley->grid, (most + 1) / 2);
	pfree(above);
	pfree(inputs);
	pfree(reach);
	return shapley;
}

/* --- for each row --- */

/* Sets the numbers of a child whose conditions on the last input the row fulfils; `up` is NULL if there is no earlier edge. */
static pg_attribute_always_inline void
enter_one(const Grid *grid, double share, int vectors, const Space *parent, const Space *up, Space *child)
{
	for (int v = 0; v < vectors; v++)
	{
		Points		factor = share * grid[v].rest + grid[v].at;

		child[v].inverse = 1 / factor;
		child[v].rate = (1 - share) * grid[v].weight * child[v].inverse;
		child[v].change = up ? child[v].rate - up[v].rate : child[v].rate;
		child[v].product = up ? parent[v].product * factor * up[v].inverse : parent[v].product * factor;
	}
}

/* Sets the numbers of a child whose condition on the last input is the first one that the row does not fulfil. */
static pg_attribute_always_inline void
enter_zero(const Grid *grid, double share, int vectors, const Space *parent, const Space *up, Space *child)
{
	for (int v = 0; v < vectors; v++)
	{
		Points		factor = share * grid[v].rest;

		child[v].change = up ? grid[v].zero_rate - up[v].rate : grid[v].zero_rate;
		child[v].product = up ? parent[v].product * factor * up[v].inverse : parent[v].product * factor;
	}
}

/* Sets the numbers of all nodes from the root on. */
static pg_attribute_always_inline void
go_down(const Ensemble *trees, const struct Shapley *shapley, const double *x, int32 root, int32 end, int vectors, Space *space,
		uint8 *state)
{
	const Edge *edges = shapley->edges + root;

	for (int v = 0; v < vectors; v++)
		space[v].product = (Points) {1, 1, 1, 1};
	state[0] = 0;
	for (int32 n = 0; n < end - root; n++)
	{
		const PackedNode *node = &trees->nodes[root + n];
		const Space *parent = space + (Size) n * vectors;
		int32		first = node->child - root;
		int			goes;

		if (first == n)
			continue;
		goes = goes_second(trees, node, x);
		for (int32 child = first; child < first + 2; child++)
		{
			bool		is_one = child == first + goes;
			int32		up = edges[child].up - root;
			bool		has_up = edges[child].up >= 0;
			const Space *above = has_up ? space + (Size) up * vectors : NULL;
			Space	   *own = space + (Size) child * vectors;

			state[child] = 0;
			if (has_up && !(state[up] & STATE_ONE))
			{
				for (int v = 0; v < vectors; v++)
					own[v].product = parent[v].product * edges[child].part;
				continue;
			}
			state[child] = STATE_CHANGES | (is_one ? STATE_ONE : 0);
			if (is_one)
				enter_one(shapley->grid, edges[child].share, vectors, parent, above, own);
			else
				enter_zero(shapley->grid, edges[child].share, vectors, parent, above, own);
		}
	}
}

/* Sums up the leaves below each node, and adds what its edge contributes. */
static pg_attribute_always_inline void
come_up(const Ensemble *trees, const struct Shapley *shapley, int32 root, int32 end, int offset, int vectors, Space *space,
		const uint8 *state, double *contributions)
{
	const double *numbers = trees->numbers + offset;

	for (int32 n = end - root - 1; n >= 0; n--)
	{
		const PackedNode *node = &trees->nodes[root + n];
		Space	   *own = space + (Size) n * vectors;
		const Space *below = space + (Size) (node->child - root) * vectors;
		Points		contribution = {0};

		for (int v = 0; v < vectors; v++)
			own[v].product = below == own ? own[v].product * numbers[(Size) lower_half(node) * trees->width] :
				below[v].product + below[vectors + v].product;
		if (!(state[n] & STATE_CHANGES))
			continue;
		for (int v = 0; v < vectors; v++)
			contribution += own[v].change * own[v].product;
		contributions[shapley->edges[root + n].input] += (contribution[0] + contribution[1]) + (contribution[2] + contribution[3]);
	}
}

DD_CLONES static void
explain_tree(const Ensemble *trees, const struct Shapley *shapley, const double *x, int32 root, int32 end, int offset,
			 Space *space, uint8 *state, double *contributions)
{
	if (shapley->vectors == 1)	/* a loop of its own for the usual depths */
	{
		go_down(trees, shapley, x, root, end, 1, space, state);
		come_up(trees, shapley, root, end, offset, 1, space, state, contributions);
	}
	else
	{
		go_down(trees, shapley, x, root, end, shapley->vectors, space, state);
		come_up(trees, shapley, root, end, offset, shapley->vectors, space, state, contributions);
	}
}

double
ensemble_shapley(Ensemble *trees, const double *x, int output, int outputs, int inputs, double *contributions)
{
	Space	   *space;
	uint8	   *state;

	if (trees->shapley == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext((void *) trees->roots));

		trees->shapley = new_shapley(trees, outputs);
		MemoryContextSwitchTo(old);
	}
	space = palloc_extended((Size) trees->shapley->most_nodes * trees->shapley->vectors * sizeof(Space), MCXT_ALLOC_HUGE);
	state = palloc_extended(trees->shapley->most_nodes, MCXT_ALLOC_HUGE);
	memset(contributions, 0, inputs * sizeof(double));
	for (int t = 0; t < trees->count; t++)
	{
		int			offset = output - trees->first_outputs[t];
		int64		end = t + 1 < trees->count ? trees->roots[t + 1] : trees->node_count;

		CHECK_FOR_INTERRUPTS();
		if (offset >= 0 && offset < trees->width)
			explain_tree(trees, trees->shapley, x, trees->roots[t], end, offset, space, state, contributions);
	}
	pfree(space);
	pfree(state);
	return trees->shapley->bases[output];
}
