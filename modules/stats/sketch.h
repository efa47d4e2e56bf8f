/*
 * sketch.h: what is said of many values in little memory: how many distinct ones there are (HyperLogLog), which are the
 * most frequent (Misra-Gries), and their quantiles (KLL).  All merge.
 *
 * A sketch lies in memory that its owner made (part of a flat state): it holds no pointers and grows only by being
 * copied into a larger one.  What is read from a sketch is checked where it is used.
 */
#ifndef MADPY_SKETCH_H
#define MADPY_SKETCH_H

#include "postgres.h"

#include <math.h>

#include "fmgr.h"

/*
 * Distinct values.  While there are few, their hashes as they are, in a table with open addressing: an exact count.
 * From HLL_MAX_ENTRIES on, HyperLogLog of Flajolet, Fusy, Gandouet & Meunier (2007) with 64-bit hashes.
 */
#define HLL_BITS 14				/* relative standard error 1.04 / sqrt(2^14) = 0.8% */
#define HLL_REGISTERS (1 << HLL_BITS)
#define HLL_MIN_CAPACITY 8
#define HLL_MAX_CAPACITY 2048	/* takes as many bytes as the registers */
#define HLL_ERROR 0.008125

typedef struct Hll
{
	uint32		capacity;		/* of the table, a power of two; 0: there are registers, a byte each */
	uint32		count;			/* entries of the table that are not 0 */
	uint64		entries[FLEXIBLE_ARRAY_MEMBER];
} Hll;

extern Size hll_bytes(uint32 capacity);
extern bool hll_is_valid(const Hll *hll, Size bytes);
extern uint32 hll_capacity_for(uint64 count);
extern uint32 hll_merged_capacity(const Hll *a, const Hll *b);
extern bool hll_add(Hll *hll, uint64 hash);
extern void hll_add_block(Hll *hll, const uint64 *hashes, int count);
extern void hll_add_all(Hll *hll, const Hll *from);
extern double hll_estimate(const Hll *hll);

/*
 * Frequent values: a counter for each value, and when there is no space for another, all counters are lowered by their
 * median and those that are used up go.  After Misra & Gries (1982); the merge after Agarwal et al. (2012), "Mergeable
 * summaries"; the median after Anderson et al. (2017), "A high-performance algorithm for identifying frequent items in
 * data streams".  A count is too low by `lowered` at most, and a value that is not there was seen no more often than that.
 */
#define FREQUENT_MIN_CAPACITY 8
#define FREQUENT_MAX_CAPACITY 2048
#define FREQUENT_MAX_TEXT 128	/* bytes kept of a text */
#define FREQUENT_MAX_SPACE (4 * FREQUENT_MAX_CAPACITY * FREQUENT_MAX_TEXT)	/* for the texts of two sketches merged */

typedef struct Counter
{
	uint64		key;			/* the value's bits, or its hash where there are texts */
	int64		count;			/* 0: free */
} Counter;

typedef struct Frequent
{
	uint32		capacity;		/* a power of two */
	uint32		count;			/* counters in use, at most three quarters */
	int64		lowered;
	Counter		counters[FLEXIBLE_ARRAY_MEMBER];
} Frequent;

/* The texts of the values, beside their counters. */
typedef struct TextRef
{
	uint32		at;
	uint32		length;
} TextRef;

typedef struct Texts
{
	uint32		capacity;		/* that of the counters */
	uint32		space;			/* bytes, a multiple of 8 */
	uint32		used;
	uint32		unused;
	TextRef		refs[FLEXIBLE_ARRAY_MEMBER];	/* and behind them the bytes */
} Texts;

#define FREQUENT_FULL(capacity) ((capacity) / 4 * 3)

extern Size frequent_bytes(uint32 capacity);
extern Size texts_bytes(uint32 capacity, uint32 space);
extern bool frequent_is_valid(const Frequent *frequent, Size bytes);
extern bool texts_is_valid(const Texts *texts, const Frequent *frequent, Size bytes);
extern uint32 frequent_capacity_for(uint64 count);
extern void frequent_add_block(Frequent *frequent, const uint64 *keys, const uint64 *hashes, int count);
extern bool frequent_count(Frequent *frequent, uint64 hash);
extern void frequent_add_text(Frequent *frequent, Texts *texts, uint64 hash, int64 count, const char *text, uint32 length);
extern void frequent_add_all(Frequent *frequent, Texts *texts, const Frequent *from, const Texts *from_texts);
extern const char *frequent_text(const Frequent *frequent, const Texts *texts, const Counter *counter, uint32 *length);

/*
 * Quantiles.  Levels of values, each of level h standing for 2^h; a full level is sorted, and every second value of it
 * goes up.  Karnin, Lang & Liberty (2016), "Optimal quantile approximation in streams".
 */
#define QUANTILES_LEVELS 44		/* 2^44 times the 2,048 values of the first level */
#define QUANTILES_AT_ONCE 128	/* values added at once, at most */
#define QUANTILES_ERROR 0.0018	/* of a rank, as a part of all rows, in 99 of 100 cases */

typedef struct Quantiles
{
	uint32		capacity;		/* of values */
	uint32		levels;
	uint32		used;			/* values in all levels */
	uint32		unused;
	uint64		random;			/* state of a generator, the same in every run */
	uint32		sizes[QUANTILES_LEVELS];
	double		values[FLEXIBLE_ARRAY_MEMBER];	/* the highest level first */
} Quantiles;

extern Size quantiles_bytes(uint32 capacity);
extern bool quantiles_is_valid(const Quantiles *quantiles, Size bytes);
extern uint32 quantiles_capacity_for(const Quantiles *quantiles, uint32 more);
extern void quantiles_start(Quantiles *quantiles, uint32 capacity);
extern void quantiles_add(Quantiles *quantiles, const double *values, int count);
extern Quantiles *quantiles_merged(const Quantiles *a, const Quantiles *b);
extern void quantiles_at(const Quantiles *quantiles, const double *fractions, int count, double above, double *result);

/* Hashes of values of any type: of equal values equal. */
typedef struct Hasher Hasher;

extern Oid argument_type(FunctionCallInfo fcinfo, int arg);
extern Hasher *hasher_new(MemoryContext context, Oid type, Oid collation);
extern uint64 hash_value(Hasher *hasher, Datum value);

/* The bits of a number: the same for both zeros, and for every NaN. */
static inline uint64
float_bits(double x)
{
	uint64		bits;

	if (x == 0)
		x = 0;
	else if (isnan(x))
		x = NAN;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

/* Bits mixed so that each depends on all: the last step of MurmurHash3, and zero is not left as it is. */
static inline uint64
mix64(uint64 x)
{
	x += UINT64CONST(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 33)) * UINT64CONST(0xff51afd7ed558ccd);
	x = (x ^ (x >> 33)) * UINT64CONST(0xc4ceb9fe1a85ec53);
	return x ^ (x >> 33);
}

#endif
