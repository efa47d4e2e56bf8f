/*
 * sketch_hll.c: counts distinct values by their hashes (see sketch.h).
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_bitutils.h"
#include "sketch.h"

#define HLL_MAX_RANK (64 - HLL_BITS + 1)

Size
hll_bytes(uint32 capacity)
{
	return offsetof(Hll, entries) + (capacity == 0 ? HLL_REGISTERS : (Size) capacity * sizeof(uint64));
}

/* Whether `bytes` bytes can be a sketch; its entries and registers are checked when they are read. */
bool
hll_is_valid(const Hll *hll, Size bytes)
{
	if (bytes < offsetof(Hll, entries) || hll->capacity > HLL_MAX_CAPACITY)
		return false;
	if (hll->capacity != 0 &&
		(hll->capacity < HLL_MIN_CAPACITY || (hll->capacity & (hll->capacity - 1)) != 0 ||
		 hll->count > hll->capacity / 4 * 3))
		return false;
	return bytes == hll_bytes(hll->capacity);
}

/* Returns the smallest capacity for `count` entries, at most the largest one, whose table is converted to registers. */
uint32
hll_capacity_for(uint64 count)
{
	uint32		capacity = HLL_MIN_CAPACITY;

	while (capacity / 4 * 3 < count && capacity < HLL_MAX_CAPACITY)
		capacity *= 2;
	return capacity;
}

uint32
hll_merged_capacity(const Hll *a, const Hll *b)
{
	return a->capacity == 0 || b->capacity == 0 ? HLL_MAX_CAPACITY : hll_capacity_for((uint64) a->count + b->count);
}

static void
add_to_registers(Hll *hll, uint64 hash)
{
	uint8	   *registers = (uint8 *) hll->entries;
	uint64		index = hash >> (64 - HLL_BITS);
	uint64		rest = (hash << HLL_BITS) | (UINT64CONST(1) << (HLL_BITS - 1));
	int			rank = 64 - pg_leftmost_one_pos64(rest);

	if (registers[index] < rank)
		registers[index] = rank;
}

static void
damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("this sketch of distinct values is damaged")));
}

/* Converts the largest table to registers, which have as many bytes. */
static void
turn_into_registers(Hll *hll)
{
	Size		bytes = HLL_MAX_CAPACITY * sizeof(uint64);
	uint64	   *entries;

	if (hll->capacity != HLL_MAX_CAPACITY)
		damaged();
	entries = memcpy(palloc(bytes), hll->entries, bytes);
	hll->capacity = 0;
	hll->count = 0;
	memset(hll->entries, 0, bytes);
	for (int i = 0; i < HLL_MAX_CAPACITY; i++)
		if (entries[i] != 0)
			add_to_registers(hll, entries[i]);
	pfree(entries);
}

/* Adds a hash; returns false if the table is full and must first be copied into a larger one. */
bool
hll_add(Hll *hll, uint64 hash)
{
	uint32		mask = hll->capacity - 1;
	uint32		at;

	if (hll->capacity == 0)
	{
		add_to_registers(hll, hash);
		return true;
	}
	if (hash == 0)				/* 0 marks an empty entry */
		hash = 1;
	at = (uint32) hash & mask;
	for (uint32 tried = 0; tried <= mask; tried++, at = (at + 1) & mask)
	{
		if (hll->entries[at] == hash)
			return true;
		if (hll->entries[at] == 0)
		{
			if (hll->count >= hll->capacity / 4 * 3)
			{
				if (hll->capacity < HLL_MAX_CAPACITY)
					return false;
				turn_into_registers(hll);
				return hll_add(hll, hash);
			}
			hll->entries[at] = hash;
			hll->count++;
			return true;
		}
	}
	damaged();
	return false;
}

/*
 * Adds many hashes; there must be space for them (hll_capacity_for).  The registers of a dozen columns do not fit into the
 * first-level cache, so all that are needed are prefetched before the first is changed.
 */
void
hll_add_block(Hll *hll, const uint64 *hashes, int count)
{
	const uint8 *registers = (const uint8 *) hll->entries;

	if (hll->capacity == 0)
		for (int i = 0; i < count; i++)
			__builtin_prefetch(&registers[hashes[i] >> (64 - HLL_BITS)], 1);
	for (int i = 0; i < count; i++)
		if (hll->capacity == 0)
			add_to_registers(hll, hashes[i]);
		else if (!hll_add(hll, hashes[i]))
			damaged();
}

/* Adds another sketch; there must be space for it (hll_merged_capacity). */
void
hll_add_all(Hll *hll, const Hll *from)
{
	const uint8 *registers = (const uint8 *) from->entries;
	uint8	   *into = (uint8 *) hll->entries;

	for (uint32 i = 0; i < from->capacity; i++)
		if (from->entries[i] != 0 && !hll_add(hll, from->entries[i]))
			damaged();
	if (from->capacity != 0)
		return;
	if (hll->capacity != 0)
		turn_into_registers(hll);
	for (int i = 0; i < HLL_REGISTERS; i++)
		into[i] = Max(into[i], registers[i]);
}

static double
sigma(double x)
{
	double		y = 1;
	double		z = x;
	double		before;

	do
	{
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

static double
tau(double x)
{
	double		y = 1;
	double		z = 1 - x;
	double		before;

	if (x == 0 || x == 1)
		return 0;
	do
	{
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

/*
 * Returns the number of distinct values.  For registers it is the estimate of Ertl (2017), "New cardinality estimation
 * algorithms for HyperLogLog sketches", arXiv:1702.01284, algorithm 6, which needs no correction of bias.
 */
double
hll_estimate(const Hll *hll)
{
	const uint8 *registers = (const uint8 *) hll->entries;
	int			counts[HLL_MAX_RANK + 1] = {0};
	double		m = HLL_REGISTERS;
	double		z;

	if (hll->capacity != 0)
		return hll->count;
	for (int i = 0; i < HLL_REGISTERS; i++)
	{
		if (registers[i] > HLL_MAX_RANK)
			damaged();
		counts[registers[i]]++;
	}
	if (counts[0] == HLL_REGISTERS)
		return 0;
	z = m * tau(1 - counts[HLL_MAX_RANK] / m);
	for (int k = HLL_MAX_RANK - 1; k >= 1; k--)
		z = 0.5 * (z + counts[k]);
	z += m * sigma(counts[0] / m);
	return m * m / (2 * M_LN2 * z);
}
