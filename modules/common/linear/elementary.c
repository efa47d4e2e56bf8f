/*
 * elementary.c: exponentials, logarithms, ranges and sums of products of arrays, in loops that the compiler vectorises.
 */
#include "postgres.h"

#include <math.h>

#include "irls.h"

typedef int64 bits __attribute__((may_alias));

/* Limit of |x|: exp(-700) is 1e-304, which all functions here can still compute with. */
#define MOST 700.0

/*
 * Computes exp(-|x|) with an error of one or two units in the last place: x = n log 2 + r with |r| <= log(2) / 2, and
 * exp(r) by its Taylor series.  A large number is added so that the last bits of the sum are n, from which 2^n is made.
 * |x| above `most` counts as `most`, which is an argument because gcc 12 does not vectorise the loop with a constant.
 */
DD_CLONES static void
exponentials(const double *restrict x, double most, int rows, double *restrict result, double *restrict shifted)
{
	for (int r = 0; r < rows; r++)
	{
		double		size = fabs(x[r]);
		double		t = -(size < most ? size : most);
		double		n;
		double		f;
		double		e;

		shifted[r] = t * 1.4426950408889634 + 0x1.8p52;
		n = shifted[r] - 0x1.8p52;
		f = (t - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b3ap-40;
		e = 1.0 / 6227020800.0;
		e = e * f + 1.0 / 479001600.0;
		e = e * f + 1.0 / 39916800.0;
		e = e * f + 1.0 / 3628800.0;
		e = e * f + 1.0 / 362880.0;
		e = e * f + 1.0 / 40320.0;
		e = e * f + 1.0 / 5040.0;
		e = e * f + 1.0 / 720.0;
		e = e * f + 1.0 / 120.0;
		e = e * f + 1.0 / 24.0;
		e = e * f + 1.0 / 6.0;
		e = e * f + 0.5;
		e = e * f + 1.0;
		result[r] = e * f + 1.0;
	}
}

DD_CLONES static void
scale_by_powers(bits *restrict result, const bits *restrict shifted, int rows)
{
	for (int r = 0; r < rows; r++)
		result[r] += (bits) ((uint64) shifted[r] << 52);
}

/* Computes exp(-|x|), but exp(-700) for |x| > 700; `shifted` is space for as many numbers. */
void
exp_minus_abs(const double *x, int rows, double *result, double *shifted)
{
	exponentials(x, MOST, rows, result, shifted);
	scale_by_powers((bits *) result, (const bits *) shifted, rows);
}

/*
 * Splits x into 2^e and a mantissa from sqrt(1/2) to sqrt(2).  The exponent is returned as the double 1.5 2^52 + e, whose
 * last bits are those of e.  The shifts are of unsigned numbers, because AVX2 has no signed ones for 64 bits.
 */
DD_CLONES static void
split(const bits *restrict x, int rows, bits *restrict exponent, bits *restrict mantissa)
{
	const uint64 root = UINT64CONST(0x3fe6a09e667f3bcd);
	const uint64 bias = UINT64CONST(1023);
	const uint64 magic = UINT64CONST(0x4338000000000000);

	for (int r = 0; r < rows; r++)
	{
		uint64		e = (((uint64) x[r] - root + (bias << 52)) >> 52) - bias;

		exponent[r] = (bits) (e + magic);
		mantissa[r] = (bits) ((uint64) x[r] - (e << 52));
	}
}

/* Computes e log 2 + log m; log m by the series of 2 atanh((m - 1) / (m + 1)), whose argument is below 0.172. */
DD_CLONES static void
logarithms(const double *restrict mantissa, int rows, double *restrict result)
{
	for (int r = 0; r < rows; r++)
	{
		double		e = result[r] - 0x1.8p52;
		double		s = (mantissa[r] - 1) / (mantissa[r] + 1);
		double		z = s * s;
		double		p;

		p = 1.0 / 21;
		p = p * z + 1.0 / 19;
		p = p * z + 1.0 / 17;
		p = p * z + 1.0 / 15;
		p = p * z + 1.0 / 13;
		p = p * z + 1.0 / 11;
		p = p * z + 1.0 / 9;
		p = p * z + 1.0 / 7;
		p = p * z + 1.0 / 5;
		p = p * z + 1.0 / 3;
		result[r] = e * 0x1.62e42fefa0000p-1 + (2 * s + (2 * s * z * p + e * 0x1.cf79abc9e3b3ap-40));
	}
}

/* Computes log(x) of positive normal numbers, to two units in the last place; `scratch` is space for as many numbers. */
void
log_positive(const double *x, int rows, double *result, double *scratch)
{
	split((const bits *) x, rows, (bits *) result, (bits *) scratch);
	logarithms(scratch, rows, result);
}

/* Returns the sum of a[r] b[r]. */
DD_CLONES double
sum_of_products(const double *restrict a, const double *restrict b, int rows)
{
	double		sum[LANES] = {0};

	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
			sum[q] += a[r + q] * b[r + q];
	return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

/* Returns the smallest and the largest number; none may be NaN. */
DD_CLONES Range
range_of(const double *x, int rows)
{
	double		lowest[LANES];
	double		highest[LANES];
	Range		range = {INFINITY, -INFINITY};

	for (int q = 0; q < LANES; q++)
		lowest[q] = highest[q] = x[q];
	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
		{
			double		value = x[r + q];

			lowest[q] = value < lowest[q] ? value : lowest[q];
			highest[q] = value > highest[q] ? value : highest[q];
		}
	for (int q = 0; q < LANES; q++)
	{
		range.lowest = Min(range.lowest, lowest[q]);
		range.highest = Max(range.highest, highest[q]);
	}
	return range;
}

/* Whether no number is infinite or NaN. */
DD_CLONES bool
all_finite(const double *x, int rows)
{
	double		poison[LANES] = {0};
	double		sum = 0;

	for (int r = 0; r < rows; r += LANES)
		for (int q = 0; q < LANES; q++)
			poison[q] += x[r + q] - x[r + q];
	for (int q = 0; q < LANES; q++)
		sum += poison[q];
	return sum == 0;
}
