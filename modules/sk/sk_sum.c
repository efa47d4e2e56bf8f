/*
 * sk_sum.c: sums in the order of numpy, whose result is the same to the last bit.
 */
#include "postgres.h"

#include "sk.h"

#define LANES 8
#define LONGEST 128

static double
sum_block(const double *values, int count)
{
	double		lanes[LANES];
	double		sum;
	int			n;

	memcpy(lanes, values, sizeof(lanes));
	for (n = LANES; n + LANES <= count; n += LANES)
		for (int lane = 0; lane < LANES; lane++)
			lanes[lane] += values[n + lane];
	sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
	for (; n < count; n++)
		sum += values[n];
	return sum;
}

double
sk_sum(const double *values, int count)
{
	double		sum = 0;
	int			half;

	if (count > LONGEST)
	{
		half = count / 2 - count / 2 % LANES;
		return sk_sum(values, half) + sk_sum(values + half, count - half);
	}
	if (count >= LANES)
		return sum_block(values, count);
	for (int n = 0; n < count; n++)
		sum += values[n];
	return sum;
}
