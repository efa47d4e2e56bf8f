/*
 * forest_train.c: the functions of a training: forests grown from the coded rows of a store, and their models.
 */
#include "forest.h"

#include "common/trees/parameters.h"
#include "engine/kernel.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define MOST_TREES 100000

/* Share of the largest value, above which a model may be too large when all of its trees are grown. */
#define LIKELY_SIZE 0.97

static double
setting_within(const double *settings, ForestSetting field, double low, double high)
{
	if (!(settings[field] >= low && settings[field] <= high))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("setting %d of a forest must be from %g to %g, not %g", field, low, high, settings[field])));
	return settings[field];
}

static ForestSettings
read_settings(const CodedRows *rows, const double *given, int length)
{
	ForestSettings settings;
	double	   *weights = palloc(Max(rows->classes, 1) * sizeof(double));

	whole_parameter(length, SETTING_FIELDS + rows->classes, SETTING_FIELDS + rows->classes);
	settings.trees = whole_parameter(given[SETTING_TREES], 1, MOST_TREES);
	settings.max_depth = whole_parameter(given[SETTING_MAX_DEPTH], 0, PG_INT32_MAX);
	settings.min_split = setting_within(given, SETTING_MIN_SPLIT, 0, LARGEST_FREQUENCY);
	settings.min_bucket = setting_within(given, SETTING_MIN_BUCKET, 0, LARGEST_FREQUENCY);
	settings.num_features = whole_parameter(given[SETTING_NUM_FEATURES], 1, rows->features);
	settings.sample_ratio = setting_within(given, SETTING_SAMPLE_RATIO, 1e-9, 1);
	settings.replacement = given[SETTING_REPLACEMENT] != 0;
	settings.random = given[SETTING_RANDOM] != 0;
	settings.entropy = given[SETTING_ENTROPY] != 0;
	settings.oob = given[SETTING_OOB] != 0;
	settings.balanced = given[SETTING_BALANCED] != 0;
	settings.permutation = given[SETTING_PERMUTATION] != 0;
	settings.seed = whole_parameter(given[SETTING_SEED], 0, PG_INT32_MAX);
	for (int c = 0; c < rows->classes; c++)
		weights[c] = setting_within(given + SETTING_FIELDS, c, 1e-12, 1e12);
	settings.class_weights = weights;
	return settings;
}

/* Sums up the rows of a group, and sets the weights of its classes. */
static void
weigh_classes(const CodedRows *rows, const ForestSettings *settings, int group, GroupForest *forest, double *weights)
{
	int			there = 0;

	for (int64 row = rows->first[group]; row < rows->first[group + 1]; row++)
	{
		double		weight = rows->weight ? rows->weight[row] : 1;

		forest->rows += weight;
		forest->mean += weight * rows->target[row];
		if (rows->classes > 0)
			forest->class_rows[(int) rows->target[row]] += weight;
	}
	forest->mean /= forest->rows > 0 ? forest->rows : 1;
	for (int c = 0; c < rows->classes; c++)
		there += forest->class_rows[c] > 0;
	for (int c = 0; c < rows->classes; c++)
	{
		weights[c] = settings->class_weights[c];
		if (settings->balanced)
			weights[c] = forest->class_rows[c] > 0 ? forest->rows / there / forest->class_rows[c] : 1;
	}
}

/* Allocates the forests of all groups. */
static Forests *
new_forests(Store *store, const double *given, int length)
{
	const CodedRows *rows = store->coded;
	MemoryContext old = MemoryContextSwitchTo(store->context);
	Forests    *forests = palloc0(sizeof(Forests));
	ForestTree *trees;

	forests->settings = read_settings(rows, given, length);
	forests->class_weights = coded_alloc(store, (Size) rows->groups * rows->classes * sizeof(double));
	trees = coded_alloc(store, (Size) rows->groups * forests->settings.trees * sizeof(ForestTree));
	forests->groups = MemoryContextAllocHuge(store->context, rows->groups * sizeof(GroupForest));
	for (int g = 0; g < rows->groups; g++)
	{
		forests->groups[g] = (GroupForest) {
			.trees = trees + (Size) g * forests->settings.trees,
			.class_rows = palloc0(Max(rows->classes, 1) * sizeof(double)),
			.importance = palloc0(rows->features * sizeof(double)),
			.permutation = forests->settings.permutation ? palloc0(rows->features * sizeof(double)) : NULL
		};
		weigh_classes(rows, &forests->settings, g, &forests->groups[g], forests->class_weights + (Size) g * rows->classes);
	}
	MemoryContextSwitchTo(old);
	return forests;
}

Forests *
forests_of(const Store *store)
{
	if (store->grown == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("store %d has no forests", store->id)));
	return store->grown;
}

/* Raises an error as soon as it is likely that the model of a group will be too large. */
static void
check_size(const CodedRows *rows, const Forests *forests, int group)
{
	Size		width = rows->classes > 2 ? rows->classes : 1;
	double		bytes = 0;
	double		most = MaxAllocSize * LIKELY_SIZE;

	for (int t = 0; t < forests->grown; t++)
	{
		const GrownTree *tree = forests->groups[group].trees[t].tree;

		bytes += tree->nodes * (double) (sizeof(PackedNode) + sizeof(double)) + tree->leaves * width * (double) sizeof(double) +
			tree->set_words * (double) sizeof(uint32);
	}
	bytes *= forests->settings.trees / (double) forests->grown;
	if (bytes > most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a model of %d such trees would take about %.0f MB, more than %.0f MB",
						forests->settings.trees, bytes / 1e6, most / 1e6),
				 errhint("Choose fewer trees, a smaller max_depth, or a larger min_bucket.")));
}

/* forest_grow(store, settings, trees): grows trees of all groups, until each group has `trees`; the settings are those of the first call. */
PG_FUNCTION_INFO_V1(forest_grow);
Datum
forest_grow(PG_FUNCTION_ARGS)
{
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	int			length;
	const double *given = vector_with_nan(PG_GETARG_ARRAYTYPE_P(1), "settings", &length);
	Forests    *forests = store->grown;
	int			trees;

	if (forests == NULL)
		store->grown = forests = new_forests(store, given, length);
	trees = whole_parameter(PG_GETARG_INT32(2), forests->grown, forests->settings.trees);
	grow_trees(store, forests, forests->grown, trees);
	forests->grown = trees;
	for (int g = 0; g < store->coded->groups && trees > 0; g++)
		if (!group_is_empty(store->coded, g))
			check_size(store->coded, forests, g);
	PG_RETURN_VOID();
}

/* Sums up the importance by impurity: shares of each tree, whose mean is a share of the forest. */
static void
add_importance(const Forests *forests, int features, GroupForest *forest)
{
	double		sum = 0;

	for (int t = 0; t < forests->grown; t++)
	{
		const double *gains = forest->trees[t].gains;
		double		total = 0;

		for (int f = 0; f < features; f++)
			total += gains[f];
		for (int f = 0; f < features && total > 0; f++)
			forest->importance[f] += gains[f] / total;
	}
	for (int f = 0; f < features; f++)
		sum += forest->importance[f];
	for (int f = 0; f < features && sum > 0; f++)
		forest->importance[f] /= sum;
}

/* forest_finish(store): computes importances and out-of-bag errors after the last tree. */
PG_FUNCTION_INFO_V1(forest_finish);
Datum
forest_finish(PG_FUNCTION_ARGS)
{
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	const CodedRows *rows = store->coded;
	Forests    *forests = forests_of(store);

	whole_parameter(forests->grown, forests->settings.trees, forests->settings.trees);
	for (int g = 0; g < rows->groups; g++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!group_is_empty(rows, g))
			add_importance(forests, rows->features, &forests->groups[g]);
	}
	if (forests->settings.oob)
		sum_out_of_bag(store, forests);
	PG_RETURN_VOID();
}

/* forest_model(store, group, json, texts): returns the packed forest of a group, NULL for a group without rows. */
PG_FUNCTION_INFO_V1(forest_model);
Datum
forest_model(PG_FUNCTION_ARGS)
{
	Store	   *store = store_with_codes(PG_GETARG_INT32(0));
	const CodedRows *rows = store->coded;
	Forests    *forests = forests_of(store);
	int			group = whole_parameter(PG_GETARG_INT32(1), 0, rows->groups - 1);
	int			outputs = rows->classes > 2 ? rows->classes : 1;
	GrownTree **trees = palloc(Max(1, forests->grown) * sizeof(GrownTree *));
	PackedParts parts = {
		.method = MODEL_FOREST,
		.link = rows->classes == 0 ? LINK_NUMBER : rows->classes == 2 ? LINK_SHARE : LINK_SHARES,
		.outputs = outputs,
		.divisor = forests->grown,
		.start = palloc0(outputs * sizeof(double)),
		.json = PG_GETARG_BYTEA_PP(2)
	};

	if (group_is_empty(rows, group) || forests->grown == 0)
		PG_RETURN_NULL();
	read_texts(&parts, PG_GETARG_ARRAYTYPE_P(3));
	for (int t = 0; t < forests->grown; t++)
		trees[t] = forests->groups[group].trees[t].tree;
	PG_RETURN_BYTEA_P(packed_trees(&parts, coding_of_group(rows, group), rows->features, trees, forests->grown));
}
