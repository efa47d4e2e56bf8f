/*
 * interval_counts.c: counts rows in parts of bins.
 */
#include "interval_counts.h"

#include <math.h>

#include "interval_plan.h"
#include "parameters.h"

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

/* A row that may be in an interval, before it is counted. */
typedef struct Hit
{
	int			first;			/* with `last`: the intervals that it may be in */
	int			last;
	int			bin;
	int			row;			/* row number in the block */
	const double *value;
	double		shift;
	double	   *cell;
} Hit;

/* Rows whose memory is prefetched before they are counted. */
#define HITS 256

typedef struct Hits
{
	const double *targets;		/* targets of the block */
	const double *weights;		/* NULL: each row counts once */
	int			count;
	Hit			hit[HITS];
} Hits;

static Hits
no_hits(const Plan *plan, const RowBlock *block)
{
	return (Hits) {block->columns[plan->features], plan->weighted ? block->columns[plan->features + 1] : NULL};
}

/* Returns the interval from `low` to `high` that a value of a bin is in, or NULL. */
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
count_hit(const Plan *plan, const Hit *hit, const double *targets, double weight)
{
	double		target = targets[hit->row] - hit->shift;
	double	   *cell = hit->cell;
	int			stats = plan->stats;

	if (plan->classes > 0)
		cell[whole_parameter(targets[hit->row], 0, plan->classes - 1)] += weight;
	else
	{
		cell[STAT_ROWS] += weight;
		cell[STAT_SUM] += weight * target;
		cell[STAT_SQUARES] += weight * target * target;
	}
	cell[stats] = Min(cell[stats], *hit->value);
	cell[stats + 1] = Max(cell[stats + 1], *hit->value);
}

/* Counts the collected rows.  Their cells are far apart in memory, so all are prefetched before the first is changed. */
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
			count_hit(plan, &hits->hit[i], hits->targets, hits->weights ? hits->weights[hits->hit[i].row] : 1);
	hits->count = 0;
}

/* Collects a row if its bin has an interval among those of its feature and slot. */
static inline void
add_hit(const Plan *plan, const Among *among, int bin, int row, const double *value, double shift, Hits *hits,
		double *cells)
{
	Hit			hit = {among->first, among->last, bin, row, value, shift};

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
	__builtin_prefetch(hits->targets + row);
	if (hits->weights)
		__builtin_prefetch(hits->weights + row);
	hits->hit[hits->count++] = hit;
	if (hits->count == HITS)
		count_hits(plan, hits, cells);
}

/* Lists the rows of a chunk that have a slot, and returns their number; `weights` is NULL if each row counts once. */
static int
rows_in_slots(const Plan *plan, const int *slot_of, const uint32 *places, const double *weights, int rows, int *row,
			  int *slot)
{
	int			kept = 0;

	for (int r = 0; r < rows; r++)
	{
		row[kept] = r;
		slot[kept] = places[r] < (uint32) plan->nmoves ? slot_of[places[r]] : -1;
		kept += weights ? slot[kept] >= 0 && weights[r] > 0 : slot[kept] >= 0;
	}
	return kept;
}

/* Lists in `found` the rows whose bin of one feature has an interval, and returns their number. */
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

/* Counts rows at the nodes that the previous pass has stored, feature by feature, so that the cells stay in the cache. */
void
count_placed(const Plan *plan, const RowBlock *block, double *cells)
{
	int		   *slot_of = palloc(plan->nmoves * sizeof(int));
	int			row[TREE_CHUNK];
	int			slot[TREE_CHUNK];
	int			found[TREE_CHUNK];
	Hits		hits = no_hits(plan, block);

	for (int i = 0; i < plan->nmoves; i++)
		slot_of[i] = plan->nodes[plan->moves[i]].slot;
	for (int first = 0; first < block->rows; first += TREE_CHUNK)
	{
		const double *weights = hits.weights ? hits.weights + first : NULL;
		const uint32 *places = block->places + first;
		int			rows = Min(TREE_CHUNK, block->rows - first);
		int			kept = rows_in_slots(plan, slot_of, places, weights, rows, row, slot);

		for (int l = 0; l < plan->nlisted; l++)
		{
			int			f = plan->listed[l];
			const Mask *masks = plan->masks + l * plan->slots;
			const uint16 *codes = block->codes[f] + first;
			int			count = rows_in_bins(masks, codes, row, slot, kept, found);

			for (int i = 0; i < count; i++)
			{
				int			r = row[found[i]];

				add_hit(plan, &plan->among[masks[slot[found[i]]].among], codes[r], first + r,
						block->columns[f] + first + r, plan->nodes[plan->moves[places[r]]].shift, &hits, cells);
			}
		}
	}
	count_hits(plan, &hits, cells);
	pfree(slot_of);
}

/* Counts the rows of a chunk, whose first row is row `first` of the block. */
void
count_intervals(const Plan *plan, const RowBlock *block, int first, const Chunk *chunk, double *cells)
{
	Hits		hits = no_hits(plan, block);

	for (int i = 0; i < chunk->kept; i++)
	{
		int			slot = chunk->slot[i];
		int			row = chunk->row[i];

		for (int a = plan->among_of[slot]; a < plan->among_of[slot + 1]; a++)
		{
			int			feature = plan->among[a].feature;

			add_hit(plan, &plan->among[a], chunk->codes[feature * TREE_CHUNK + row], first + row,
					block->columns[feature] + first + row, plan->nodes[chunk->node[row]].shift, &hits, cells);
		}
	}
	count_hits(plan, &hits, cells);
}
