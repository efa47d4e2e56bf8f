/*
 * forest_figures.c: the functions that return what is known of the forests of a store.
 */
#include "forest.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/tuplestore.h"

#define GROUP_COLUMNS 13		/* columns of forest_groups() */

/* Returns a quotient as a value of a column, NULL for 0 rows. */
static Datum
share(double loss, double rows, bool *is_null)
{
	*is_null = rows <= 0;
	return Float8GetDatum(rows > 0 ? loss / rows : 0);
}

static Datum
numbers_datum(const double *numbers, int count, bool *is_null)
{
	Datum	   *values;

	*is_null = numbers == NULL;
	if (numbers == NULL)
		return (Datum) 0;
	values = palloc(Max(count, 1) * sizeof(Datum));
	for (int i = 0; i < count; i++)
		values[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(values, count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* forest_trees(store): returns a row for each tree, in the order of the columns in forest.sql. */
PG_FUNCTION_INFO_V1(forest_trees);
Datum
forest_trees(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	Forests    *forests = forests_of(store);

	InitMaterializedSRF(fcinfo, 0);
	for (int g = 0; g < store->coded->groups; g++)
		for (int t = 0; t < forests->grown && !group_is_empty(store->coded, g); t++)
		{
			const ForestTree *tree = &forests->groups[g].trees[t];
			bool		nulls[8] = {false};
			Datum		values[8] = {
				Int32GetDatum(g),
				Int32GetDatum(t + 1),
				Float8GetDatum(tree->rows),
				Int32GetDatum(tree->tree->nodes),
				Int32GetDatum(tree->tree->leaves),
				Int32GetDatum(tree->tree->depth),
				Float8GetDatum(tree->oob_rows),
				share(tree->oob_loss, tree->oob_rows, &nulls[7])
			};

			CHECK_FOR_INTERRUPTS();
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	return (Datum) 0;
}

/* forest_groups(store): returns a row for each group, in the order of the columns in forest.sql. */
PG_FUNCTION_INFO_V1(forest_groups);
Datum
forest_groups(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	Forests    *forests = forests_of(store);
	int			features = store->coded->features;

	InitMaterializedSRF(fcinfo, 0);
	for (int g = 0; g < store->coded->groups; g++)
	{
		const GroupForest *forest = &forests->groups[g];
		bool		nulls[GROUP_COLUMNS] = {false};
		Datum		values[GROUP_COLUMNS] = {Int32GetDatum(g)};
		int64		used = store->coded->first[g + 1] - store->coded->first[g];
		int64		nodes = 0;
		int64		leaves = 0;
		int			depth = 0;

		CHECK_FOR_INTERRUPTS();
		for (int t = 0; t < forests->grown && !group_is_empty(store->coded, g); t++)
		{
			nodes += forest->trees[t].tree->nodes;
			leaves += forest->trees[t].tree->leaves;
			depth = Max(depth, forest->trees[t].tree->depth);
		}
		values[1] = Int64GetDatum(nodes);
		values[2] = Int64GetDatum(leaves);
		values[3] = Int32GetDatum(depth);
		values[4] = Float8GetDatum(forest->oob_rows);
		values[5] = share(forest->oob_loss, forest->oob_rows, &nulls[5]);
		values[6] = share(forest->target_loss - forest->oob_loss, forest->target_loss, &nulls[6]);
		values[7] = numbers_datum(forest->importance, features, &nulls[7]);
		values[8] = numbers_datum(forest->permutation, features, &nulls[8]);
		values[9] = Int64GetDatum(used);
		values[10] = Int64GetDatum((store->groups ? store->group_start[g + 1] - store->group_start[g] : store->rows) - used);
		values[11] = Float8GetDatum(forest->rows);
		values[12] = numbers_datum(store->coded->classes > 0 ? forest->class_rows : NULL, store->coded->classes, &nulls[12]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
