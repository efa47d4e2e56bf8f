/*
 * dtree_intervals.c: rows counted by parts of bins, and the best splits within them.
 *
 * An interval is some values of one bin, in one node: all of them, or those between two that were seen.  It is cut into
 * parts of equal width, of its values or of the numbers between two doubles, which is about that of their logarithm.
 * Cells of an interval: per part, counts as in dtree.c, its smallest value and its largest.
 *
 * Outcome: per interval, Within and the counts of the left side; how many parts may have a better split within them; of
 * each: its interval, its smallest and its largest value, its rows, the most that a split within it can gain, and the
 * counts to the left of it.
 */
#include "dtree_gain.h"

#include "miscadmin.h"

#define MAX_PARTS 1024

/* Up to so many, bins are looked up. */
#define MANY_BINS 256

/* Masks of a pass, at most. */
#define MOST_MASKS 1000000

/* An interval among parameters: these, then counts, of stats numbers each: to the left of it, of NULL, of the node. */
typedef enum IntervalField
{
	AT_SLOT,
	OF_FEATURE,
	IN_BIN,
	LOW,						/* its values are from here */
	HIGH,						/* to here */
	FROM,						/* where parts begin */
	TO,							/* and end */
	LINEAR,						/* 1: parts are equal in the feature's unit */
	PARTS,
	BEST,						/* the best gain that is known for the node */
	INTERVAL_FIELDS
} IntervalField;

typedef enum Within
{
	GAIN,						/* 0: there is no split */
	THRESHOLD,					/* the largest value that goes left */
	TO_RIGHT,					/* 1: NULL goes right */
	SMALLEST,					/* values that there are */
	LARGEST,
	WITHIN
} Within;

/* Where the intervals are among the parameters, and how many. */
static const double *
given_intervals(int stats, int nparams, const double *params, int *count)
{
	int			width = INTERVAL_FIELDS + 3 * stats;
	int			at;

	if (nparams < TAIL_NUMBERS)
		whole_parameter(nparams, TAIL_NUMBERS, MAX_PARAMS);
	at = whole_parameter(params[nparams - 2], 0, nparams - TAIL_NUMBERS);
	*count = whole_parameter(params[nparams - 1], 0, (nparams - TAIL_NUMBERS - at) / width);
	return params + at;
}

/* In doubles. */
int64
interval_cells(int stats, int nparams, const double *params)
{
	int			count;
	const double *given = given_intervals(stats, nparams, params, &count);
	int64		parts = 0;

	for (int i = 0; i < count; i++)
		parts += whole_parameter(given[(Size) i * (INTERVAL_FIELDS + 3 * stats) + PARTS], 1, MAX_PARTS);
	return parts * (stats + 2);
}

/* The place of a double among all of them. */
static inline int64
place_of(double value)
{
	int64		bits;

	value += 0.0;				/* 0 for -0 */
	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? PG_INT64_MIN - bits : bits;
}

static inline double
distance(const BinInterval *interval, double value)
{
	if (value <= interval->from)
		return 0;
	return interval->linear ? value - interval->from
		: (double) ((uint64) place_of(value) - (uint64) place_of(interval->from));
}

static void
read_interval(const Plan *plan, BinInterval *interval, const double *given)
{
	int			feature = whole_parameter(given[OF_FEATURE], 0, plan->features - 1);

	interval->slot = whole_parameter(given[AT_SLOT], 0, plan->slots - 1);
	interval->bin = whole_parameter(given[IN_BIN], 0, plan->codes[feature] - 2);
	interval->low = given[LOW];
	interval->high = given[HIGH];
	interval->from = given[FROM];
	interval->linear = whole_parameter(given[LINEAR], 0, 1);
	interval->parts = whole_parameter(given[PARTS], 1, MAX_PARTS);
	interval->scale = interval->parts / distance(interval, given[TO]);
	interval->given = given;
	plan->used[feature] = true;
}

/* Finds the intervals of each bin by a list, unless there are many bins with few intervals between them. */
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

/* Masks by feature, for rows that are looked at feature by feature; none where they are too many. */
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

/* The intervals come by slot, by feature, by bin, by value. */
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
		feature = interval->given[OF_FEATURE];
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

void
start_intervals(double *cells, int64 count, int stats)
{
	for (double *cell = cells; cell < cells + count; cell += stats + 2)
	{
		cell[stats] = INFINITY;
		cell[stats + 1] = -INFINITY;
	}
}

void
merge_intervals(double *into, const double *from, int64 count, int stats)
{
	for (int64 i = 0; i < count; i += stats + 2)
	{
		for (int k = 0; k < stats; k++)
			into[i + k] += from[i + k];
		into[i + stats] = Min(into[i + stats], from[i + stats]);
		into[i + stats + 1] = Max(into[i + stats + 1], from[i + stats + 1]);
	}
}

/* A row that may lie in an interval, on its way into a cell. */
typedef struct Hit
{
	int			first;			/* of the intervals it may lie in */
	int			last;
	int			bin;
	const double *value;
	const double *target;
	double		shift;
	double	   *cell;
} Hit;

/* As many as memory is asked for at once. */
#define HITS 256

typedef struct Hits
{
	int			count;
	Hit			hit[HITS];
} Hits;

/* Among some intervals the one that a value of a bin is in, or NULL. */
static const BinInterval *
find_interval(const Plan *plan, int low, int high, int bin, double value)
{
	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		const BinInterval *interval = &plan->intervals[middle];

		if (interval->bin < bin || (interval->bin == bin && interval->high < value))
			low = middle + 1;
		else
			high = middle;
	}
	return plan->intervals[low].bin == bin && value >= plan->intervals[low].low &&
		value <= plan->intervals[low].high ? &plan->intervals[low] : NULL;
}

static double *
cell_of(const Plan *plan, const Hit *hit, double *cells)
{
	const BinInterval *interval = find_interval(plan, hit->first, hit->last, hit->bin, *hit->value);
	double		part;
	int			number;

	if (interval == NULL)
		return NULL;
	part = distance(interval, *hit->value) * interval->scale;
	number = part >= interval->parts - 1 ? interval->parts - 1 : part > 0 ? (int) part : 0;
	return cells + interval->cell + (Size) number * (plan->stats + 2);
}

static void
count_hit(const Plan *plan, const Hit *hit)
{
	double		target = *hit->target - hit->shift;
	double	   *cell = hit->cell;
	int			stats = plan->stats;

	if (plan->classes > 0)
		cell[whole_parameter(*hit->target, 0, plan->classes - 1)] += 1;
	else
	{
		cell[0] += 1;
		cell[1] += target;
		cell[2] += target * target;
	}
	cell[stats] = Min(cell[stats], *hit->value);
	cell[stats + 1] = Max(cell[stats + 1], *hit->value);
}

/* Rows lie anywhere in memory, and so do cells: all of them are asked for before the first one is needed. */
static void
count_hits(const Plan *plan, Hits *hits, double *cells)
{
	for (int i = 0; i < hits->count; i++)
	{
		hits->hit[i].cell = cell_of(plan, &hits->hit[i], cells);
		if (hits->hit[i].cell)
			__builtin_prefetch(hits->hit[i].cell, 1);
	}
	for (int i = 0; i < hits->count; i++)
		if (hits->hit[i].cell)
			count_hit(plan, &hits->hit[i]);
	hits->count = 0;
}

/* A value of a bin, in a slot: it is counted if it may be in one of the intervals of its feature there. */
static inline void
add_hit(const Plan *plan, const Among *among, int bin, const double *value, const double *target, double shift,
		Hits *hits, double *cells)
{
	Hit			hit = {among->first, among->last, bin, value, target, shift};

	if ((unsigned) bin - among->lowest >= (unsigned) among->bins)
		return;
	if (among->by_bin)
	{
		hit.first = among->by_bin[bin - among->lowest];
		if (hit.first < 0)
			return;
		hit.last = Min(hit.last, hit.first + among->most);
	}
	__builtin_prefetch(value);
	__builtin_prefetch(target);
	hits->hit[hits->count++] = hit;
	if (hits->count == HITS)
		count_hits(plan, hits, cells);
}

/* Whether the rows of a block are where the pass before left them, so that the only thing to do is to count them. */
bool
are_placed(const Plan *plan, const RowBlock *block)
{
	return plan->counting == COUNT_INTERVALS && plan->coded && plan->nmoves > 0 && plan->folds == 0 &&
		plan->masks && block->codes && block->places;
}

/* Rows of a chunk in slots; returns how many. */
static int
rows_in_slots(const Plan *plan, const int *slot_of, const uint32 *places, int rows, int *row, int *slot)
{
	int			kept = 0;

	for (int r = 0; r < rows; r++)
	{
		row[kept] = r;
		slot[kept] = places[r] < (uint32) plan->nmoves ? slot_of[places[r]] : -1;
		kept += slot[kept] >= 0;
	}
	return kept;
}

/* Finds the rows whose bin of one feature has an interval; returns how many, and which they are in `found`. */
static int
rows_in_bins(const Mask *masks, const uint16 *codes, const int *row, const int *slot, int rows, int *found)
{
	int			count = 0;

	for (int i = 0; i < rows; i++)
	{
		const Mask *mask = &masks[slot[i]];
		unsigned	bin = (unsigned) codes[row[i]] - mask->lowest;
		unsigned	bit = (bin >> mask->shift) & 127;

		found[count] = i;
		count += bin < mask->bins && ((mask->bits[bit / 64] >> (bit % 64)) & 1);
	}
	return count;
}

/* Count rows that are where the pass before left them: feature by feature, for whose cells there is space in the cache. */
void
count_placed(const Plan *plan, const RowBlock *block, double *cells)
{
	int		   *slot_of = palloc(plan->nmoves * sizeof(int));
	int			row[DTREE_CHUNK];
	int			slot[DTREE_CHUNK];
	int			found[DTREE_CHUNK];
	Hits		hits = {0};

	for (int i = 0; i < plan->nmoves; i++)
		slot_of[i] = plan->nodes[plan->moves[i]].slot;
	for (int first = 0; first < block->rows; first += DTREE_CHUNK)
	{
		const double *target = block->columns[plan->features] + first;
		const uint32 *places = block->places + first;
		int			kept = rows_in_slots(plan, slot_of, places, Min(DTREE_CHUNK, block->rows - first), row, slot);

		for (int l = 0; l < plan->nlisted; l++)
		{
			int			f = plan->listed[l];
			const Mask *masks = plan->masks + l * plan->slots;
			const uint16 *codes = block->codes[f] + first;
			int			count = rows_in_bins(masks, codes, row, slot, kept, found);

			for (int i = 0; i < count; i++)
			{
				int			r = row[found[i]];

				add_hit(plan, &plan->among[masks[slot[found[i]]].among], codes[r], block->columns[f] + first + r,
						target + r, plan->nodes[plan->moves[places[r]]].shift, &hits, cells);
			}
		}
	}
	count_hits(plan, &hits, cells);
	pfree(slot_of);
}

/* Count the rows of a chunk, whose first row is row `first` of the block. */
void
count_intervals(const Plan *plan, const RowBlock *block, int first, const Chunk *chunk, double *cells)
{
	const double *target = block->columns[plan->features] + first;
	Hits		hits = {0};

	for (int i = 0; i < chunk->kept; i++)
	{
		int			slot = chunk->slot[i];
		int			row = chunk->row[i];

		for (int a = plan->among_of[slot]; a < plan->among_of[slot + 1]; a++)
		{
			int			feature = plan->among[a].feature;

			add_hit(plan, &plan->among[a], chunk->codes[feature * DTREE_CHUNK + row],
					block->columns[feature] + first + row, target + row, plan->nodes[chunk->node[row]].shift, &hits,
					cells);
		}
	}
	count_hits(plan, &hits, cells);
}

/* One interval on its way to the outcome. */
typedef struct Search
{
	Node		node;
	const BinInterval *interval;
	const double *cells;
	const double *before;		/* counts to the left of the interval, without NULL */
	const double *null;
	double	   *found;
	double	   *left;			/* counts of the left side */
	double	   *below;			/* scratch */
	double	   *side;			/* scratch */
} Search;

static Search
search_in(const Plan *plan, const State *state, int number)
{
	Search		search = {0};
	int			stats = plan->stats;

	search.interval = &plan->intervals[number];
	search.cells = state->body + state->nparams + search.interval->cell;
	search.before = search.interval->given + INTERVAL_FIELDS;
	search.null = search.before + stats;
	set_node(&search.node, plan, search.null + stats);
	return search;
}

/* Between the largest value of a part and the smallest of the next one that has any: `low` itself if nothing is. */
static double
between(double low, double high)
{
	double		middle = low / 2 + high / 2;

	return middle >= low && middle < high ? middle : low;
}

/* Cuts between parts, NULL on one side; the first of the best ones is kept. */
static void
try_parts(Search *search, bool null_right)
{
	const Plan *plan = search->node.plan;
	int			stats = plan->stats;
	double		least_rows = Max(plan->min_bucket, 1);
	const double *last = NULL;	/* the part before that has rows */

	for (int i = 0; i < stats; i++)
		search->side[i] = search->before[i] + (null_right ? 0 : search->null[i]);
	for (int part = 0; part < search->interval->parts; part++)
	{
		const double *cell = search->cells + (Size) part * (stats + 2);
		double		rows;
		double		gain;

		if (rows_of(plan, cell) == 0)
			continue;
		rows = rows_of(plan, search->side);
		gain = gain_of(&search->node, search->side, rows);
		if (last && rows >= least_rows && search->node.rows - rows >= least_rows &&
			gain > search->found[GAIN] && gain > search->node.least)
		{
			search->found[GAIN] = gain;
			search->found[THRESHOLD] = between(last[stats + 1], cell[stats]);
			search->found[TO_RIGHT] = null_right;
			memcpy(search->left, search->side, stats * sizeof(double));
		}
		last = cell;
		for (int i = 0; i < stats; i++)
			search->side[i] += cell[i];
	}
}

static void
find_in_interval(Search *search)
{
	bool		has_null = rows_of(search->node.plan, search->null) > 0;
	int			stats = search->node.plan->stats;

	search->found[SMALLEST] = INFINITY;
	search->found[LARGEST] = -INFINITY;
	for (int part = 0; part < search->interval->parts; part++)
	{
		const double *cell = search->cells + (Size) part * (stats + 2);

		search->found[SMALLEST] = Min(search->found[SMALLEST], cell[stats]);
		search->found[LARGEST] = Max(search->found[LARGEST], cell[stats + 1]);
	}
	try_parts(search, false);
	if (has_null)
		try_parts(search, true);
	if (!has_null && search->found[GAIN] > 0)
		search->found[TO_RIGHT] = rows_of(search->node.plan, search->left) * 2 < search->node.rows;
}

/* Parts with several values, within which a split may be better than the best one that is known. */
static void
find_parts(Search *search, int number, double best, Numbers *parts)
{
	const Plan *plan = search->node.plan;
	int			stats = plan->stats;
	double		bar = Max(best * (1 + WORTH), search->node.least);

	memcpy(search->below, search->before, stats * sizeof(double));
	for (int part = 0; part < search->interval->parts; part++)
	{
		const double *cell = search->cells + (Size) part * (stats + 2);

		double		most = cell[stats] < cell[stats + 1]
			? most_within(&search->node, search->below, cell, search->null, bar, search->side) : 0;

		if (most > bar)
		{
			double	   *to = more_numbers(parts, 5 + stats);

			to[0] = number;
			to[1] = cell[stats];
			to[2] = cell[stats + 1];
			to[3] = rows_of(plan, cell);
			to[4] = most;
			memcpy(to + 5, search->below, stats * sizeof(double));
		}
		for (int i = 0; i < stats; i++)
			search->below[i] += cell[i];
	}
}

State *
interval_outcome(const Plan *plan, const State *state)
{
	int			stats = plan->stats;
	int64		width = WITHIN + stats;
	double	   *found = palloc0(Max(plan->nintervals, 1) * width * sizeof(double));
	double	   *best = palloc0(Max(plan->slots, 1) * sizeof(double));
	double	   *room = palloc(2 * stats * sizeof(double));
	Numbers		parts = {0};

	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < plan->nintervals; i++)
		{
			Search		search = search_in(plan, state, i);
			int			slot = search.interval->slot;

			CHECK_FOR_INTERRUPTS();
			search.found = found + i * width;
			search.left = search.found + WITHIN;
			search.below = room;
			search.side = room + stats;
			if (pass == 0)
			{
				find_in_interval(&search);
				best[slot] = Max(best[slot], Max(search.found[GAIN], search.interval->given[BEST]));
			}
			else
				find_parts(&search, i, best[slot], &parts);
		}
	return outcome_of(state, found, plan->nintervals * width, &parts, 5 + stats);
}
