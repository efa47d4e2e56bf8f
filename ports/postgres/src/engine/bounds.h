/*
 * bounds.h: what functions ask of bytes, arrays and numbers that may come from anywhere, before they believe them.
 */
#ifndef MADPY_BOUNDS_H
#define MADPY_BOUNDS_H

#include "postgres.h"
#include "fmgr.h"

/* The largest state there can be: a training stays below it, and a call with a few large numbers cannot take more. */
#define MAX_STATE_BYTES (384 * 1024 * 1024)

/* Rows that a state can have counted: a double tells them apart. */
#define MAX_ROWS (INT64CONST(1) << 53)

/* Raises an error unless the function is called by an aggregate; context: where its states live, unless NULL. */
extern void aggregate_only(FunctionCallInfo fcinfo, const char *what, MemoryContext *context);

/* Zeroed memory of this size, or an error that says what would be too large. */
extern void *palloc_limited(int64 bytes, int64 most, const char *what);

/* The value itself, or a copy where it does not begin as memory of palloc() does; not compressed, no short header. */
extern bytea *aligned_bytes(bytea *value);

/* A double as an integer from low to high; `otherwise` where it is none: C leaves open what a cast would give. */
static inline int64
integer_within(double value, int64 low, int64 high, int64 otherwise)
{
	return value >= (double) low && value <= (double) high ? (int64) value : otherwise;
}

/* A double cut off to an integer: a limit where it is outside of them, `low` for NaN.  Without a branch. */
static inline int
integer_clamped(double value, int low, int high)
{
	value = value > low ? value : low;	/* as the processor's maximum has it, and its minimum */
	return (int) (value < high ? value : high);
}

#endif
