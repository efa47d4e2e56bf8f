/*
 * forest_draw.c: draws the rows of a tree.
 *
 * How often a row is taken is a function of the seed, the tree and the number of the row: with replacement by the Poisson
 * distribution, to which the binomial of a bootstrap converges (Oza and Russell 2001, Online bagging and boosting), without it
 * 0 or 1.
 */
#include "forest.h"

#include <math.h>

/* The loops are of integers, whose vectors are 256 bits wide with AVX2. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define INTEGER_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define INTEGER_CLONES
#endif

#define MOST_TAKEN 10			/* times that a row is taken; more has a probability below 1e-7 */

#define DRAWS 1					/* stream of a tree */

/* Sets limits[k] so that a random number of 32 bits reaches it with the probability of more than k. */
static void
poisson_limits(double mean, uint32 *limits)
{
	double		term = exp(-mean);
	double		below = 0;

	for (int k = 0; k < MOST_TAKEN; k++)
	{
		below += term;
		term *= mean / (k + 1);
		limits[k] = below < 1 ? (uint32) (below * 4294967295.0) : PG_UINT32_MAX;
	}
}

/* A hash of 32 bits of a number, of which two keys make many functions. */
static inline uint32
hash_number(uint32 number, uint32 first_key, uint32 second_key)
{
	uint32		hash = number * 0x9E3779B1U + first_key;

	hash = (hash ^ (hash >> 16)) * 0x7FEB352DU;
	hash = ((hash ^ (hash >> 15)) * 0x846CA68BU) ^ second_key;
	hash = (hash ^ (hash >> 16)) * 0xC2B2AE35U;
	hash = (hash ^ (hash >> 13)) * 0x27D4EB2FU;
	return hash ^ (hash >> 16);
}

INTEGER_CLONES static void
draw_with_replacement(const uint32 *restrict limits, uint32 first, int rows, uint32 key, uint32 more, uint8 *restrict counts)
{
	for (int r = 0; r < rows; r++)
	{
		uint32		random = hash_number(first + r, key, more);
		uint32		count = 0;

		for (int k = 0; k < MOST_TAKEN; k++)
			count += random > limits[k];
		counts[r] = count;
	}
}

INTEGER_CLONES static void
draw_without_replacement(uint32 limit, uint32 first, int rows, uint32 key, uint32 more, uint8 *restrict counts)
{
	for (int r = 0; r < rows; r++)
		counts[r] = hash_number(first + r, key, more) <= limit;
}

int
list_drawn(const uint8 *counts, int rows, bool drawn, int *list)
{
	int			count = 0;

	for (int r = 0; r < rows; r++)	/* without a branch that depends on the row */
	{
		list[count] = r;
		count += (counts[r] > 0) == drawn;
	}
	return count;
}

void
draw_rows(const ForestSettings *settings, int tree, int64 first, int rows, uint8 *counts)
{
	uint64		stream = stream_of_tree(settings, tree, DRAWS);
	uint32		high = first >> 32;
	uint64		keys = next_random(&stream) + high * UINT64CONST(0x9E3779B97F4A7C15);
	uint32		limits[MOST_TAKEN];

	if (settings->replacement)
	{
		poisson_limits(settings->sample_ratio, limits);
		draw_with_replacement(limits, first, rows, keys >> 32, keys, counts);
	}
	else
		draw_without_replacement(settings->sample_ratio * 4294967295.0, first, rows, keys >> 32, keys, counts);
}
