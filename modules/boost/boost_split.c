/*
 * boost_split.c: the best split of a node, from its histogram.
 *
 * A number is cut between two codes; the codes of a category are put in the order of their gradients and cut in the same way
 * (Fisher, "On grouping for maximum homogeneity", 1958).  Rows with NULL are tried on both sides.
 */
#include "boost.h"

#include <math.h>

#define LEAST_CURVE 1e-3		/* of a child */
#define SMOOTHING 10			/* added to curves, so that rare levels come last in no order */
#define CATEGORY_L2 10			/* added to l2 in splits by a category */
#define LEAST_LEVEL_ROWS 10		/* levels with fewer rows go where NULL goes */
#define MOST_LEVELS 32			/* in the smaller part of a category */

/* A search among the splits of a node. */
typedef struct Search
{
	const Fit  *fit;
	const BoostSettings *settings;
	const NodeSums *node;
	double		l2;
	double		lower;
	double		upper;
	double		least;			/* a smaller gain is rounding */
	int			monotone;		/* of the feature */
	BoostSplit	best;
} Search;

/* Moves a slope towards 0. */
static inline double
shrunk(double slope, double l1)
{
	return slope > l1 ? slope - l1 : slope < -l1 ? slope + l1 : 0;
}

double
best_value(const BoostSettings *settings, double slope, double curve, double lower, double upper)
{
	double		divisor = curve + settings->l2;
	double		value = divisor > 0 ? -shrunk(slope, settings->l1) / divisor : 0;

	return Min(Max(value, lower), upper);
}

/* Returns by how much a node with one number makes the loss smaller, times two. */
static inline double
gain_of(const Search *search, double slope, double curve, double value)
{
	double		divisor = curve + search->l2;
	double		s = shrunk(slope, search->settings->l1);

	if (!search->settings->is_constrained)
		return s * s / divisor;
	return -(2 * s * value + divisor * value * value);
}

/* Tries a split, given the sums of the first child; returns whether it is the best so far. */
static inline bool
try_split(Search *search, int64 slope, int64 curve, int64 rows)
{
	const Units *units = &search->fit->units;
	const NodeSums *node = search->node;
	double		first_slope = slope * units->slope;
	double		first_curve = curve * units->curve;
	double		second_slope = (node->slope - slope) * units->slope;
	double		second_curve = (node->curve - curve) * units->curve;
	double		first_value = 0;
	double		second_value = 0;
	double		gain;

	if (first_curve < LEAST_CURVE || second_curve < LEAST_CURVE)
		return false;
	if (search->settings->is_constrained)
	{
		first_value = best_value(search->settings, first_slope, first_curve, search->lower, search->upper);
		second_value = best_value(search->settings, second_slope, second_curve, search->lower, search->upper);
		if (search->monotone * (second_value - first_value) < 0)
			return false;
	}
	gain = gain_of(search, first_slope, first_curve, first_value) + gain_of(search, second_slope, second_curve, second_value);
	if (gain <= search->best.gain)
		return false;
	search->best.gain = gain;
	search->best.first = (NodeSums) {slope, curve, rows};
	search->best.first_value = first_value;
	search->best.second_value = second_value;
	return true;
}

static inline bool
has_enough_rows(const Search *search, int64 rows)
{
	return rows >= search->settings->min_child && search->node->rows - rows >= search->settings->min_child;
}

/* Tries the cuts of a number, with NULL on one side. */
static void
try_cuts(Search *search, const Histogram *histogram, int feature, int codes, bool null_second)
{
	int			null = search->fit->offset[feature] + codes;
	int64		slope = null_second ? 0 : histogram->slope[null];
	int64		curve = null_second ? 0 : histogram->curve[null];
	int64		rows = null_second ? 0 : histogram->rows[null];
	const int64 *slopes = histogram->slope + search->fit->offset[feature];
	const int64 *curves = histogram->curve + search->fit->offset[feature];
	const int32 *numbers = histogram->rows + search->fit->offset[feature];
	int			last = histogram->rows[null] > 0 && null_second ? codes : codes - 1;

	for (int c = 0; c < last; c++)
	{
		if (numbers[c] == 0)
			continue;
		slope += slopes[c];
		curve += curves[c];
		rows += numbers[c];
		if (has_enough_rows(search, rows) && try_split(search, slope, curve, rows))
		{
			search->best.split.feature = feature;
			search->best.split.last_first = c;
			search->best.split.null_second = null_second;
		}
	}
}

/* Lists the codes of a category that have enough rows, in the order of their gradients. */
static int
sorted_levels(const Search *search, const Histogram *histogram, int feature, int codes, uint8 *list)
{
	const Units *units = &search->fit->units;
	int			offset = search->fit->offset[feature];
	double		keys[MOST_CODES];
	int			count = 0;

	for (int c = 0; c < codes; c++)
	{
		int			at = count;
		double		key;

		if (histogram->rows[offset + c] < Min(LEAST_LEVEL_ROWS, search->settings->min_child))
			continue;
		key = histogram->slope[offset + c] * units->slope / (histogram->curve[offset + c] * units->curve + SMOOTHING);
		for (; at > 0 && keys[at - 1] > key; at--)
		{
			keys[at] = keys[at - 1];
			list[at] = list[at - 1];
		}
		keys[at] = key;
		list[at] = c;
		count++;
	}
	return count;
}

/* Tries parts of a category's levels, taken from one end of the list: all others, and NULL, go to the second child. */
static void
try_levels(Search *search, const Histogram *histogram, int feature, const uint8 *list, int count, bool from_end)
{
	int			offset = search->fit->offset[feature];
	NodeSums	sums = {0};

	for (int i = 0; i < Min(count, MOST_LEVELS); i++)
	{
		int			code = list[from_end ? count - 1 - i : i];

		sums.slope += histogram->slope[offset + code];
		sums.curve += histogram->curve[offset + code];
		sums.rows += histogram->rows[offset + code];
		if (has_enough_rows(search, sums.rows) && try_split(search, sums.slope, sums.curve, sums.rows))
		{
			CodeSplit  *split = &search->best.split;

			split->feature = feature;
			split->null_second = true;
			memset(split->set, 0, sizeof(split->set));
			for (int j = 0; j <= i; j++)
			{
				int			own = list[from_end ? count - 1 - j : j];

				split->set[own / 32] |= UINT32_C(1) << (own % 32);
			}
		}
	}
}

static void
try_category(Search *search, const Histogram *histogram, int feature, int codes)
{
	uint8		list[MOST_CODES + 1];
	int			count = sorted_levels(search, histogram, feature, codes, list);
	int			null = search->fit->offset[feature] + codes;

	if (histogram->rows[null] >= Max(1, search->settings->min_child))
	{
		/* NULL alone, against all levels: as the second child */
		NodeSums	sums = *search->node;

		sums.slope -= histogram->slope[null];
		sums.curve -= histogram->curve[null];
		sums.rows -= histogram->rows[null];
		if (has_enough_rows(search, sums.rows) && try_split(search, sums.slope, sums.curve, sums.rows))
		{
			search->best.split.feature = feature;
			search->best.split.null_second = true;
			memset(search->best.split.set, 0xff, sizeof(search->best.split.set));
		}
	}
	try_levels(search, histogram, feature, list, count, false);
	try_levels(search, histogram, feature, list, count, true);
}

static void
try_feature(Search *search, const Histogram *histogram, int feature)
{
	const CodedFeature *coding = &search->fit->coding[feature];
	bool		has_null = histogram->rows[search->fit->offset[feature] + coding->codes] > 0;

	search->monotone = search->settings->is_constrained ? search->settings->numbers[search->fit->classes + feature] : 0;
	search->l2 = search->settings->l2;
	if (coding->levels == 0)
	{
		try_cuts(search, histogram, feature, coding->codes, true);
		if (has_null)
			try_cuts(search, histogram, feature, coding->codes, false);
		return;
	}
	search->l2 += coding->codes > 4 ? CATEGORY_L2 : 0;
	try_category(search, histogram, feature, coding->codes);
}

/* Where the node has no NULL of the feature, NULL goes with most of the rows. */
static void
set_null_direction(const Fit *fit, const Histogram *histogram, const NodeSums *node, BoostSplit *best)
{
	const CodedFeature *coding = &fit->coding[best->split.feature];

	if (coding->levels == 0 && histogram->rows[fit->offset[best->split.feature] + coding->codes] == 0)
		best->split.null_second = 2 * best->first.rows < node->rows;
}

BoostSplit
best_split(const Fit *fit, const Histogram *histogram, const NodeSums *node, double lower, double upper)
{
	Search		search = {
		.fit = fit,
		.settings = fit->settings,
		.node = node,
		.l2 = fit->settings->l2,
		.lower = lower,
		.upper = upper
	};
	double		slope = node->slope * fit->units.slope;
	double		curve = node->curve * fit->units.curve;
	double		own;

	if (node->rows < 2 * fit->settings->min_child || node->rows < 2 || curve <= 0)
		return search.best;
	own = gain_of(&search, slope, curve, best_value(fit->settings, slope, curve, lower, upper));
	search.best.gain = own + 4 * node->rows * fit->units.slope * fit->units.slope / (curve + fit->settings->l2);
	search.least = search.best.gain;
	for (int i = 0; i < fit->used_count; i++)
		try_feature(&search, histogram, fit->used[i]);
	if (search.best.gain <= search.least)
		return (BoostSplit) {0};
	search.best.gain -= own;
	set_null_direction(fit, histogram, node, &search.best);
	return search.best;
}
