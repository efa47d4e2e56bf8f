/*
 * kmeans_chunk.c: finds the nearest of k centroids to each row of a chunk, and sums the rows, four doubles at a time.
 *
 * Distances are sums of squared differences.  |x|^2 - 2 x c + |c|^2 would take half the operations, but loses all digits if
 * the data are far from zero.
 */
#include "postgres.h"

#include "kmeans.h"
#include "miscadmin.h"

/* Four doubles, which the compiler puts into vector registers.  A mask is all ones or all zeros. */
typedef double v4 __attribute__((vector_size(32)));
typedef int64 v4mask __attribute__((vector_size(32)));
typedef double v4_unaligned __attribute__((vector_size(32), aligned(8), may_alias));

#define LOAD(p) (*(const v4_unaligned *) (p))
#define STORE(p, v) (*(v4_unaligned *) (p) = (v))
#define SAME(x) ((v4) {x, x, x, x})

DD_INLINE v4
pick(v4mask mask, v4 yes, v4 no)
{
	return (v4) ((mask & (v4mask) yes) | (~mask & (v4mask) no));
}

DD_INLINE v4
part(v4 difference, bool absolute)
{
	v4mask		all_but_sign = {PG_INT64_MAX, PG_INT64_MAX, PG_INT64_MAX, PG_INT64_MAX};

	return absolute ? (v4) ((v4mask) difference & all_but_sign) : difference * difference;
}

/* Compares the distances to one more centroid with the smallest so far; a comparison with NaN is false. */
DD_INLINE void
compare(v4 distance, int number, bool want_second, v4 *best, v4 *index, v4 *second)
{
	v4mask		nearer = distance < *best;

	if (want_second)
	{
		v4			farther = pick(nearer, *best, distance);

		*second = pick(farther < *second, farther, *second);
	}
	*best = pick(nearer, distance, *best);
	*index = pick(nearer, SAME((double) number), *index);
}

DD_INLINE void
nearest_rows(bool absolute, bool want_second, const double *const *columns, int d, const double *centroids, int k,
			 Nearest *nearest)
{
	for (int c = 0; c < k; c += 4)
	{
		const double *c0 = centroids + (Size) c * d;
		const double *c1 = c0 + d;
		const double *c2 = c1 + d;
		const double *c3 = c2 + d;

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < KMEANS_CHUNK; r += 8)
		{
			v4			a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0};
			v4			b0 = {0}, b1 = {0}, b2 = {0}, b3 = {0};
			v4			best, index, second;

			for (int j = 0; j < d; j++)
			{
				v4			a = LOAD(columns[j] + r);
				v4			b = LOAD(columns[j] + r + 4);

				a0 += part(a - c0[j], absolute);
				b0 += part(b - c0[j], absolute);
				a1 += part(a - c1[j], absolute);
				b1 += part(b - c1[j], absolute);
				a2 += part(a - c2[j], absolute);
				b2 += part(b - c2[j], absolute);
				a3 += part(a - c3[j], absolute);
				b3 += part(b - c3[j], absolute);
			}
			best = LOAD(nearest->distance + r);
			index = LOAD(nearest->index + r);
			second = LOAD(nearest->second + r);
			compare(a0, c, want_second, &best, &index, &second);
			compare(a1, c + 1, want_second, &best, &index, &second);
			compare(a2, c + 2, want_second, &best, &index, &second);
			compare(a3, c + 3, want_second, &best, &index, &second);
			STORE(nearest->distance + r, best);
			STORE(nearest->index + r, index);
			STORE(nearest->second + r, second);
			best = LOAD(nearest->distance + r + 4);
			index = LOAD(nearest->index + r + 4);
			second = LOAD(nearest->second + r + 4);
			compare(b0, c, want_second, &best, &index, &second);
			compare(b1, c + 1, want_second, &best, &index, &second);
			compare(b2, c + 2, want_second, &best, &index, &second);
			compare(b3, c + 3, want_second, &best, &index, &second);
			STORE(nearest->distance + r + 4, best);
			STORE(nearest->index + r + 4, index);
			STORE(nearest->second + r + 4, second);
		}
	}
}

/* One function for each kind of sum, so that the compiler sees constants. */

DD_CLONES static void
squares(const double *const *columns, int d, const double *centroids, int k, Nearest *nearest)
{
	nearest_rows(false, false, columns, d, centroids, k, nearest);
}

DD_CLONES static void
squares_and_second(const double *const *columns, int d, const double *centroids, int k, Nearest *nearest)
{
	nearest_rows(false, true, columns, d, centroids, k, nearest);
}

DD_CLONES static void
absolutes_and_second(const double *const *columns, int d, const double *centroids, int k, Nearest *nearest)
{
	nearest_rows(true, true, columns, d, centroids, k, nearest);
}

/*
 * Finds the nearest of k centroids to each row of a chunk; of several equally near ones, the first.  `centroids` has
 * PADDED_CENTROIDS(k) rows of d numbers.  For COSINE, rows and centroids must have length 1: then 1 - x c is |x - c|^2 / 2,
 * which has no cancellation.
 */
void
nearest_centroids(Metric metric, bool want_second, const double *const *columns, int d, const double *centroids, int k,
				  Nearest *nearest)
{
	for (int r = 0; r < KMEANS_CHUNK; r++)
	{
		nearest->distance[r] = nearest->second[r] = INFINITY;
		nearest->index[r] = 0;
	}
	if (metric == MANHATTAN)
		absolutes_and_second(columns, d, centroids, k, nearest);
	else if (want_second)
		squares_and_second(columns, d, centroids, k, nearest);
	else
		squares(columns, d, centroids, k, nearest);
	if (metric == COSINE)
		for (int r = 0; r < KMEANS_CHUNK; r++)
		{
			nearest->distance[r] /= 2;
			nearest->second[r] /= 2;
		}
}

/* Divides each row of a chunk by its length; the result is NaN for a length of zero. */
DD_CLONES void
unit_rows(const double *const *columns, int d, double *const *to)
{
	double		length[KMEANS_CHUNK] = {0};

	for (int j = 0; j < d; j++)
		for (int r = 0; r < KMEANS_CHUNK; r++)
			length[r] += columns[j][r] * columns[j][r];
	for (int r = 0; r < KMEANS_CHUNK; r++)
		length[r] = sqrt(length[r]);
	for (int j = 0; j < d; j++)
		for (int r = 0; r < KMEANS_CHUNK; r++)
			to[j][r] = columns[j][r] / length[r];
}

/* Multiplies the columns of a chunk with the weights of its rows. */
DD_CLONES void
weigh_rows(const double *const *columns, int width, const double *weights, double *const *to)
{
	for (int j = 0; j < width; j++)
		for (int r = 0; r < KMEANS_CHUNK; r++)
			to[j][r] = columns[j][r] * weights[r];
}

/*
 * Adds a row, `width` numbers, to exact sums.  Every number is rounded to a multiple of a coarse unit, and the remainder to a
 * multiple of a fine unit; sums of a few thousand such multiples are exact.  So the order of the rows does not matter.
 * coarse[] and fine[] are 1.5 * 2^52 units; adding and subtracting them rounds a number (Demmel & Nguyen, "Fast
 * reproducible floating-point summation", ARITH 2013).
 *
 * `width` is a multiple of 4.  Row r is added to sums[r % 4] + place[r]: `width` coarse sums, then `width` fine ones.  Rows are
 * added to four sums in turn, so that an addition need not wait for the previous one.
 */
DD_INLINE void
sum_row(v4 x, v4 coarse, v4 fine, double *sums, int width)
{
	v4			high = (x + coarse) - coarse;
	v4			low = ((x - high) + fine) - fine;

	STORE(sums, LOAD(sums) + high);
	STORE(sums + width, LOAD(sums + width) + low);
}

DD_CLONES void
sum_rows(const double *const *columns, int width, const double *coarse, const double *fine, const int *place,
		 double *const *sums)
{
	v4mask		even = {0, 4, 2, 6};
	v4mask		odd = {1, 5, 3, 7};
	v4mask		front = {0, 1, 4, 5};
	v4mask		back = {2, 3, 6, 7};

	for (int j = 0; j < width; j += 4)
	{
		v4			big = LOAD(coarse + j);
		v4			small = LOAD(fine + j);

		for (int r = 0; r < KMEANS_CHUNK; r += 4)
		{
			v4			a = LOAD(columns[j] + r);
			v4			b = LOAD(columns[j + 1] + r);
			v4			c = LOAD(columns[j + 2] + r);
			v4			d = LOAD(columns[j + 3] + r);
			v4			ab02 = __builtin_shuffle(a, b, even);
			v4			ab13 = __builtin_shuffle(a, b, odd);
			v4			cd02 = __builtin_shuffle(c, d, even);
			v4			cd13 = __builtin_shuffle(c, d, odd);

			sum_row(__builtin_shuffle(ab02, cd02, front), big, small, sums[0] + place[r] + j, width);
			sum_row(__builtin_shuffle(ab13, cd13, front), big, small, sums[1] + place[r + 1] + j, width);
			sum_row(__builtin_shuffle(ab02, cd02, back), big, small, sums[2] + place[r + 2] + j, width);
			sum_row(__builtin_shuffle(ab13, cd13, back), big, small, sums[3] + place[r + 3] + j, width);
		}
	}
}

/* Returns the first rows of a column as a full chunk; if there are fewer, the last one is repeated. */
const double *
chunk_of(const double *column, int rows, double *scratch)
{
	if (rows == KMEANS_CHUNK)
		return column;
	memcpy(scratch, column, rows * sizeof(double));
	for (int r = rows; r < KMEANS_CHUNK; r++)
		scratch[r] = column[rows - 1];
	return scratch;
}

/* Raises an error that names a value that cannot be used, if there is one; called after a distance was not finite. */
void
check_chunk(const double *const *columns, int d, int rows)
{
	for (int j = 0; j < d; j++)
		for (int r = 0; r < rows; r++)
		{
			if (!isfinite(columns[j][r]))
				not_finite(j, d + 1, columns[j][r]);
			if (fabs(columns[j][r]) > KMEANS_LARGEST)
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("feature %d is %g in some row", j + 1, columns[j][r]),
						 errdetail("Squares of distances would not be finite."),
						 errhint("Scale the feature: the largest number that can be used is %g.", KMEANS_LARGEST)));
		}
}
