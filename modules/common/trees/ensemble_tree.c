/*
 * ensemble_tree.c: the nodes of one tree of a model, for drawings.
 */
#include "ensemble_model.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "coded_rows.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define COLUMNS 10

/* Returns a number for each node and each number of a leaf: that of the leaf, or the mean of the children by cover. */
static double *
means_of_nodes(const Ensemble *trees, int64 from, int64 to)
{
	int			width = trees->width;
	double	   *means = palloc_extended((to - from) * (Size) width * sizeof(double), MCXT_ALLOC_HUGE);

	for (int64 n = to - 1; n >= from; n--)
	{
		const PackedNode *node = &trees->nodes[n];
		double	   *own = means + (n - from) * width;
		const double *first = means + (node->child - from) * width;
		const double *covers = trees->covers + node->child;

		if (node->child == n)
			memcpy(own, trees->numbers + lower_half(node) * (Size) width, width * sizeof(double));
		for (int w = 0; w < width && node->child != n; w++)
			own[w] = (covers[0] * first[w] + covers[1] * first[width + w]) / (covers[0] + covers[1]);
	}
	return means;
}

static Datum
numbers_of(const double *numbers, int count)
{
	Datum	   *values = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(values, count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Returns the levels of a category that go to one child of a node. */
static Datum
levels_of(EnsembleModel *model, const PackedNode *node, bool second)
{
	int			feature = node->feature & NODE_FEATURE_BITS;
	int			levels = model->row->levels[feature];
	Datum	   *values = palloc(levels * sizeof(Datum));
	int			count = 0;

	for (int level = 0; level < levels; level++)
	{
		int			code = model->code_of_level[feature] ? model->code_of_level[feature][level] : level;
		bool		goes = code >= MOST_CODES ? node->feature < 0 :
			!((model->trees.sets[lower_half(node) + code / 32] >> (code % 32)) & 1);

		if (goes == second)
			values[count++] = PointerGetDatum(row_level(model->row, feature, level));
	}
	return PointerGetDatum(construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Sets the columns of a node's split; those of a leaf are NULL. */
static void
set_split(EnsembleModel *model, const PackedNode *node, Datum *values, bool *nulls)
{
	bool		is_category = node->feature & NODE_CATEGORY;

	values[0] = PointerGetDatum(model->names[node->feature & NODE_FEATURE_BITS]);
	values[1] = Float8GetDatum(node->threshold);
	nulls[1] = is_category;
	values[2] = is_category ? levels_of(model, node, false) : (Datum) 0;
	values[3] = is_category ? levels_of(model, node, true) : (Datum) 0;
	nulls[2] = nulls[3] = !is_category;
	values[4] = BoolGetDatum(node->feature < 0);
}

/* Returns the nodes of a tree, given its number from 1, down to a depth; nodes count from 0, the root. */
Datum
ensemble_tree(FunctionCallInfo fcinfo, uint32 method)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EnsembleModel *model = ensemble_argument(fcinfo, 0, method);
	const Ensemble *trees = &model->trees;
	int			tree = PG_GETARG_INT32(1);
	int			most_depth = PG_GETARG_INT32(2);
	int64		from;
	int64		to;
	double	   *means;
	int		   *depth;
	int		   *parent;

	InitMaterializedSRF(fcinfo, 0);
	if (tree < 1 || tree > trees->count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the model has %d trees, and no tree %d", trees->count, tree),
				 errhint("Give a number from 1 to %d.", trees->count)));
	from = trees->roots[tree - 1];
	to = tree < trees->count ? trees->roots[tree] : trees->node_count;
	means = means_of_nodes(trees, from, to);
	depth = palloc_extended((to - from) * sizeof(int), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	parent = palloc_extended((to - from) * sizeof(int), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int64 n = 0; n < to - from; n++)
	{
		const PackedNode *node = &trees->nodes[from + n];
		bool		is_leaf = node->child == from + n;
		Datum		values[COLUMNS] = {Int32GetDatum(n), Int32GetDatum(parent[n]), Int32GetDatum(depth[n])};
		bool		nulls[COLUMNS] = {false, n == 0, false, is_leaf, is_leaf, is_leaf, is_leaf, is_leaf};

		CHECK_FOR_INTERRUPTS();
		for (int way = 0; way < 2 && !is_leaf; way++)
		{
			depth[node->child - from + way] = depth[n] + 1;
			parent[node->child - from + way] = n;
		}
		if (depth[n] > most_depth)
			continue;
		if (!is_leaf)
			set_split(model, node, values + 3, nulls + 3);
		values[8] = Float8GetDatum(trees->covers[from + n]);
		values[9] = numbers_of(means + n * trees->width, trees->width);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
