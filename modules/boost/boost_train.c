/*
 * boost_train.c: the functions of a training: models from the coded rows of a store, and what is known of them.
 */
#include "boost.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/trees/parameters.h"
#include "engine/kernel.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#define MOST_ROUNDS 100000
#define MOST_LEAVES 10000

#define ROUND_COLUMNS 6			/* columns of boost_rounds() */
#define GROUP_COLUMNS 14		/* columns of boost_groups() */

static double
setting_within(const double *settings, int field, double low, double high)
{
	if (!(settings[field] >= low && settings[field] <= high))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("setting %d of boosting must be from %g to %g, not %g", field, low, high, settings[field])));
	return settings[field];
}

/* Raises an error unless the objective goes with the number of classes. */
static BoostObjective
read_objective(const CodedRows *rows, double given)
{
	BoostObjective objective = whole_parameter(given, 0, OBJECTIVE_COUNT - 1);

	if (objective == OBJECTIVE_LOGISTIC)
		whole_parameter(rows->classes, 2, 2);
	else if (objective == OBJECTIVE_MULTICLASS)
		whole_parameter(rows->classes, 2, MAX_PARAMS);
	else
		whole_parameter(rows->classes, 0, 0);
	return objective;
}

static BoostSettings
read_settings(const CodedRows *rows, const double *given, int length)
{
	BoostSettings settings = {0};
	int			numbers = rows->classes + rows->features;

	whole_parameter(length, BOOST_FIELDS + numbers, BOOST_FIELDS + numbers);
	settings.objective = read_objective(rows, given[BOOST_OBJECTIVE]);
	settings.alpha = setting_within(given, BOOST_ALPHA, 1e-300, 1e300);
	if (settings.objective == OBJECTIVE_QUANTILE)
		setting_within(given, BOOST_ALPHA, 0, 1);
	if (settings.objective == OBJECTIVE_TWEEDIE)
		setting_within(given, BOOST_ALPHA, 1 + 1e-6, 2 - 1e-6);
	settings.rounds = whole_parameter(given[BOOST_ROUNDS], 1, MOST_ROUNDS);
	settings.learning_rate = setting_within(given, BOOST_LEARNING_RATE, 1e-12, 1);
	settings.max_leaves = whole_parameter(given[BOOST_MAX_LEAVES], 1, MOST_LEAVES);
	settings.max_depth = whole_parameter(given[BOOST_MAX_DEPTH], 0, PG_INT32_MAX);
	settings.min_child = setting_within(given, BOOST_MIN_CHILD, 1, LARGEST_FREQUENCY);
	settings.l1 = setting_within(given, BOOST_L1, 0, 1e300);
	settings.l2 = setting_within(given, BOOST_L2, 0, 1e300);
	settings.subsample = setting_within(given, BOOST_SUBSAMPLE, 1e-9, 1);
	settings.is_marked = given[BOOST_MARKED] != 0;
	settings.num_features = whole_parameter(given[BOOST_NUM_FEATURES], 1, rows->features - settings.is_marked);
	settings.validation = setting_within(given, BOOST_VALIDATION, 0, 1 - 1e-9);
	settings.patience = whole_parameter(given[BOOST_PATIENCE], 0, MOST_ROUNDS);
	settings.is_balanced = given[BOOST_BALANCED] != 0;
	settings.seed = whole_parameter(given[BOOST_SEED], 0, PG_INT32_MAX);
	settings.numbers = palloc(numbers * sizeof(double));
	for (int i = 0; i < numbers; i++)
	{
		settings.numbers[i] = setting_within(given + BOOST_FIELDS, i, i < rows->classes ? 1e-12 : -1, i < rows->classes ? 1e12 : 1);
		settings.is_constrained |= i >= rows->classes && settings.numbers[i] != 0;
	}
	return settings;
}

/* boost_fit(store, settings): trains the models of all groups of a store whose rows are coded. */
PG_FUNCTION_INFO_V1(boost_fit);
Datum
boost_fit(PG_FUNCTION_ARGS)
{
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	int			length;
	const double *given = vector_with_nan(PG_GETARG_ARRAYTYPE_P(1), "settings", &length);
	MemoryContext old = MemoryContextSwitchTo(store->context);
	Boosts	   *boosts = palloc0(sizeof(Boosts));

	boosts->settings = read_settings(store->coded, given, length);
	boosts->features = store->coded->features - boosts->settings.is_marked;
	boosts->outputs = outputs_of(&boosts->settings, store->coded->classes);
	boosts->groups = palloc_extended(Max(1, store->coded->groups) * sizeof(GroupBoost), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	MemoryContextSwitchTo(old);
	for (int g = 0; g < store->coded->groups; g++)
		if (store->coded->first[g + 1] - store->coded->first[g] > PG_INT32_MAX / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a group has more than %d rows", PG_INT32_MAX / 2),
					 errhint("Train on a sample of the rows.")));
	train_groups(store, boosts);
	store->grown = boosts;
	PG_RETURN_VOID();
}

static Boosts *
boosts_of(const Store *store)
{
	if (store->grown == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("store %d has no boosted trees", store->id)));
	return store->grown;
}

/* --- figures --- */

/* boost_rounds(store): returns a row for each round, in the order of the columns in boost.sql. */
PG_FUNCTION_INFO_V1(boost_rounds);
Datum
boost_rounds(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	Boosts	   *boosts = boosts_of(store);

	InitMaterializedSRF(fcinfo, 0);
	for (int g = 0; g < store->coded->groups; g++)
		for (int r = 0; r < boosts->groups[g].rounds; r++)
		{
			const BoostRound *round = &boosts->groups[g].round[r];
			bool		nulls[ROUND_COLUMNS] = {false};
			Datum		values[ROUND_COLUMNS] = {
				Int32GetDatum(g),
				Int32GetDatum(r + 1),
				Int32GetDatum(round->leaves),
				Int32GetDatum(round->depth),
				Float8GetDatum(round->loss),
				Float8GetDatum(round->held_loss)
			};

			CHECK_FOR_INTERRUPTS();
			nulls[5] = boosts->groups[g].held == 0;
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	return (Datum) 0;
}

static Datum
numbers_datum(const double *numbers, int count)
{
	Datum	   *values = palloc(Max(count, 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(values, count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Returns each feature's share of the gains. */
static Datum
shares_of_gains(const GroupBoost *boost, int features)
{
	double	   *shares = palloc0(features * sizeof(double));
	double		sum = 0;

	for (int f = 0; f < features && boost->gains; f++)
		sum += boost->gains[f];
	for (int f = 0; f < features && sum > 0; f++)
		shares[f] = boost->gains[f] / sum;
	return numbers_datum(shares, features);
}

/* boost_groups(store): returns a row for each group, in the order of the columns in boost.sql. */
PG_FUNCTION_INFO_V1(boost_groups);
Datum
boost_groups(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	const CodedRows *rows = store->coded;
	Boosts	   *boosts = boosts_of(store);

	InitMaterializedSRF(fcinfo, 0);
	for (int g = 0; g < rows->groups; g++)
	{
		const GroupBoost *boost = &boosts->groups[g];
		const BoostRound *best = boost->best > 0 ? &boost->round[boost->best - 1] : NULL;
		bool		nulls[GROUP_COLUMNS] = {false};
		Datum		values[GROUP_COLUMNS] = {Int32GetDatum(g)};
		int64		used = rows->first[g + 1] - rows->first[g];
		int64		leaves = 0;
		int			depth = 0;

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < boost->best; r++)
		{
			leaves += boost->round[r].leaves;
			depth = Max(depth, boost->round[r].depth);
		}
		values[1] = Int32GetDatum(boost->rounds);
		values[2] = Int32GetDatum(boost->best);
		values[3] = Int64GetDatum(leaves);
		values[4] = Int32GetDatum(depth);
		values[5] = Float8GetDatum(best ? best->loss : 0);
		values[6] = Float8GetDatum(best ? best->held_loss : 0);
		values[7] = Int64GetDatum(boost->held);
		values[8] = shares_of_gains(boost, boosts->features);
		values[9] = Int64GetDatum(used);
		values[10] = Int64GetDatum((store->groups ? store->group_start[g + 1] - store->group_start[g] : store->rows) - used);
		values[11] = Float8GetDatum(boost->weight);
		values[12] = boost->class_rows ? numbers_datum(boost->class_rows, rows->classes) : (Datum) 0;
		nulls[5] = best == NULL;
		nulls[6] = best == NULL || boost->held == 0;
		nulls[12] = boost->class_rows == NULL || rows->classes == 0;
		values[13] = boost->start ? numbers_datum(boost->start, boosts->outputs) : (Datum) 0;
		nulls[13] = boost->start == NULL;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static EnsembleLink
link_of(BoostObjective objective)
{
	switch (objective)
	{
		case OBJECTIVE_LOGISTIC:
			return LINK_LOGIT;
		case OBJECTIVE_MULTICLASS:
			return LINK_SOFTMAX;
		case OBJECTIVE_POISSON:
		case OBJECTIVE_GAMMA:
		case OBJECTIVE_TWEEDIE:
			return LINK_EXP;
		default:
			return LINK_NUMBER;
	}
}

/* boost_model(store, group, json, texts): returns the packed model of a group, NULL for a group without rows. */
PG_FUNCTION_INFO_V1(boost_model);
Datum
boost_model(PG_FUNCTION_ARGS)
{
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	const CodedRows *rows = store->coded;
	Boosts	   *boosts = boosts_of(store);
	const GroupBoost *boost = &boosts->groups[whole_parameter(PG_GETARG_INT32(1), 0, rows->groups - 1)];
	PackedParts parts = {
		.method = MODEL_BOOST,
		.link = link_of(boosts->settings.objective),
		.outputs = boosts->outputs,
		.divisor = 1,
		.start = boost->start,
		.json = PG_GETARG_BYTEA_PP(2)
	};

	if (boost->best == 0)
		PG_RETURN_NULL();
	read_texts(&parts, PG_GETARG_ARRAYTYPE_P(3));
	PG_RETURN_BYTEA_P(packed_trees(&parts, coding_of_group(rows, PG_GETARG_INT32(1)), boosts->features, boost->trees,
								   boost->best * boosts->outputs));
}
