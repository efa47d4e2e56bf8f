/*
 * sketch.h: sketches, which estimate figures of many values in little memory: the number of distinct values (HyperLogLog),
 * the most frequent values (Misra-Gries), and quantiles (KLL).  All sketches can be merged.
 *
 * The caller allocates the memory of a sketch, usually as a part of a flat state.  A sketch has no pointers, and grows only
 * when it is copied into a larger one.  Functions check what they read from a sketch before they use it.
 */
#ifndef MADPY_SKETCH_H
#define MADPY_SKETCH_H

#include "postgres.h"

#include <math.h>

#include "fmgr.h"

/*
 * Distinct values.  A few values are counted exactly, by their hashes in a table with open addressing.  When the largest table
 * is full, it becomes the registers of HyperLogLog (Flajolet, Fusy, Gandouet & Meunier, 2007) with 64-bit hashes.
 */
#define HLL_BITS 14				/* relative standard error 1.04 / sqrt(2^14) = 0.8% */
#define HLL_REGISTERS (1 << HLL_BITS)
#define HLL_MIN_CAPACITY 8
#define HLL_MAX_CAPACITY 2048	/* entries of a table that has as many bytes as the registers */
#define HLL_ERROR 0.008125

typedef struct Hll
{
	uint32		capacity;		/* entries of the table, a power of two; 0 if there are registers, a byte each */
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
 * Frequent values.  Each value has a counter; when there is no space for another one, the median of the counts is subtracted
 * from all counters, and those that are not positive any more are removed.  The method is that of Misra & Gries (1982), the
 * merge that of Agarwal et al. (2012), "Mergeable summaries", the median that of Anderson et al. (2017), "A
 * high-performance algorithm for identifying frequent items in data streams".  A count is too low by at most `lowered`, and
 * a value without a counter occurred at most `lowered` times.
 */
#define FREQUENT_MIN_CAPACITY 8
#define FREQUENT_MAX_CAPACITY 2048
#define FREQUENT_MAX_TEXT 128	/* longer texts are cut to so many bytes */
#define FREQUENT_MAX_SPACE (4 * FREQUENT_MAX_CAPACITY * FREQUENT_MAX_TEXT)	/* for the texts of two sketches merged */

typedef struct Counter
{
	uint64		key;			/* the value's bits, or the hash of a text */
	int64		count;			/* 0 if the counter is free */
} Counter;

typedef struct Frequent
{
	uint32		capacity;		/* a power of two */
	uint32		count;			/* counters in use, at most three quarters */
	int64		lowered;
	Counter		counters[FLEXIBLE_ARRAY_MEMBER];
} Frequent;

/* Position and length of the text of a counter. */
typedef struct TextRef
{
	uint32		at;
	uint32		length;
} TextRef;

typedef struct Texts
{
	uint32		capacity;		/* capacity of the counters */
	uint32		space;			/* bytes for texts, a multiple of 8 */
	uint32		used;
	uint32		unused;
	TextRef		refs[FLEXIBLE_ARRAY_MEMBER];	/* the bytes follow */
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
 * Quantiles.  Values are in levels; a value of level h represents 2^h values.  When a level is full, every second of its
 * sorted values moves to the next level, and the others are dropped.  Karnin, Lang & Liberty (2016), "Optimal quantile
 * approximation in streams".
 */
#define QUANTILES_LEVELS 44		/* 2^44 times the 2,048 values of the first level */
#define QUANTILES_AT_ONCE 128	/* most values that are added at once */
#define QUANTILES_ERROR 0.0018	/* error of a rank, as a share of all rows, in 99 of 100 cases */

typedef struct Quantiles
{
	uint32		capacity;		/* values that fit */
	uint32		levels;
	uint32		used;			/* values in all levels */
	uint32		unused;
	uint64		random;			/* state of a random number generator, with the same start in every run */
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

/* Computes hashes of values of any type; equal values have equal hashes. */
typedef struct Hasher Hasher;

extern Oid argument_type(FunctionCallInfo fcinfo, int arg);
extern Hasher *hasher_new(MemoryContext context, Oid type, Oid collation);
extern uint64 hash_value(Hasher *hasher, Datum value);

/* Returns the bits of a number; they are the same for both zeros, and for every NaN. */
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

/* Mixes bits so that each depends on all, by the last step of MurmurHash3 after an addition that changes 0. */
static inline uint64
mix64(uint64 x)
{
	x += UINT64CONST(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 33)) * UINT64CONST(0xff51afd7ed558ccd);
	x = (x ^ (x >> 33)) * UINT64CONST(0xc4ceb9fe1a85ec53);
	return x ^ (x >> 33);
}

#endif
