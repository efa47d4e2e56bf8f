/*
 * boost_split.c: the best split of a node, from its histogram.
 *
 * A number is cut between two codes; the codes of a category are put in the order of their gradients and cut in the same way
 * (Fisher, "On grouping for maximum homogeneity", 1958).  Rows with NULL are tried on both sides.
 */
#include "boost.h"

#include <math.h>

#define LEAST_CURVE 1e-3		/* smallest sum of curves of a child */
#define SMOOTHING 10			/* added to curves, so that rare levels are in the middle of the order */
#define CATEGORY_L2 10			/* added to l2 in splits by a category */
#define FEW_LEVELS 4			/* categories with so many levels have no such penalty */

/* A search among the splits of a node. */
typedef struct Search
{
	const Fit  *fit;
	const BoostSettings *settings;
	const NodeSums *node;
	double		l2;
	double		lower;
	double		upper;
	int			monotone;		/* direction of the feature */
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

/* Tells whether two nodes without constraints gain more than the best split so far, without a division. */
static inline bool
gains_more(const Search *search, double slope, double curve, double other_slope, double other_curve)
{
	double		l1 = search->settings->l1;
	double		s = shrunk(slope, l1);
	double		other = shrunk(other_slope, l1);
	double		d = curve + search->l2;
	double		other_d = other_curve + search->l2;

	return s * s * other_d + other * other * d > search->best.gain * (d * other_d);
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
	else if (!gains_more(search, first_slope, first_curve, second_slope, second_curve))
		return false;
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
		if (search->node->rows - rows < search->settings->min_child)
			break;
		if (has_enough_rows(search, rows) && try_split(search, slope, curve, rows))
		{
			search->best.split.feature = feature;
			search->best.split.last_first = c;
			search->best.split.null_second = null_second;
		}
	}
}

/* Lists the codes of a category that have rows, in the order of their gradients. */
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

		if (histogram->rows[offset + c] == 0)
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

static void
set_levels(CodeSplit *split, int feature, const uint8 *list, int count, bool null_second)
{
	split->feature = feature;
	split->null_second = null_second;
	memset(split->set, 0, sizeof(split->set));
	for (int i = 0; i < count; i++)
		split->set[list[i] / 32] |= UINT32_C(1) << (list[i] % 32);
}

/* Tries the cuts of a category's sorted levels, with NULL on one side. */
static void
try_levels(Search *search, const Histogram *histogram, int feature, const uint8 *list, int count, bool null_second)
{
	int			offset = search->fit->offset[feature];
	int			null = offset + search->fit->coding[feature].codes;
	int			last = histogram->rows[null] > 0 && null_second ? count : count - 1;
	NodeSums	sums = {0};

	if (!null_second)
		sums = (NodeSums) {histogram->slope[null], histogram->curve[null], histogram->rows[null]};
	for (int i = 0; i < last; i++)
	{
		sums.slope += histogram->slope[offset + list[i]];
		sums.curve += histogram->curve[offset + list[i]];
		sums.rows += histogram->rows[offset + list[i]];
		if (has_enough_rows(search, sums.rows) && try_split(search, sums.slope, sums.curve, sums.rows))
			set_levels(&search->best.split, feature, list, i + 1, null_second);
	}
}

static void
try_feature(Search *search, const Histogram *histogram, int feature)
{
	const CodedFeature *coding = &search->fit->coding[feature];
	bool		has_null = histogram->rows[search->fit->offset[feature] + coding->codes] > 0;
	uint8		list[MOST_CODES];
	int			count;

	search->monotone = search->settings->is_constrained ? search->settings->numbers[search->fit->classes + feature] : 0;
	search->l2 = search->settings->l2;
	if (coding->levels == 0)
	{
		try_cuts(search, histogram, feature, coding->codes, true);
		if (has_null)
			try_cuts(search, histogram, feature, coding->codes, false);
		return;
	}
	search->l2 += coding->codes > FEW_LEVELS ? CATEGORY_L2 : 0;
	count = sorted_levels(search, histogram, feature, coding->codes, list);
	try_levels(search, histogram, feature, list, count, true);
	if (has_null)
		try_levels(search, histogram, feature, list, count, false);
}

/* Where the node has no NULL of the feature, NULL goes with most of the rows. */
static void
set_null_direction(const Fit *fit, const Histogram *histogram, const NodeSums *node, BoostSplit *best)
{
	const CodedFeature *coding = &fit->coding[best->split.feature];

	if (histogram->rows[fit->offset[best->split.feature] + coding->codes] == 0)
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
	double		least;

	if (node->rows < 2 * fit->settings->min_child || node->rows < 2 || curve <= 0)
		return search.best;
	own = gain_of(&search, slope, curve, best_value(fit->settings, slope, curve, lower, upper));
	search.best.gain = own + 4 * node->rows * fit->units.slope * fit->units.slope / (curve + fit->settings->l2);
	least = search.best.gain;	/* a smaller gain is rounding */
	for (int i = 0; i < fit->used_count; i++)
		try_feature(&search, histogram, fit->used[i]);
	if (search.best.gain <= least)
		return (BoostSplit) {0};
	search.best.gain -= own;
	set_null_direction(fit, histogram, node, &search.best);
	return search.best;
}
