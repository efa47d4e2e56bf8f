/*
 * seconds.h: dates, times and intervals as numbers; a date or timestamp is seconds since 1970, as EXTRACT(epoch ...) has it.
 */
#ifndef MADPY_SECONDS_H
#define MADPY_SECONDS_H

#include "common/int.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#define DAYS_FROM_1970_TO_2000 (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

static inline double
timestamp_seconds(Timestamp t)
{
	int64		since_1970;

	if (TIMESTAMP_NOT_FINITE(t))
		return TIMESTAMP_IS_NOBEGIN(t) ? -get_float8_infinity() : get_float8_infinity();
	/* the sum of integers keeps microseconds; it overflows in the last centuries of the type only */
	if (pg_add_s64_overflow(t, DAYS_FROM_1970_TO_2000 * USECS_PER_DAY, &since_1970))
		return (double) t / USECS_PER_SEC + (double) DAYS_FROM_1970_TO_2000 * SECS_PER_DAY;
	return (double) since_1970 / USECS_PER_SEC;
}

static inline double
date_seconds(DateADT d)
{
	if (DATE_NOT_FINITE(d))
		return DATE_IS_NOBEGIN(d) ? -get_float8_infinity() : get_float8_infinity();
	return ((double) d + DAYS_FROM_1970_TO_2000) * SECS_PER_DAY;
}

/* Returns a time of day as seconds since midnight. */
static inline double
time_seconds(TimeADT t)
{
	return (double) t / USECS_PER_SEC;
}

/* Returns the length of an interval, given as a Datum: a month has 30 days, and a year 365.25. */
static inline double
interval_seconds(Datum interval)
{
	return DatumGetFloat8(DirectFunctionCall2(interval_part, PointerGetDatum(cstring_to_text("epoch")), interval));
}

#endif
