/*
 * sketch_quantiles.c: estimates quantiles (see sketch.h); they are exact until the first level is full.
 */
#include "postgres.h"

#include <math.h>

#include "numeric/dd.h"
#include "sketch.h"

#define MIN_WIDTH 8				/* smallest width of a level */
#define LANES 4					/* runs that are sorted at the same time */
#define RUN (QUANTILES_AT_ONCE / LANES)

Size
quantiles_bytes(uint32 capacity)
{
	return offsetof(Quantiles, values) + (Size) capacity * sizeof(double);
}

/* Returns how many values make level h of `levels` full: k for the top level, two thirds of the next level for others. */
static inline uint32
width(uint32 levels, uint32 h)
{
	static const uint16 widths[] = {2048, 1366, 911, 607, 405, 270, 180, 120, 80, 54, 36, 24, 16, 11};
	uint32		depth = levels - 1 - h;

	return depth < lengthof(widths) ? widths[depth] : MIN_WIDTH;
}

/* Returns the number of values above which some level must be full. */
static uint32
limit(uint32 levels)
{
	uint32		sum = 0;

	for (uint32 h = 0; h < levels; h++)
		sum += width(levels, h);
	return sum;
}

/* Returns the largest capacity, in values. */
static uint32
most_values(void)
{
	return limit(QUANTILES_LEVELS) + QUANTILES_AT_ONCE;
}

/* Whether `bytes` bytes can be a sketch with levels of these sizes. */
bool
quantiles_is_valid(const Quantiles *q, Size bytes)
{
	uint64		sum = 0;

	/* the result of quantiles_merged() has space for all values of two sketches */
	if (bytes < offsetof(Quantiles, values) || q->capacity > 2 * most_values() ||
		bytes != quantiles_bytes(q->capacity) ||
		q->used > q->capacity || q->levels < 1 || q->levels > QUANTILES_LEVELS)
		return false;
	for (uint32 h = 0; h < q->levels; h++)
		sum += q->sizes[h];
	return sum == q->used;
}

/* Returns the capacity that is needed before `more` values are added. */
uint32
quantiles_capacity_for(const Quantiles *q, uint32 more)
{
	uint32		most = most_values();
	uint32		needed = (q ? q->used : 0) + more;
	uint32		capacity = q ? Max(q->capacity, 16) : 16;	/* the capacity of two merged empty sketches is 0 */

	while (capacity < needed && capacity < most)
		capacity = Min(2 * capacity, most);
	return capacity;
}

void
quantiles_start(Quantiles *q, uint32 capacity)
{
	q->capacity = capacity;
	q->levels = 1;
	q->random = UINT64CONST(0x2545f4914f6cdd1d);
}

static bool
random_bit(Quantiles *q)
{
	q->random ^= q->random << 13;
	q->random ^= q->random >> 7;
	q->random ^= q->random << 17;
	return (q->random >> 40) & 1;
}

/*
 * Merges two sorted runs.  There is no branch on the values, which a processor could not predict.  The merge runs from both
 * ends at the same time, as two chains of steps that do not depend on each other.
 */
static void
merge(const double *a, uint32 na, const double *b, uint32 nb, double *to)
{
	const double *last_a = a + na - 1;
	const double *last_b = b + nb - 1;
	double	   *back = to + na + nb - 1;

	while (a <= last_a && b <= last_b)	/* both runs have a value, so that the two ends take different values */
	{
		Size		first = *a <= *b;
		Size		last = *last_a > *last_b;
		const double *smaller = first ? a : b;
		const double *larger = last ? last_a : last_b;

		*to++ = *smaller;
		*back-- = *larger;
		a += first;
		b += 1 - first;
		last_a -= last;
		last_b -= 1 - last;
	}
	/* copy the rest of one run; the length is right even if a damaged run was not sorted */
	memcpy(to, a <= last_a ? a : b, (back + 1 - to) * sizeof(double));
}

/* Orders the pairs of two rows, with the smaller values in a. */
DD_INLINE void
exchange(double *restrict a, double *restrict b)
{
	for (int i = 0; i < LANES; i++)
	{
		double		low = a[i] < b[i] ? a[i] : b[i];
		double		high = a[i] < b[i] ? b[i] : a[i];

		a[i] = low;
		b[i] = high;
	}
}

/*
 * Sorts the columns of RUN x LANES values by Batcher's merge exchange, Knuth's algorithm 5.2.2M.  Which rows are compared does
 * not depend on the values, so that vector instructions sort LANES columns at once, without branches.
 */
DD_CLONES static void
sort_columns(double *values)
{
	for (int p = RUN / 2; p > 0; p /= 2)
		for (int q = RUN / 2, r = 0, d = p;; d = q - p, q /= 2, r = p)
		{
			for (int i = 0; i < RUN - d; i++)
				if ((i & p) == r)
					exchange(values + i * LANES, values + (i + d) * LANES);
			if (q == p)
				break;
		}
}

/* Sorts at most QUANTILES_AT_ONCE values, without NaN, a few times faster than quicksort. */
static void
sort_values(const double *values, int count, double *sorted)
{
	double		columns[QUANTILES_AT_ONCE];
	double		runs[QUANTILES_AT_ONCE];
	double	   *from = runs;
	double	   *to = columns;

	memcpy(columns, values, count * sizeof(double));
	for (int i = count; i < QUANTILES_AT_ONCE; i++)
		columns[i] = INFINITY;
	sort_columns(columns);
	for (int lane = 0; lane < LANES; lane++)
		for (int i = 0; i < RUN; i++)
			runs[lane * RUN + i] = columns[i * LANES + lane];
	for (int run = RUN; run < QUANTILES_AT_ONCE; run *= 2)
	{
		double	   *swap = from;

		for (int at = 0; at < QUANTILES_AT_ONCE; at += 2 * run)
			merge(from + at, run, from + at + run, run, to + at);
		from = to;
		to = swap;
	}
	memcpy(sorted, from, count * sizeof(double));
}

/* Moves every second value of the lowest full level to the next level, and drops the others. */
static void
compact(Quantiles *q)
{
	uint32		h = 0;
	uint32		below = 0;		/* values in lower levels, which come after this one */
	double	   *level;
	double	   *above;
	double	   *scratch;
	uint32		size;
	uint32		rising;
	bool		odd;

	while (h < q->levels - 1 && q->sizes[h] < width(q->levels, h))
		below += q->sizes[h++];
	if (h + 1 == q->levels && q->levels < QUANTILES_LEVELS)
		q->sizes[q->levels++] = 0;
	if (h + 1 == q->levels)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many values for a sketch of quantiles")));
	size = q->sizes[h];
	level = q->values + q->used - below - size;
	above = level - q->sizes[h + 1];
	odd = size % 2;
	rising = size / 2;
	if (odd && random_bit(q))	/* one value has no partner and stays: at random the last or the first */
	{
		double		first = level[0];

		memmove(level, level + 1, (size - 1) * sizeof(double));
		level[size - 1] = first;
	}
	scratch = palloc((q->sizes[h + 1] + 2 * rising + 1) * sizeof(double));
	for (uint32 i = 0, offset = random_bit(q); i < rising; i++)
		scratch[i] = level[2 * i + offset];
	merge(above, q->sizes[h + 1], scratch, rising, scratch + rising);
	if (odd)
		scratch[rising + q->sizes[h + 1] + rising] = level[size - 1];
	memcpy(above, scratch + rising, (q->sizes[h + 1] + rising + odd) * sizeof(double));
	memmove(above + q->sizes[h + 1] + rising + odd, level + size, below * sizeof(double));
	q->sizes[h + 1] += rising;
	q->sizes[h] = odd;
	q->used -= rising;
	pfree(scratch);
}

/* Adds at most QUANTILES_AT_ONCE values, without NaN; there must be space for them (quantiles_capacity_for). */
void
quantiles_add(Quantiles *q, const double *values, int count)
{
	double		sorted[QUANTILES_AT_ONCE];
	uint32		size;
	double	   *level;
	double	   *old;

	while (q->used > limit(q->levels) || q->used + count > q->capacity)
		compact(q);
	sort_values(values, count, sorted);
	size = q->sizes[0];
	level = q->values + q->used - size;
	old = memcpy(palloc((size + 1) * sizeof(double)), level, size * sizeof(double));
	merge(old, size, sorted, count, level);
	pfree(old);
	q->used += count;
	q->sizes[0] += count;
}

/* Returns a new sketch of the values of both. */
Quantiles *
quantiles_merged(const Quantiles *a, const Quantiles *b)
{
	uint32		levels = Max(a->levels, b->levels);
	uint32		capacity = a->used + b->used;
	Quantiles  *q = palloc0(quantiles_bytes(capacity));
	const double *from_a = a->values;
	const double *from_b = b->values;

	quantiles_start(q, capacity);
	q->levels = levels;
	q->random = a->random ^ (b->random << 1);
	if (q->random == 0)
		q->random = 1;
	for (int h = levels - 1; h >= 0; h--)
	{
		uint32		na = h < a->levels ? a->sizes[h] : 0;
		uint32		nb = h < b->levels ? b->sizes[h] : 0;

		merge(from_a, na, from_b, nb, q->values + q->used);
		from_a += na;
		from_b += nb;
		q->sizes[h] = na + nb;
		q->used += na + nb;
	}
	while (q->used > limit(q->levels))
		compact(q);
	return q;
}

typedef struct Weighted
{
	double		value;
	double		weight;
} Weighted;

#define ST_SORT sort_weighted
#define ST_ELEMENT_TYPE Weighted
#define ST_COMPARE(a, b) ((a)->value < (b)->value ? -1 : (a)->value > (b)->value)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Computes quantiles as percentile_cont does, with interpolation between the two nearest values.  Besides the values of the
 * sketch there are `above` values that are greater than all of them (NaN).
 */
void
quantiles_at(const Quantiles *q, const double *fractions, int count, double above, double *result)
{
	Weighted   *all = palloc((q->used + 1) * sizeof(Weighted));
	double		total = 0;
	uint32		n = 0;

	for (int h = q->levels - 1; h >= 0; h--)
		for (uint32 i = 0; i < q->sizes[h]; i++, n++)
			all[n] = (Weighted) {q->values[n], ldexp(1, h)};
	sort_weighted(all, n);
	for (uint32 i = 0; i < n; i++)
		total = all[i].weight += total;	/* from here on, the weight is the number of values up to this one */
	for (int f = 0; f < count; f++)
	{
		double		rank = fractions[f] * (total + above - 1);
		double		sides[2];

		for (int side = 0; side < 2; side++)
		{
			double		wanted = side ? ceil(rank) : floor(rank);
			uint32		low = 0;
			uint32		high = n;

			while (low < high)	/* find the first value with more than `wanted` values up to it */
			{
				uint32		middle = (low + high) / 2;

				if (all[middle].weight > wanted)
					high = middle;
				else
					low = middle + 1;
			}
			sides[side] = low < n ? all[low].value : NAN;
		}
		result[f] = sides[0] == sides[1] ? sides[0] : sides[0] + (rank - floor(rank)) * (sides[1] - sides[0]);
	}
	pfree(all);
}
