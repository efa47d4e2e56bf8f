/*
 * summary_values.c: adds values to a state of column_summary: numbers in blocks, texts and others one by one.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "numeric/seconds.h"
#include "summary.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#define FIRST_TAIL 4

/* --- numbers --- */

/* Returns the words of a value in the tail: its bits and, for numeric, whose bits are rounded, also its hash. */
static inline int
stride(const Summary *summary)
{
	return summary->kind == COLUMN_NUMERIC ? 2 : 1;
}

/* Returns a value as a number; a time as seconds since 1970. */
double
column_number(ColumnKind kind, uint64 bits)
{
	double		x;

	switch (kind)
	{
		case COLUMN_INTEGER:
			return (double) (int64) bits;
		case COLUMN_DATE:
			return date_seconds((DateADT) (int64) bits);
		case COLUMN_TIMESTAMP:
		case COLUMN_TIMESTAMPTZ:
			return timestamp_seconds((Timestamp) bits);
		default:
			memcpy(&x, &bits, sizeof(x));
			return x;
	}
}

static uint64
value_bits(const SummaryColumn *column, Datum value)
{
	switch (column->type)
	{
		case INT2OID:
			return (uint64) (int64) DatumGetInt16(value);
		case INT4OID:
		case DATEOID:
			return (uint64) (int64) DatumGetInt32(value);
		case FLOAT4OID:
			return float_bits(DatumGetFloat4(value));
		case FLOAT8OID:
			return float_bits(DatumGetFloat8(value));
		case NUMERICOID:
			return float_bits(DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)));
		default:
			return (uint64) DatumGetInt64(value);
	}
}

/* Counts signs, and numbers that are not finite, which it removes from x; sets *finite to the new length. */
static void
count_values(Summary *summary, double *x, int count, int *finite)
{
	int			positive = 0;
	int			negative = 0;
	double		poison = 0;
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		positive += x[i] > 0;
		negative += x[i] < 0;
		poison += x[i] - x[i];	/* NaN for NaN and for infinities */
	}
	summary->positive += positive;
	summary->negative += negative;
	*finite = count;
	if (poison == 0)
	{
		summary->zeros += count - positive - negative;
		return;
	}
	for (int i = 0; i < count; i++)
	{
		summary->nans += isnan(x[i]) != 0;
		summary->infinite += x[i] == INFINITY;
		summary->minus_infinite += x[i] == -INFINITY;
		summary->zeros += x[i] == 0;
		if (isfinite(x[i]))
			x[kept++] = x[i];
	}
	*finite = kept;
}

static void
add_quantiles(Summary *summary, double *x, int count)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
		if (!isnan(x[i]))
			x[kept++] = x[i];
	for (int done = 0; done < kept; done += QUANTILES_AT_ONCE)
		quantiles_add(summary_part(summary, PART_QUANTILES), x + done, Min(kept - done, QUANTILES_AT_ONCE));
}

/* Adds values to the distinct and the frequent values. */
static void
add_keys(Summary *summary, const uint64 *tail, int count)
{
	int			step = stride(summary);
	uint64		keys[SUMMARY_TAIL];
	uint64		hashes[SUMMARY_TAIL];

	for (int i = 0; i < count; i++)
	{
		keys[i] = tail[i * step];
		hashes[i] = mix64(keys[i]);
	}
	if (summary->bytes[PART_FREQUENT])
		frequent_add_block(summary_part(summary, PART_FREQUENT), keys, hashes, count);
	if (step == 2)
		for (int i = 0; i < count; i++)
			hashes[i] = tail[i * step + 1];
	if (summary->bytes[PART_DISTINCT])
		hll_add_block(summary_part(summary, PART_DISTINCT), hashes, count);
}

/* Converts the values of the tail to numbers. */
static void
waiting_numbers(const Summary *summary, const uint64 *tail, double *x)
{
	if (summary->kind == COLUMN_FLOAT4 || summary->kind == COLUMN_FLOAT8)
		memcpy(x, tail, summary->waiting * sizeof(double));
	else
		for (int i = 0; i < summary->waiting; i++)
			x[i] = column_number(summary->kind, tail[i * stride(summary)]);
}

/* Adds the values of the tail; returns the state, or a larger copy if it had to grow. */
Summary *
summary_fold(Summary *summary)
{
	const uint64 *tail;
	int			count = Min(summary->waiting, SUMMARY_TAIL);	/* has been checked; avoids a warning of gcc 16 */
	double		x[SUMMARY_TAIL];
	const double *column = x;
	RowBlock		block = {0, &column};

	summary_check_parts(summary);
	if (count == 0)
		return summary;
	summary = summary_with_room(summary, count, 0);
	tail = summary_part(summary, PART_TAIL);
	waiting_numbers(summary, tail, x);
	add_keys(summary, tail, count);
	if (summary->bytes[PART_QUANTILES])
	{
		double		ordered[SUMMARY_TAIL];

		memcpy(ordered, x, count * sizeof(double));
		add_quantiles(summary, ordered, count);
	}
	count_values(summary, x, count, &block.rows);
	if (block.rows > 0)
		moments_add(summary->moments, 1, &block, NULL);
	summary->waiting = 0;
	return summary;
}

/* Returns a copy of the state with a tail of twice the size. */
static Summary *
with_longer_tail(const Summary *summary)
{
	uint32		bytes[PARTS];
	Summary    *result;
	uint32		before = summary->bytes[PART_TAIL];

	memcpy(bytes, summary->bytes, sizeof(bytes));
	bytes[PART_TAIL] = Max(FIRST_TAIL * stride(summary) * sizeof(uint64), 2 * before);
	result = summary_with_parts(summary, bytes);
	memcpy(result->parts, summary->parts, before);
	memcpy(result->parts + bytes[PART_TAIL], summary->parts + before,
		   VARSIZE(summary) - offsetof(Summary, parts) - before);
	return result;
}

Summary *
summary_add_number(Summary *summary, const SummaryColumn *column, Datum value)
{
	uint64	   *tail;

	if ((summary->waiting + 1) * stride(summary) * sizeof(uint64) > summary->bytes[PART_TAIL])
		summary = with_longer_tail(summary);
	tail = (uint64 *) summary->parts + summary->waiting * stride(summary);
	tail[0] = value_bits(column, value);
	if (column->kind == COLUMN_NUMERIC)
		tail[1] = hash_value(column->hasher, value);
	return ++summary->waiting == SUMMARY_TAIL ? summary_fold(summary) : summary;
}

/* --- texts and others --- */

static void
count_text(Summary *summary, const char *text, int length)
{
	int			characters = pg_mbstrlen_with_len(text, length);
	int			blank = 0;

	while (blank < length && strchr(" \t\n\r\f\v", text[blank]))
		blank++;
	summary->blanks += blank == length;
	summary->shortest = Min(summary->shortest, characters);
	summary->longest = Max(summary->longest, characters);
}

/* Returns a text as it is stored: of at most FREQUENT_MAX_TEXT bytes, a longer one cut and with "..."; sets its length. */
static char *
kept_text(const char *text, int length, uint32 *kept)
{
	char	   *result = palloc(FREQUENT_MAX_TEXT);
	bool		cut = length > FREQUENT_MAX_TEXT;

	*kept = cut ? pg_mbcliplen(text, length, FREQUENT_MAX_TEXT - 3) : length;
	memcpy(result, text, *kept);
	if (cut)
	{
		memcpy(result + *kept, "...", 3);
		*kept += 3;
	}
	return result;
}

Summary *
summary_add_other(Summary *summary, SummaryColumn *column, Datum value)
{
	const char *text = NULL;
	int			length = 0;
	uint32		kept = 0;
	uint64		hash;

	summary_check_parts(summary);
	if (summary->kind == COLUMN_TEXT)
	{
		struct varlena *detoasted = PG_DETOAST_DATUM_PACKED(value);

		value = PointerGetDatum(detoasted);
		text = VARDATA_ANY(detoasted);
		length = VARSIZE_ANY_EXHDR(detoasted);
		if (column->type == BPCHAROID)	/* spaces at the end do not count */
			length = bpchartruelen((char *) text, length);
		count_text(summary, text, length);
	}
	hash = hash_value(column->hasher, value);
	if (hash == 0)
		hash = 1;
	if (summary->bytes[PART_FREQUENT] && frequent_count(summary_part(summary, PART_FREQUENT), hash))
		return summary;			/* a value with a counter is among the distinct values too */
	if (summary_has_part(summary, PART_FREQUENT))
	{
		if (text == NULL)
		{
			text = OutputFunctionCall(&column->output, value);
			length = strlen(text);
		}
		text = kept_text(text, length, &kept);
	}
	summary = summary_with_room(summary, 1, kept);
	if (summary->bytes[PART_DISTINCT])
		hll_add(summary_part(summary, PART_DISTINCT), hash);
	if (summary->bytes[PART_FREQUENT])
		frequent_add_text(summary_part(summary, PART_FREQUENT), summary_part(summary, PART_TEXTS),
						  hash, 1, text, kept);
	return summary;
}
