/*
 * interval_plan.c: reads the intervals of a pass from its parameters.
 */
#include "interval_plan.h"

#include "parameters.h"

#define MAX_PARTS 1024

/* If the intervals of a feature span up to this many bins, there is always a list of intervals by bin. */
#define MANY_BINS 256

/* Limit of masks in a pass. */
#define MOST_MASKS 1000000

/* Returns the intervals in the parameters, and their number. */
static const double *
given_intervals(int stats, int nparams, const double *params, int *count)
{
	int			width = INTERVAL_FIELDS + 3 * stats;
	int			at;

	if (nparams < TAIL_FIELDS)
		whole_parameter(nparams, TAIL_FIELDS, MAX_PARAMS);
	at = whole_parameter(params[nparams - TAIL_FIELDS + TAIL_LIST_AT], 0, nparams - TAIL_FIELDS);
	*count = whole_parameter(params[nparams - TAIL_FIELDS + TAIL_INTERVALS], 0, (nparams - TAIL_FIELDS - at) / width);
	return params + at;
}

/* Returns the number of doubles in the cells of all intervals. */
int64
interval_cells(int stats, int nparams, const double *params)
{
	int			count;
	const double *given = given_intervals(stats, nparams, params, &count);
	int64		parts = 0;

	for (int i = 0; i < count; i++)
		parts += whole_parameter(given[(Size) i * (INTERVAL_FIELDS + 3 * stats) + INTERVAL_PARTS], 1, MAX_PARTS);
	return parts * (stats + 2);
}

static void
read_interval(const Plan *plan, BinInterval *interval, const double *given)
{
	int			feature = whole_parameter(given[INTERVAL_FEATURE], 0, plan->features - 1);

	interval->slot = whole_parameter(given[INTERVAL_SLOT], 0, plan->slots - 1);
	interval->bin = whole_parameter(given[INTERVAL_BIN], 0, plan->codes[feature] - 2);
	interval->low = given[INTERVAL_LOW];
	interval->high = given[INTERVAL_HIGH];
	interval->from = given[INTERVAL_FROM];
	interval->linear = whole_parameter(given[INTERVAL_LINEAR], 0, 1);
	interval->parts = whole_parameter(given[INTERVAL_PARTS], 1, MAX_PARTS);
	interval->scale = interval->parts / distance(interval, given[INTERVAL_TO]);
	interval->given = given;
	plan->used[feature] = true;
}

/* Makes a list of intervals by bin, unless there are many bins with few intervals. */
static void
list_bins(const Plan *plan, Among *among)
{
	among->bins = plan->intervals[among->last].bin - among->lowest + 1;
	for (int i = among->first, first = i; i <= among->last; i++)
	{
		first = plan->intervals[i].bin == plan->intervals[first].bin ? first : i;
		among->most = Max(among->most, i - first);
	}
	if (among->bins > MANY_BINS + 4 * (among->last - among->first))
		return;
	among->by_bin = palloc(among->bins * sizeof(int));
	for (int b = 0; b < among->bins; b++)
		among->by_bin[b] = -1;
	for (int i = among->last; i >= among->first; i--)
		among->by_bin[plan->intervals[i].bin - among->lowest] = i;
}

static Mask
mask_of(const Plan *plan, int number)
{
	const Among *among = &plan->among[number];
	Mask		mask = {among->lowest, among->bins, 0, number};

	while ((among->bins - 1) >> mask.shift > 127)
		mask.shift++;
	for (int i = among->first; i <= among->last; i++)
	{
		int			bit = (plan->intervals[i].bin - among->lowest) >> mask.shift;

		mask.bits[bit / 64] |= UINT64CONST(1) << (bit % 64);
	}
	return mask;
}

/* Makes a mask for each feature and slot, for count_placed(); none if there would be too many. */
static void
list_masks(Plan *plan, int count)
{
	int		   *number = palloc0(plan->features * sizeof(int));

	plan->listed = palloc(plan->features * sizeof(int));
	for (int a = 0; a < count; a++)
		number[plan->among[a].feature] = 1;
	for (int f = 0; f < plan->features; f++)
		if (number[f])
		{
			plan->listed[plan->nlisted] = f;
			number[f] = plan->nlisted++;
		}
	if ((int64) plan->nlisted * plan->slots > MOST_MASKS)
		return;
	plan->masks = palloc0(Max(plan->nlisted * plan->slots, 1) * sizeof(Mask));
	for (int s = 0; s < plan->slots; s++)
		for (int a = plan->among_of[s]; a < plan->among_of[s + 1]; a++)
			plan->masks[number[plan->among[a].feature] * plan->slots + s] = mask_of(plan, a);
}

/* Reads the intervals, which are sorted by slot, feature, bin and value. */
void
read_intervals(Plan *plan, int nparams, const double *params)
{
	int			width = INTERVAL_FIELDS + 3 * plan->stats;
	const double *given = given_intervals(plan->stats, nparams, params, &plan->nintervals);
	int64		cell = 0;
	int			among = -1;

	plan->intervals = palloc(Max(plan->nintervals, 1) * sizeof(BinInterval));
	plan->among = palloc(Max(plan->nintervals, 1) * sizeof(Among));
	plan->among_of = palloc0((plan->slots + 2) * sizeof(int));
	for (int i = 0; i < plan->nintervals; i++)
	{
		BinInterval   *interval = &plan->intervals[i];
		const BinInterval *last = i > 0 ? interval - 1 : NULL;
		int			feature;

		read_interval(plan, interval, given + (Size) i * width);
		feature = interval->given[INTERVAL_FEATURE];
		interval->cell = cell;
		cell += interval->parts * (plan->stats + 2);
		if (last && (last->slot > interval->slot || (last->slot == interval->slot &&
													 (plan->among[among].feature > feature ||
													  (plan->among[among].feature == feature && last->bin > interval->bin)))))
			whole_parameter(interval->slot, last->slot, last->slot);
		if (last == NULL || last->slot != interval->slot || plan->among[among].feature != feature)
		{
			plan->among[++among] = (Among) {feature, i, i, interval->bin};
			plan->among_of[interval->slot + 1]++;
		}
		plan->among[among].last = i;
	}
	for (int s = 0; s < plan->slots; s++)
		plan->among_of[s + 1] += plan->among_of[s];
	for (int a = 0; a <= among; a++)
		list_bins(plan, &plan->among[a]);
	list_masks(plan, among + 1);
}

/* Whether the rows of a block are where the pass before left them, so that the only thing to do is to count them. */
bool
are_placed(const Plan *plan, const RowBlock *block)
{
	return plan->counting == COUNTING_INTERVALS && plan->coded && plan->nmoves > 0 && plan->folds == 0 &&
		plan->masks && block->codes && block->places;
}
