/*
 * bounds.h: checks of bytes, arrays and numbers that any user may have written, before functions use them.
 */
#ifndef MADPY_BOUNDS_H
#define MADPY_BOUNDS_H

#include "postgres.h"
#include "fmgr.h"

/* Limit of a state's size.  No training needs as much; a call with invented parameters cannot allocate more. */
#define MAX_STATE_BYTES (384 * 1024 * 1024)

/* Limit of the rows that a state has counted: a double represents every integer up to it. */
#define MAX_ROWS (INT64CONST(1) << 53)

/* Raises an error unless an aggregate calls the function; sets `context`, unless it is NULL, to that of the states. */
extern void aggregate_only(FunctionCallInfo fcinfo, const char *what, MemoryContext *context);

/* Allocates zeroed memory; above `most` bytes it raises an error that says that `what` would be too large. */
extern void *palloc_limited(int64 bytes, int64 most, const char *what);

/* Returns a detoasted value with a 4-byte header, aligned as palloc() aligns: the value itself, or a copy if needed. */
extern bytea *aligned_bytes(bytea *value);

/* Returns a double as an integer, `otherwise` outside low .. high or for NaN, whose cast would be undefined in C. */
static inline int64
integer_within(double value, int64 low, int64 high, int64 otherwise)
{
	return value >= (double) low && value <= (double) high ? (int64) value : otherwise;
}

/* Truncates a double to an integer within limits, NaN to `low`, without a branch. */
static inline int
integer_clamped(double value, int low, int high)
{
	value = value > low ? value : low;	/* written so that the compiler uses the processor's maximum and minimum */
	return (int) (value < high ? value : high);
}

#endif
