/*
 * forest_cuts.c: the cuts of a feature, all of them or one at random.
 *
 * Source: Geurts, Ernst and Wehenkel (2006), Extremely randomized trees, Machine Learning 63.
 */
#include "forest_split.h"

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

void
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
