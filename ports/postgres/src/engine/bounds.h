/*
 * bounds.h: checks of bytes, arrays and numbers that may come from anywhere, before functions use them.
 */
#ifndef MADPY_BOUNDS_H
#define MADPY_BOUNDS_H

#include "postgres.h"
#include "fmgr.h"

/* Limit of a state's size, above all trainings: a call with large parameters cannot allocate more. */
#define MAX_STATE_BYTES (384 * 1024 * 1024)

/* Limit of the rows that a state has counted: a double represents every integer up to it. */
#define MAX_ROWS (INT64CONST(1) << 53)

/* Raises an error unless the function is called by an aggregate; context: where its states live, unless NULL. */
extern void aggregate_only(FunctionCallInfo fcinfo, const char *what, MemoryContext *context);

/* Returns zeroed memory of this size, or raises an error that says what would be too large. */
extern void *palloc_limited(int64 bytes, int64 most, const char *what);

/* Returns the value detoasted, with a long header and aligned as palloc() aligns: itself or a copy. */
extern bytea *aligned_bytes(bytea *value);

/* Returns a double as an integer from low to high, else `otherwise`: in C other casts are undefined. */
static inline int64
integer_within(double value, int64 low, int64 high, int64 otherwise)
{
	return value >= (double) low && value <= (double) high ? (int64) value : otherwise;
}

/* Truncates a double to an integer within limits, NaN to `low`, without a branch. */
static inline int
integer_clamped(double value, int low, int high)
{
	value = value > low ? value : low;	/* as the processor's maximum has it, and its minimum */
	return (int) (value < high ? value : high);
}

#endif
