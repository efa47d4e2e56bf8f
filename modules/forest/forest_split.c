/*
 * forest_split.c: the best split of a node, among features that are drawn.
 *
 * Gini's index of two classes is twice the variance of the second one's indicator, so that both are split as numbers are:
 * with D = the sum of the first side less its weight times the mean of the node, the gain is D^2 W / (W1 W2).
 *
 * Sources: Breiman (2001), Random forests; Geurts, Ernst and Wehenkel (2006), Extremely randomized trees.
 */
#include "forest_split.h"

#include <math.h>

#include "miscadmin.h"
#include "numeric/dd.h"

/* A gain below this share of a node's squared mean, or of the weight of its classes, is rounding. */
#define LEAST_OF_SQUARES 1e-20
#define LEAST_OF_WEIGHT 1e-12

static void
alloc_sums(Sums *sums, int classes)
{
	*sums = (Sums) {0};
	sums->classes = palloc0(Max(classes, 1) * sizeof(double));
}

void
init_splitter(Splitter *splitter, const CodedRows *rows, const ForestSettings *settings, int group, Records *records)
{
	splitter->settings = settings;
	splitter->coding = coding_of_group(rows, group);
	splitter->features = rows->features;
	splitter->records = records;
	splitter->has_classes = rows->classes > 2;
	splitter->order = palloc(rows->features * sizeof(int));
	for (int f = 0; f < rows->features; f++)
		splitter->order[f] = f;
	splitter->cells.data = palloc0(FEATURES_AT_ONCE * cell_bytes(records));
	splitter->part = palloc(Max(rows->classes, 1) * sizeof(double));
	alloc_sums(&splitter->node, rows->classes);
	alloc_sums(&splitter->first, rows->classes);
	alloc_sums(&splitter->second, rows->classes);
	alloc_sums(&splitter->null, rows->classes);
}

/* --- sums --- */

static void
clear_sums(const Splitter *splitter, Sums *sums)
{
	sums->rows = sums->weight = sums->target = 0;
	if (splitter->has_classes)
		memset(sums->classes, 0, splitter->records->classes * sizeof(double));
}

/* Adds rows of two classes, given both their weights without those of the classes. */
static void
add_pair(const Splitter *splitter, double first, double second, Sums *sums)
{
	const double *weights = splitter->settings->class_weights;

	sums->rows += first + second;
	sums->weight += first * weights[0] + second * weights[1];
	sums->target += second * weights[1];
}

static void
add_class(const Splitter *splitter, int class, double rows, Sums *sums)
{
	double		weight = rows * splitter->settings->class_weights[class];

	sums->rows += rows;
	sums->weight += weight;
	sums->classes[class] += weight;
}

static void
add_number(const Splitter *splitter, NumberCell cell, Sums *sums)
{
	if (splitter->records->classes == 2)
	{
		add_pair(splitter, Max(cell.weight - cell.target, 0), cell.target, sums);
		return;
	}
	sums->rows += cell.weight;
	sums->weight += cell.weight;
	sums->target += cell.target;
}

/* Adds the cell of a code. */
static void
add_cell(const Splitter *splitter, Cells cells, int code, Sums *sums)
{
	int			classes = splitter->records->classes;

	switch (splitter->records->payload)
	{
		case PAYLOAD_PAIR:
			add_pair(splitter, (uint32) (cells.pairs[code] >> 32) - (uint32) cells.pairs[code], (uint32) cells.pairs[code], sums);
			break;
		case PAYLOAD_NUMBER:
			add_number(splitter, cells.numbers[code], sums);
			break;
		case PAYLOAD_CLASS:
			for (int c = 0; c < classes; c++)
				add_class(splitter, c, cells.rows[code * classes + c], sums);
			break;
		default:
			for (int c = 0; c < classes; c++)
				add_class(splitter, c, cells.weights[code * classes + c], sums);
	}
}

bool
is_pure(const Splitter *splitter, const Sums *sums)
{
	if (!splitter->has_classes)
		return splitter->records->classes == 2 && (sums->target <= 0 || sums->target >= sums->weight);
	for (int c = 0; c < splitter->records->classes; c++)
		if (sums->classes[c] > 0)
			return sums->classes[c] >= sums->weight;
	return true;
}

/* --- gains --- */

/* Sets gains[i] to the gain if the first side has `rows[i]`, ...; the sums of NULL have been added if it is on that side. */
DD_CLONES static void
gains_of_numbers(const double *restrict weight, const double *restrict target, int count, double total, double mean,
				 double *restrict gains)
{
	for (int i = 0; i < count; i++)
	{
		double		difference = target[i] - weight[i] * mean;

		gains[i] = difference * difference * total / (weight[i] * (total - weight[i]));
	}
}

static double
n_log_n(double n)
{
	return n > 0 ? n * log2(n) : 0;
}

static double
bits_of_pair(double weight, double target)
{
	return n_log_n(target) + n_log_n(weight - target) - n_log_n(weight);
}

/* Returns the part of the impurity of classes that a split changes, with its sign reversed. */
static double
explained_part(const Splitter *splitter, const double *classes, const double *from, double weight)
{
	bool		entropy = splitter->settings->entropy;
	double		sum = 0;

	for (int c = 0; c < splitter->records->classes; c++)
	{
		double		n = from ? Max(from[c] - classes[c], 0) : classes[c];

		sum += entropy ? n_log_n(n) : n * n;
	}
	return entropy ? sum - n_log_n(weight) : sum / weight;
}

/* Adds the weights of the classes in a cell. */
static void
add_classes(const Splitter *splitter, Cells cells, int code, double *sums)
{
	const double *weights = splitter->settings->class_weights;
	int			classes = splitter->records->classes;

	if (splitter->records->payload == PAYLOAD_CLASS)
		for (int c = 0; c < classes; c++)
			sums[c] += cells.rows[code * classes + c] * weights[c];
	else
		for (int c = 0; c < classes; c++)
			sums[c] += cells.weights[code * classes + c] * weights[c];
}

/* Computes the gain of a cut after each code from `first` up to, without, `end`. */
static void
gains_of_cuts(Splitter *splitter, Cells cells, int first, int end, const Sums *null)
{
	const Sums *node = &splitter->node;
	double		base;

	if (!splitter->has_classes && !splitter->settings->entropy)
	{
		gains_of_numbers(splitter->weight + first, splitter->target + first, end - first, node->weight,
						 node->target / node->weight, splitter->gains + first);
		return;
	}
	if (!splitter->has_classes)
	{
		base = bits_of_pair(node->weight, node->target);
		for (int i = first; i < end; i++)
			splitter->gains[i] = bits_of_pair(splitter->weight[i], splitter->target[i]) - base +
				bits_of_pair(node->weight - splitter->weight[i], node->target - splitter->target[i]);
		return;
	}
	base = explained_part(splitter, node->classes, NULL, node->weight);
	memset(splitter->part, 0, splitter->records->classes * sizeof(double));
	if (null)
		memcpy(splitter->part, null->classes, splitter->records->classes * sizeof(double));
	for (int i = 0; i < end; i++)
	{
		add_classes(splitter, cells, splitter->codes[i], splitter->part);
		if (i >= first)
			splitter->gains[i] = explained_part(splitter, splitter->part, NULL, splitter->weight[i]) - base +
				explained_part(splitter, splitter->part, node->classes, node->weight - splitter->weight[i]);
	}
}

/* --- cuts of a feature --- */

/* A level, and by what levels are ordered. */
typedef struct RatedCode
{
	double		rate;
	uint8		code;
} RatedCode;

#define ST_SORT sort_codes
#define ST_ELEMENT_TYPE RatedCode
#define ST_COMPARE(a, b) ((a)->rate != (b)->rate ? ((a)->rate < (b)->rate ? -1 : 1) : (a)->code - (b)->code)
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Orders the levels of a category by the mean of the target or the share of a class, so that the best split of two classes or
 * of numbers is a cut (Fisher 1958); for random splits in any order.
 */
static void
order_levels(Splitter *splitter, Cells cells)
{
	RatedCode	rated[ALL_CODES];

	for (int i = 0; i < splitter->count; i++)
	{
		Sums		sums = {.classes = splitter->part};

		clear_sums(splitter, &sums);
		add_cell(splitter, cells, splitter->codes[i], &sums);
		rated[i].code = splitter->codes[i];
		rated[i].rate = (splitter->has_classes ? sums.classes[splitter->largest] : sums.target) / sums.weight;
		if (splitter->settings->random)
			rated[i].rate = next_random(&splitter->stream);
	}
	sort_codes(rated, splitter->count);
	for (int i = 0; i < splitter->count; i++)
		splitter->codes[i] = rated[i].code;
}

/* Sums up the cells of the codes, beginning with `before`. */
static void
sum_up(Splitter *splitter, Cells cells, const Sums *before)
{
	double		rows = before ? before->rows : 0;
	double		weight = before ? before->weight : 0;
	double		target = before ? before->target : 0;

	for (int i = 0; i < splitter->count; i++)
	{
		Sums		sums = {.classes = splitter->part};

		clear_sums(splitter, &sums);
		add_cell(splitter, cells, splitter->codes[i], &sums);
		splitter->rows[i] = rows += sums.rows;
		splitter->weight[i] = weight += sums.weight;
		splitter->target[i] = target += sums.target;
	}
}

/* Puts all codes but NULL on one of the sides, up to `last` or by the set of a category. */
static void
set_codes(Splitter *splitter, int feature, int cut, int last_first, bool null_second)
{
	const CodedFeature *coding = &splitter->coding[feature];
	CodeSplit  *split = &splitter->split;

	*split = (CodeSplit) {.feature = feature, .last_first = last_first, .null_second = null_second};
	if (coding->levels == 0)
		return;
	if (!null_second)
		memset(split->set, 0xff, sizeof(split->set));
	for (int i = 0; i < splitter->count; i++)
	{
		uint32		bit = (uint32) 1 << (splitter->codes[i] % 32);
		uint32	   *word = &split->set[splitter->codes[i] / 32];

		*word = i <= cut ? *word | bit : *word & ~bit;
	}
}

/* Keeps a cut as the best split of the node. */
static void
keep_cut(Splitter *splitter, Cells cells, int feature, int cut, int last_first, bool null_second)
{
	bool		has_null = splitter->null.rows > 0;

	splitter->gain = splitter->gains[cut];
	clear_sums(splitter, &splitter->first);
	clear_sums(splitter, &splitter->second);
	for (int i = 0; i < splitter->count; i++)
		add_cell(splitter, cells, splitter->codes[i], i <= cut ? &splitter->first : &splitter->second);
	if (has_null)
		add_cell(splitter, cells, splitter->coding[feature].codes, null_second ? &splitter->second : &splitter->first);
	else
		null_second = splitter->first.rows < splitter->second.rows;
	set_codes(splitter, feature, cut, last_first, null_second);
}

/* Returns the middle of the codes between that of a cut and the next that there is. */
static int
middle_code(const Splitter *splitter, int cut, int feature)
{
	if (cut == splitter->count - 1)
		return splitter->coding[feature].codes - 1;
	return (splitter->codes[cut] + splitter->codes[cut + 1] - 1) / 2;
}

static bool
is_allowed(const Splitter *splitter, int cut)
{
	double		least = Max(splitter->settings->min_bucket, 0);

	return splitter->rows[cut] >= least && splitter->node.rows - splitter->rows[cut] >= least &&
		splitter->weight[cut] > 0 && splitter->node.weight - splitter->weight[cut] > 0;
}

/* Tries all cuts of a feature, with NULL on one side. */
static void
try_cuts(Splitter *splitter, Cells cells, int feature, bool null_second)
{
	bool		has_null = splitter->null.rows > 0;
	int			end = splitter->count - !(has_null && null_second);
	int			best = -1;
	double		bar = Max(splitter->gain, splitter->least);

	sum_up(splitter, cells, null_second ? NULL : &splitter->null);
	gains_of_cuts(splitter, cells, 0, end, null_second ? NULL : &splitter->null);
	for (int i = 0; i < end; i++)
		if (splitter->gains[i] > bar && is_allowed(splitter, i))
		{
			best = i;
			bar = splitter->gains[i];
		}
	if (best >= 0)
		keep_cut(splitter, cells, feature, best, middle_code(splitter, best, feature), null_second);
}

/* Draws one cut of a feature. */
static void
try_random_cut(Splitter *splitter, Cells cells, int feature)
{
	bool		has_null = splitter->null.rows > 0;
	bool		null_second = next_random(&splitter->stream) & 1;
	bool		is_number = splitter->coding[feature].levels == 0;
	int			cut = 0;
	int			last;

	if (splitter->count == 1)	/* NULL on the other side */
	{
		null_second = true;
		last = splitter->coding[feature].codes - 1;
	}
	else if (is_number)
	{
		int			low = splitter->codes[0];

		last = low + random_below(&splitter->stream, splitter->codes[splitter->count - 1] - low);
		while (splitter->codes[cut + 1] <= last)
			cut++;
	}
	else
	{
		cut = random_below(&splitter->stream, splitter->count - 1);
		last = 0;
	}
	sum_up(splitter, cells, has_null && !null_second ? &splitter->null : NULL);
	gains_of_cuts(splitter, cells, cut, cut + 1, has_null && !null_second ? &splitter->null : NULL);
	if (splitter->gains[cut] > Max(splitter->gain, splitter->least) && is_allowed(splitter, cut))
		keep_cut(splitter, cells, feature, cut, last, null_second);
}

/* Tries the splits of a feature, given its cells. */
static void
try_feature(Splitter *splitter, Cells cells, int feature)
{
	int			null_code = splitter->coding[feature].codes;

	clear_sums(splitter, &splitter->null);
	add_cell(splitter, cells, null_code, &splitter->null);
	if (splitter->count + (splitter->null.rows > 0) < 2)
		return;
	if (splitter->coding[feature].levels > 0)
		order_levels(splitter, cells);
	if (splitter->settings->random)
		try_random_cut(splitter, cells, feature);
	else
	{
		try_cuts(splitter, cells, feature, true);
		if (splitter->null.rows > 0)
			try_cuts(splitter, cells, feature, false);
	}
}

/* --- features of a node --- */

/* Makes sums of the node from the cells of a feature. */
static void
sum_node(Splitter *splitter, Cells cells, int feature)
{
	Sums	   *node = &splitter->node;
	double		mean;

	clear_sums(splitter, node);
	for (int i = 0; i < splitter->count; i++)
		add_cell(splitter, cells, splitter->codes[i], node);
	add_cell(splitter, cells, splitter->coding[feature].codes, node);
	mean = node->target / node->weight;
	splitter->least = splitter->has_classes || splitter->settings->entropy ? LEAST_OF_WEIGHT * node->weight :
		LEAST_OF_SQUARES * node->weight * mean * mean;
	splitter->largest = 0;
	for (int c = 1; c < splitter->records->classes && splitter->has_classes; c++)
		if (node->classes[c] > node->classes[splitter->largest])
			splitter->largest = c;
}

/* Sets the cells of a feature to zero, after its codes have been listed. */
static void
clear_cells(const Splitter *splitter, Cells cells, int feature)
{
	Size		width = cell_bytes(splitter->records) / ALL_CODES;

	for (int i = 0; i < splitter->count; i++)
		memset((char *) cells.data + splitter->codes[i] * width, 0, width);
	memset((char *) cells.data + splitter->coding[feature].codes * width, 0, width);
}

/* Moves `count` features drawn at random to position `at` of the order. */
static void
draw_features(Splitter *splitter, int at, int count)
{
	for (int i = at; i < at + count; i++)
	{
		int			other = i + random_below(&splitter->stream, splitter->features - i);
		int			feature = splitter->order[i];

		splitter->order[i] = splitter->order[other];
		splitter->order[other] = feature;
	}
}

void
sum_records(Splitter *splitter, int64 from, int64 to)
{
	const int	feature = 0;

	sum_cells(splitter->records, from, to, &feature, 1, splitter->cells);
	splitter->count = codes_there(splitter->records, from, to, feature, splitter->coding[feature].codes, splitter->cells,
								  splitter->codes);
	sum_node(splitter, splitter->cells, feature);
	clear_cells(splitter, splitter->cells, feature);
}

/* The features that are drawn are tried, and more of them, one by one, until there is a split. */
bool
find_split(Splitter *splitter, int64 from, int64 to)
{
	int			wanted = splitter->settings->num_features;
	int			tried = 0;

	splitter->gain = 0;
	while (tried < splitter->features && (tried < wanted || splitter->gain == 0))
	{
		int			count = tried < wanted ? Min(wanted - tried, FEATURES_AT_ONCE) : 1;
		const int  *features = splitter->order + tried;
		Cells		cells = splitter->cells;

		draw_features(splitter, tried, count);
		sum_cells(splitter->records, from, to, features, count, cells);
		for (int f = 0; f < count; f++, cells = next_cells(splitter->records, cells))
		{
			splitter->count = codes_there(splitter->records, from, to, features[f], splitter->coding[features[f]].codes,
										  cells, splitter->codes);
			if (tried + f == 0)
				sum_node(splitter, cells, features[f]);
			try_feature(splitter, cells, features[f]);
			clear_cells(splitter, cells, features[f]);
		}
		tried += count;
	}
	return splitter->gain > 0;
}
