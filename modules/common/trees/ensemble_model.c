/*
 * ensemble_model.c: reads and checks models of many trees, and scores rows.
 */
#include "ensemble_model.h"

#include <math.h>

#include "coded_rows.h"

/* Points to the codes of levels of each category that has more levels than codes. */
static void
read_maps(const Model *model, EnsembleModel *into)
{
	const uint8 *maps = (const uint8 *) model_integers(model, ENSEMBLE_MAPS, -1);
	int64		left = model->arrays[ENSEMBLE_MAPS].count * (int64) sizeof(int32);
	int		   *codes = palloc(into->row->features * sizeof(int));

	into->code_of_level = palloc0(into->row->features * sizeof(uint8 *));
	for (int f = 0; f < into->row->features; f++)
	{
		int			levels = into->row->levels[f];

		codes[f] = Min(levels, MOST_CODES);
		into->trees.has_categories |= levels > 0;
		if (levels <= MOST_CODES)
			continue;
		left -= TYPEALIGN(sizeof(int32), levels);
		if (left < 0)
			model_damaged("the codes of levels are not there");
		into->code_of_level[f] = maps;
		maps += TYPEALIGN(sizeof(int32), levels);
	}
	into->trees.codes = codes;
}

static void
check_link(EnsembleModel *model)
{
	int			classes = model->row->classes;
	bool		is_binary = model->link == LINK_SHARE || model->link == LINK_LOGIT;
	bool		has_outputs = model->link == LINK_SHARES || model->link == LINK_SOFTMAX;

	if (model->link < 0 || model->link >= LINK_COUNT || (is_binary ? classes != 2 : has_outputs ? classes < 2 : classes != 0))
		model_damaged("its trees do not fit its task");
	model->outputs = has_outputs ? classes : 1;
}

static void
read_trees(const Model *model, EnsembleModel *into)
{
	Ensemble   *trees = &into->trees;
	const int32 *given = model_integers(model, ENSEMBLE_TREES, 2 * (int64) trees->count);
	int64		leaves;

	trees->roots = repeated_roots(given, trees->count);
	trees->first_outputs = given + trees->count;
	trees->nodes = (const PackedNode *) model_integers(model, ENSEMBLE_NODES, -1);
	trees->node_count = model->arrays[ENSEMBLE_NODES].count / (int64) (sizeof(PackedNode) / sizeof(int32));
	trees->sets = (const uint32 *) model_integers(model, ENSEMBLE_SETS, -1);
	trees->set_words = model->arrays[ENSEMBLE_SETS].count;
	trees->numbers = model_doubles(model, ENSEMBLE_NUMBERS, -1);
	leaves = model->arrays[ENSEMBLE_NUMBERS].count / trees->width;
	trees->covers = model_doubles(model, ENSEMBLE_COVERS, trees->node_count);
	for (int t = 0; t < trees->count; t++)
		if (trees->first_outputs[t] < 0 || trees->first_outputs[t] + (int64) trees->width > into->outputs)
			model_damaged("a tree has more numbers than there are outputs");
	check_ensemble(trees, leaves, into->row->features);
}

static text **
read_names(const Model *model, int features)
{
	const int32 *ends = model_integers(model, ENSEMBLE_NAME_ENDS, features);
	const char *texts = (const char *) model_integers(model, ENSEMBLE_NAMES, -1);
	int64		bytes = model->arrays[ENSEMBLE_NAMES].count * (int64) sizeof(int32);
	text	  **names = palloc(features * sizeof(text *));
	int32		begin = 0;

	for (int f = 0; f < features; begin = ends[f++])
	{
		if (ends[f] < begin || ends[f] > bytes)
			model_damaged("the names of its features are not there");
		names[f] = row_text(texts + begin, ends[f] - begin);
	}
	return names;
}

static void
check_model(Model *given)
{
	EnsembleModel *model = palloc0(sizeof(EnsembleModel));
	const int32 *facts = model_integers(given, ENSEMBLE_FACTS, FACT_FIELDS);

	if (given->narrays != ENSEMBLE_FIELDS || facts[FACT_TREES] < 1 || facts[FACT_WIDTH] < 1)
		model_damaged("it has no trees");
	model->row = model_row(given, ENSEMBLE_SHAPE, ENSEMBLE_ENDS, ENSEMBLE_TEXTS);
	model->names = read_names(given, model->row->features);
	model->link = facts[FACT_LINK];
	model->trees.count = facts[FACT_TREES];
	model->trees.width = facts[FACT_WIDTH];
	check_link(model);
	read_maps(given, model);
	read_trees(given, model);
	model->start = model_doubles(given, ENSEMBLE_START, 1 + (int64) model->outputs);
	model->divisor = *model->start++;
	model->x = palloc(model->row->features * sizeof(double));
	model->sums = palloc(model->outputs * sizeof(double));
	model->shares = palloc(Max(model->row->classes, 1) * sizeof(double));
	given->checked = model;
}

EnsembleModel *
ensemble_argument(FunctionCallInfo fcinfo, int arg, uint32 method)
{
	return model_argument(fcinfo, arg, method, check_model)->checked;
}

/* Copies a row, with codes in place of levels. */
static void
take_row(EnsembleModel *model, const double *given)
{
	model->has_nan = false;
	for (int f = 0; f < model->row->features; f++)
	{
		double		value = given[f];
		int			levels = model->row->levels[f];

		if (levels > 0 && !is_code(value, levels))
			value = NAN;
		else if (model->code_of_level[f])
			value = model->code_of_level[f][(int) value];
		if (levels > 0 && value >= MOST_CODES)
			value = NAN;		/* a level without rows */
		model->x[f] = value;
		model->has_nan |= value != value;
	}
}

void
ensemble_sums(EnsembleModel *model, FunctionCallInfo fcinfo, int arg)
{
	const Ensemble *trees = &model->trees;

	take_row(model, row_argument(model->row, fcinfo, arg));
	memcpy(model->sums, model->start, model->outputs * sizeof(double));
	for (int first = 0; first < trees->count; first += TREES_AT_ONCE)
	{
		int			count = Min(TREES_AT_ONCE, trees->count - first);
		int32		leaves[TREES_AT_ONCE];

		ensemble_leaves(trees, model->x, model->has_nan, first, leaves);
		for (int t = 0; t < count; t++)
		{
			const double *numbers = trees->numbers + leaves[t] * (Size) trees->width;
			double	   *sums = model->sums + trees->first_outputs[first + t];

			for (int w = 0; w < trees->width; w++)
				sums[w] += numbers[w];
		}
	}
	for (int o = 0; o < model->outputs; o++)
		model->sums[o] /= model->divisor;
}

double
ensemble_number(const EnsembleModel *model)
{
	return model->link == LINK_EXP ? exp(model->sums[0]) : model->sums[0];
}

static void
softmax(const double *sums, int classes, double *shares)
{
	double		largest = sums[0];
	double		total = 0;

	for (int c = 1; c < classes; c++)
		largest = Max(largest, sums[c]);
	for (int c = 0; c < classes; c++)
		total += shares[c] = exp(sums[c] - largest);
	for (int c = 0; c < classes; c++)
		shares[c] /= total;
}

const double *
ensemble_shares(EnsembleModel *model)
{
	double	   *shares = model->shares;

	switch (model->link)
	{
		case LINK_SHARE:
		case LINK_LOGIT:
			shares[1] = model->link == LINK_SHARE ? model->sums[0] : 1 / (1 + exp(-model->sums[0]));
			shares[0] = 1 - shares[1];
			break;
		case LINK_SOFTMAX:
			softmax(model->sums, model->row->classes, shares);
			break;
		default:
			memcpy(shares, model->sums, model->row->classes * sizeof(double));
	}
	return shares;
}

double
ensemble_explained(EnsembleModel *model, int output, double *contributions)
{
	int			own = model->outputs == 1 ? 0 : output;
	int			features = model->row->features;
	double		base = ensemble_shapley(&model->trees, model->x, own, model->outputs, features, contributions);

	for (int f = 0; f < features; f++)
		contributions[f] /= model->divisor;
	return (model->start[own] + base) / model->divisor;
}
