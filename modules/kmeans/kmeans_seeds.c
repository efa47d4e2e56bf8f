/*
 * kmeans_seeds.c: __kmeans_seeds(...) chooses first centroids among weighted points, by greedy k-means++.
 *
 * The first seed is drawn with probabilities proportional to the weights.  For each further seed a few points are drawn, with
 * probabilities proportional to weight times distance to the nearest seed so far, and the one after which the sum of weight
 * times distance is smallest becomes the seed.  Arthur & Vassilvitskii (2007), k-means++: the advantages of careful seeding.
 *
 * Sums are taken in the order of points and of features, so that the seeds are the same on every machine.  The lanes of a
 * vector belong to different draws, never to parts of one sum.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "kmeans.h"
#include "miscadmin.h"
#include "engine/pieces.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Draws that are evaluated together. */
#define LANES 8

/* Numbers that are summed between two checks for interrupts, which takes less than a millisecond. */
#define NUMBERS_BETWEEN_CHECKS 100000

/* Four doubles, which the compiler puts into vector registers.  A mask is all ones or all zeros. */
typedef double v4 __attribute__((vector_size(32)));
typedef int64 v4mask __attribute__((vector_size(32)));
typedef double v4_unaligned __attribute__((vector_size(32), aligned(8), may_alias));

#define LOAD(p) (*(const v4_unaligned *) (p))
#define STORE(p, v) (*(v4_unaligned *) (p) = (v))

/* One group: m points of d features. */
typedef struct Group
{
	Metric		metric;
	int			m;
	int			d;
	double	   *points;			/* m x d coordinates */
	double	   *weights;		/* m weights */
	double	   *nearest;		/* m distances to the nearest seed */
	double	   *mass;			/* m cumulative sums of weight times distance */
	double	   *lanes;			/* d x LANES: coordinates of the draws */
} Group;

DD_INLINE v4
part(v4 difference, bool absolute)
{
	v4mask		all_but_sign = {PG_INT64_MAX, PG_INT64_MAX, PG_INT64_MAX, PG_INT64_MAX};

	return absolute ? (v4) ((v4mask) difference & all_but_sign) : difference * difference;
}

DD_INLINE v4
smaller(v4 a, v4 b)
{
	v4mask		less = b < a;

	return (v4) ((less & (v4mask) b) | (~less & (v4mask) a));
}

/* Adds weight times distance of rows first .. last - 1 to left[], as if the draw of each lane were a seed. */
DD_INLINE void
add_left(const Group *group, bool absolute, double scale, int first, int last, double *left)
{
	v4			low = LOAD(left);
	v4			high = LOAD(left + 4);

	for (int r = first; r < last; r++)
	{
		const double *point = group->points + (Size) r * group->d;
		v4			before = {group->nearest[r], group->nearest[r], group->nearest[r], group->nearest[r]};
		v4			a = {0};
		v4			b = {0};

		for (int j = 0; j < group->d; j++)
		{
			v4			x = {point[j], point[j], point[j], point[j]};

			a += part(x - LOAD(group->lanes + (Size) j * LANES), absolute);
			b += part(x - LOAD(group->lanes + (Size) j * LANES + 4), absolute);
		}
		low += group->weights[r] * smaller(before, a * scale);
		high += group->weights[r] * smaller(before, b * scale);
	}
	STORE(left, low);
	STORE(left + 4, high);
}

DD_CLONES static void
add_squares(const Group *group, double scale, int first, int last, double *left)
{
	add_left(group, false, scale, first, last, left);
}

DD_CLONES static void
add_absolutes(const Group *group, int first, int last, double *left)
{
	add_left(group, true, 1, first, last, left);
}

/* Replaces the distances of rows first .. last - 1 by those to a new seed that are smaller, four at a time. */
DD_INLINE void
take_nearer(Group *group, const double *seed, bool absolute, double scale, int first, int last)
{
	for (int r = first; r < last; r += 4)
	{
		int			count = Min(4, last - r);
		const double *row[4];
		v4			sum = {0};

		for (int q = 0; q < 4; q++)
			row[q] = group->points + (Size) (r + Min(q, count - 1)) * group->d;
		for (int j = 0; j < group->d; j++)
		{
			v4			x = {row[0][j], row[1][j], row[2][j], row[3][j]};
			v4			c = {seed[j], seed[j], seed[j], seed[j]};

			sum += part(x - c, absolute);
		}
		sum *= scale;
		for (int q = 0; q < count; q++)
			group->nearest[r + q] = Min(group->nearest[r + q], sum[q]);
	}
}

DD_CLONES static void
nearer_by_squares(Group *group, const double *seed, double scale, int first, int last)
{
	take_nearer(group, seed, false, scale, first, last);
}

DD_CLONES static void
nearer_by_absolutes(Group *group, const double *seed, int first, int last)
{
	take_nearer(group, seed, true, 1, first, last);
}

static double
scale_of(const Group *group)
{
	return group->metric == COSINE ? 0.5 : 1;
}

/* Computes for each of `count` draws, indexes of points, the sum of weight times distance if it were a seed. */
static void
sums_left(Group *group, const int *draws, int count, double *left)
{
	int			step = Max(1, NUMBERS_BETWEEN_CHECKS / (LANES * group->d));

	for (int q = 0; q < LANES; q++)
	{
		const double *point = group->points + (Size) draws[Min(q, count - 1)] * group->d;

		left[q] = 0;
		for (int j = 0; j < group->d; j++)
			group->lanes[(Size) j * LANES + q] = point[j];
	}
	for (int first = 0; first < group->m; first += step)
	{
		int			last = Min(group->m, first + step);

		CHECK_FOR_INTERRUPTS();
		if (group->metric == MANHATTAN)
			add_absolutes(group, first, last, left);
		else
			add_squares(group, scale_of(group), first, last, left);
	}
}

static void
take_seed(Group *group, int place)
{
	const double *seed = group->points + (Size) place * group->d;
	int			step = Max(4, NUMBERS_BETWEEN_CHECKS / group->d / 4 * 4);

	for (int first = 0; first < group->m; first += step)
	{
		int			last = Min(group->m, first + step);

		CHECK_FOR_INTERRUPTS();
		if (group->metric == MANHATTAN)
			nearer_by_absolutes(group, seed, first, last);
		else
			nearer_by_squares(group, seed, scale_of(group), first, last);
	}
}

/* Returns the point that a number from 0 to below 1 selects in the cumulative sums of weight times distance. */
static int
drawn(const Group *group, double uniform)
{
	double		wanted = uniform * group->mass[group->m - 1];
	int			low = 0;
	int			high = group->m - 1;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (group->mass[middle] <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Returns the best of `count` draws; -1 if no sum is finite. */
static int
best_draw(Group *group, const double *uniforms, int count)
{
	double		least = INFINITY;
	int			best = -1;

	for (int first = 0; first < count; first += LANES)
	{
		int			own = Min(LANES, count - first);
		int			draws[LANES];
		double		left[LANES];

		for (int q = 0; q < own; q++)
			draws[q] = drawn(group, uniforms[first + q]);
		sums_left(group, draws, own, left);
		for (int q = 0; q < own; q++)
			if (left[q] < least)
			{
				least = left[q];
				best = draws[q];
			}
	}
	return best;
}

/* Chooses k seeds, indexes of points; -1 if there are no more distinct points. */
static void
seed_group(Group *group, int k, int trials, const double *uniforms, int32 *seeds)
{
	for (int r = 0; r < group->m; r++)
		group->nearest[r] = DBL_MAX;	/* not infinite, because 0 times infinity is NaN */
	for (int c = 0; c < k; c++)
	{
		double		sum = 0;

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < group->m; r++)
			group->mass[r] = sum += c > 0 ? group->weights[r] * group->nearest[r] : group->weights[r];
		seeds[c] = -1;
		if (sum > 0)
			seeds[c] = best_draw(group, uniforms + (Size) c * trials, c > 0 ? trials : 1);
		if (seeds[c] >= 0)
			take_seed(group, seeds[c]);
	}
}

/* Returns the doubles in an argument; sets `count` to their number divided by `each`. */
static const char *
numbers_argument(bytea *data, int64 each, const char *what, int64 *count)
{
	int64		numbers = VARSIZE_ANY_EXHDR(data) / sizeof(double);

	*count = each > 0 ? numbers / each : 0;
	if (VARSIZE_ANY_EXHDR(data) % sizeof(double) != 0 || *count * each != numbers || *count > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d bytes are not %s", (int) VARSIZE_ANY_EXHDR(data), what)));
	return VARDATA_ANY(data);
}

static Group
group_new(Metric metric, int64 m, int64 d)
{
	return (Group) {
		.metric = metric,
		.m = m,
		.d = d,
		.points = palloc_extended(m * d * sizeof(double), MCXT_ALLOC_HUGE),
		.weights = palloc_extended(m * sizeof(double), MCXT_ALLOC_HUGE),
		.nearest = palloc_extended(m * sizeof(double), MCXT_ALLOC_HUGE),
		.mass = palloc_extended(m * sizeof(double), MCXT_ALLOC_HUGE),
		.lanes = palloc_extended(d * LANES * sizeof(double), MCXT_ALLOC_HUGE),
	};
}

/*
 * kmeans_seeds(points, weights, uniforms, groups, k, distance): chooses k seeds for each group.  The first three arguments have
 * the bytes of doubles: m points of d features for each group; their weights, 0 for a point that does not exist; for each
 * seed a few numbers from 0 to below 1, the same in all groups.  Returns k indexes of points for each group, as int32.
 */
PG_FUNCTION_INFO_V1(kmeans_seeds);
Datum
kmeans_seeds(PG_FUNCTION_ARGS)
{
	int32		groups = PG_GETARG_INT32(3);
	int32		k = PG_GETARG_INT32(4);
	Metric		metric = metric_argument(PG_GETARG_TEXT_PP(5));
	int64		m;
	int64		d;
	int64		trials;
	const char *weights = numbers_argument(PG_GETARG_BYTEA_PP(1), groups, "weights of points", &m);
	const char *points = numbers_argument(PG_GETARG_BYTEA_PP(0), groups * m, "points", &d);
	const char *uniforms = numbers_argument(PG_GETARG_BYTEA_PP(2), k, "numbers for each seed", &trials);
	Size		drawn_bytes = Max(k, 0) * trials * sizeof(double);
	Size		bytes = VARHDRSZ + (Size) Max(groups, 0) * Max(k, 0) * sizeof(int32);
	double	   *draws = memcpy(palloc(drawn_bytes), uniforms, drawn_bytes);
	bytea	   *result;
	int32	   *seeds;
	Group		group;

	if (groups < 1 || k < 1 || m < 1 || d < 1 || d > MAX_COLUMNS || trials < 1 || bytes > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no %d seeds of %d groups of these points", k, groups)));
	group = group_new(metric, m, d);
	result = palloc(bytes);
	SET_VARSIZE(result, bytes);
	seeds = (int32 *) VARDATA(result);
	for (int32 g = 0; g < groups; g++)
	{
		copy_pieces(group.points, points + (Size) g * m * d * sizeof(double), m * d * sizeof(double));
		copy_pieces(group.weights, weights + (Size) g * m * sizeof(double), m * sizeof(double));
		seed_group(&group, k, trials, draws, seeds + (Size) g * k);
	}
	PG_RETURN_BYTEA_P(result);
}
