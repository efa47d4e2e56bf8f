/*
 * summary_result.c: returns the figures of a state of column_summary as a record.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "engine/bounds.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "summary.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#define Z_95 1.959963984540054	/* quantile of the normal distribution, two-sided 95% */
#define MAX_FRACTIONS 10000
#define MAX_FREQUENT 1000

/* Fields of the SQL type column_summary, in their order. */
enum
{
	ROW_COUNT, DISTINCT_VALUES, MISSING_VALUES, BLANK_VALUES, FRACTION_MISSING, FRACTION_BLANK,
	POSITIVE_VALUES, NEGATIVE_VALUES, ZERO_VALUES, MEAN, VARIANCE, STDDEV, CONFIDENCE_INTERVAL, MINIMUM, MAXIMUM,
	QUANTILE_ARRAY, MOST_FREQUENT_VALUES, MFV_FREQUENCIES, DISTINCT_ERROR, QUANTILE_ERROR, MFV_ERROR,
	EARLIEST, LATEST, FIELDS
};

typedef struct Record
{
	Datum		values[FIELDS];
	bool		nulls[FIELDS];
} Record;

static void
put(Record *record, int field, Datum value)
{
	record->values[field] = value;
	record->nulls[field] = false;
}

static void
put_numbers(Record *record, int field, const double *numbers, int count)
{
	Datum	   *elements = palloc((count + 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(numbers[i]);
	put(record, field, PointerGetDatum(construct_array(elements, count, FLOAT8OID, sizeof(float8),
													   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
}

/* Raises an error for a date out of range; timestamp_out() checks times itself. */
static void
check_date(int64 days)
{
	if (days != (DateADT) days || !(DATE_NOT_FINITE((DateADT) days) || IS_VALID_DATE(days)))
		summary_malformed();
}

/* Returns a number as text, in the format of the column's type. */
static char *
number_text(ColumnKind kind, uint64 bits)
{
	double		x = column_number(kind, bits);

	if (kind == COLUMN_DATE)
		check_date((int64) bits);
	switch (kind)
	{
		case COLUMN_INTEGER:
			return psprintf(INT64_FORMAT, (int64) bits);
		case COLUMN_FLOAT4:
			return DatumGetCString(DirectFunctionCall1(float4out, Float4GetDatum((float4) x)));
		case COLUMN_DATE:
			return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum((DateADT) (int64) bits)));
		case COLUMN_TIMESTAMP:
			return DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum((Timestamp) bits)));
		case COLUMN_TIMESTAMPTZ:
			return DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum((TimestampTz) bits)));
		default:
			return float8out_internal(x);
	}
}

/* Returns seconds since 1970 as text, in the format of the column's type. */
static char *
time_text(ColumnKind kind, double seconds)
{
	double		since_2000 = seconds - (double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	double		units = rint(kind == COLUMN_DATE ? since_2000 / SECS_PER_DAY : since_2000 * USECS_PER_SEC);
	int64		value;

	if (isinf(seconds))
		return seconds > 0 ? "infinity" : "-infinity";
	value = integer_within(units, MIN_TIMESTAMP, END_TIMESTAMP, END_TIMESTAMP);
	summary_check(kind == COLUMN_DATE ? IS_VALID_DATE(value) : IS_VALID_TIMESTAMP(value));
	return number_text(kind, (uint64) value);
}

/* Computes the range of values that are not NULL; NaN is greater than all other numbers, as in PostgreSQL. */
static void
range_of(const Summary *summary, double *low, double *high)
{
	Moments		moments = moments_in(summary->moments, 1, 0);
	bool		finite = moments.pairs[0].hi > 0;

	*low = summary->minus_infinite > 0 ? -INFINITY : finite ? moments.minima[0]
		: summary->infinite > 0 ? INFINITY : NAN;
	*high = summary->nans > 0 ? NAN : summary->infinite > 0 ? INFINITY : finite ? moments.maxima[0] : -INFINITY;
}

/* Sets mean, variance and range; infinities and NaN have the results of PostgreSQL's own aggregates. */
static void
put_moments(Record *record, const Summary *summary)
{
	Moments		moments = moments_in(summary->moments, 1, 0);
	const dd   *pairs = moments.pairs;
	double		n = pairs[0].hi;
	double		low = moments.minima[0];
	double		high = moments.maxima[0];
	double		mean = dd_double(dd_add(dd_from(moments.pivots[0]), dd_div(pairs[1], pairs[0])));
	dd			spread = dd_sub(dd_mul(pairs[0], pairs[2]), dd_mul(pairs[1], pairs[1]));
	double		variance = low == high ? 0 : dd_double(dd_div(spread, dd_mul(pairs[0], dd_from(n - 1))));
	double		every = n + summary->nans + summary->infinite + summary->minus_infinite;
	bool		tiny = low < high && pairs[2].hi <= SMALLEST_SQUARE;	/* too small to be squared */
	double		half;

	if (every == 0)
		return;
	if (low == high)
		mean = low;
	if (low < high && !isfinite(variance))	/* too large to be squared */
		variance = INFINITY;
	if (every > n)
	{
		variance = NAN;
		mean = summary->nans > 0 || (summary->infinite > 0 && summary->minus_infinite > 0) ? NAN
			: summary->infinite > 0 ? INFINITY : -INFINITY;
	}
	range_of(summary, &low, &high);
	put(record, MEAN, Float8GetDatum(mean));
	put(record, MINIMUM, Float8GetDatum(low));
	put(record, MAXIMUM, Float8GetDatum(high));
	if (every > 1 && !tiny)
	{
		half = Z_95 * sqrt(variance / every);
		put(record, VARIANCE, Float8GetDatum(variance));
		put(record, STDDEV, Float8GetDatum(sqrt(variance)));
		put_numbers(record, CONFIDENCE_INTERVAL, (double[]) {mean - half, mean + half}, 2);
	}
	if (IS_TIME(summary->kind))
	{
		put(record, EARLIEST, CStringGetTextDatum(time_text(summary->kind, low)));
		put(record, LATEST, CStringGetTextDatum(time_text(summary->kind, high)));
	}
}

static void
put_counts(Record *record, const Summary *summary)
{
	put(record, ROW_COUNT, Int64GetDatum(summary->rows));
	put(record, MISSING_VALUES, Int64GetDatum(summary->nulls));
	if (summary->rows > 0)
		put(record, FRACTION_MISSING, Float8GetDatum((double) summary->nulls / summary->rows));
	if (IS_NUMBER(summary->kind))
	{
		put_moments(record, summary);
		if (!IS_TIME(summary->kind))
		{
			put(record, POSITIVE_VALUES, Int64GetDatum(summary->positive));
			put(record, NEGATIVE_VALUES, Int64GetDatum(summary->negative));
			put(record, ZERO_VALUES, Int64GetDatum(summary->zeros));
		}
	}
	if (summary->kind == COLUMN_TEXT)
	{
		put(record, BLANK_VALUES, Int64GetDatum(summary->blanks));
		if (summary->rows > 0)
			put(record, FRACTION_BLANK, Float8GetDatum((double) summary->blanks / summary->rows));
		if (summary->shortest <= summary->longest)
		{
			put(record, MINIMUM, Float8GetDatum(summary->shortest));
			put(record, MAXIMUM, Float8GetDatum(summary->longest));
		}
	}
}

static void
put_distinct(Record *record, const Summary *summary)
{
	const Hll  *hll = summary_part(summary, PART_DISTINCT);
	bool		is_exact = summary->bytes[PART_DISTINCT] == 0 || hll->capacity != 0;
	double		estimate = summary->bytes[PART_DISTINCT] == 0 ? 0 : rint(hll_estimate(hll));

	if (!(summary->wanted & SUMMARY_DISTINCT))
		return;
	put(record, DISTINCT_VALUES, Int64GetDatum(integer_within(estimate, 0, summary->rows - summary->nulls,
														summary->rows - summary->nulls)));
	put(record, DISTINCT_ERROR, Float8GetDatum(is_exact ? 0 : HLL_ERROR));
}

static void
put_quantiles(Record *record, const Summary *summary, const double *fractions, int count)
{
	const Quantiles *quantiles = summary_part(summary, PART_QUANTILES);
	double	   *found;
	double		low;
	double		high;

	if (count == 0 || (summary->bytes[PART_QUANTILES] == 0) ||
		(quantiles->used == 0 && summary->nans == 0))
		return;
	found = palloc(count * sizeof(double));
	quantiles_at(quantiles, fractions, count, summary->nans, found);
	range_of(summary, &low, &high);
	for (int i = 0; i < count; i++)	/* minimum and maximum are known exactly */
		if (fractions[i] == 0 || fractions[i] == 1)
			found[i] = fractions[i] == 0 ? low : high;
	put_numbers(record, QUANTILE_ARRAY, found, count);
	put(record, QUANTILE_ERROR, Float8GetDatum(quantiles->levels == 1 ? 0 : QUANTILES_ERROR));
}

/* A value that may be listed, and its counter. */
typedef struct Shown
{
	const Counter *counter;
	const char *text;			/* set for a text */
	uint32		length;
	double		number;
} Shown;

/* Orders by decreasing frequency; among equally frequent values by number, or by the bytes of texts. */
static int
compare_shown(const Shown *a, const Shown *b)
{
	int			order;

	if (a->counter->count != b->counter->count)
		return a->counter->count > b->counter->count ? -1 : 1;
	if (a->text == NULL)
		return a->number < b->number ? -1 : a->number > b->number;
	order = memcmp(a->text, b->text, Min(a->length, b->length));
	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* Inserts a value into a sorted list of `n` values, of which at most `most` are kept; returns the new length. */
static int
keep_first(Shown *first, int n, int most, Shown shown)
{
	int			at = n;

	if (n == most && compare_shown(&shown, &first[n - 1]) >= 0)
		return n;
	if (n == most)
		at--;
	for (n = at + 1; at > 0 && compare_shown(&shown, &first[at - 1]) < 0; at--)
		first[at] = first[at - 1];
	first[at] = shown;
	return n;
}

/* Finds the `most` most frequent values, in order, without sorting all; returns their number. */
static int
find_frequent(const Summary *summary, int most, Shown *first)
{
	const Frequent *frequent = summary_part(summary, PART_FREQUENT);
	const Texts *texts = summary_part(summary, PART_TEXTS);
	int			n = 0;

	for (uint32 i = 0; i < frequent->capacity; i++)
	{
		Shown		shown = {.counter = &frequent->counters[i]};

		if (shown.counter->count <= frequent->lowered)	/* a value without a counter may be as frequent */
			continue;
		if (summary->bytes[PART_TEXTS])
			shown.text = frequent_text(frequent, texts, shown.counter, &shown.length);
		else
			shown.number = column_number(summary->kind, shown.counter->key);
		n = keep_first(first, n, most, shown);
	}
	return n;
}

static void
put_frequent(Record *record, const Summary *summary, int how_many)
{
	const Frequent *frequent = summary_part(summary, PART_FREQUENT);
	Shown	   *first;
	Datum	   *values;
	Datum	   *counts;
	int			n;

	if (how_many == 0 || summary->bytes[PART_FREQUENT] == 0 || (frequent->count == 0 && frequent->lowered == 0))
		return;
	first = palloc(how_many * sizeof(Shown));
	n = find_frequent(summary, how_many, first);
	values = palloc((n + 1) * sizeof(Datum));
	counts = palloc((n + 1) * sizeof(Datum));
	for (int i = 0; i < n; i++)
	{
		if (first[i].text)
			pg_verifymbstr(first[i].text, first[i].length, false);
		values[i] = PointerGetDatum(first[i].text ? cstring_to_text_with_len(first[i].text, first[i].length)
									: cstring_to_text(number_text(summary->kind, first[i].counter->key)));
		counts[i] = Int64GetDatum(first[i].counter->count);
	}
	put(record, MOST_FREQUENT_VALUES,
		PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT)));
	put(record, MFV_FREQUENCIES,
		PointerGetDatum(construct_array(counts, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
	put(record, MFV_ERROR, Int64GetDatum(frequent->lowered));
}

/* Returns the fractions in argument 1, quartiles by default. */
static const double *
fractions_argument(FunctionCallInfo fcinfo, int *count)
{
	static const double quartiles[] = {0.25, 0.5, 0.75};
	const double *fractions;

	*count = lengthof(quartiles);
	if (PG_NARGS() < 2)
		return quartiles;
	fractions = PG_ARGISNULL(1) ? NULL : vector_argument(PG_GETARG_ARRAYTYPE_P(1), "fractions", count);
	if (fractions == NULL || *count > MAX_FRACTIONS)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("fractions must be an array of numbers without NULL, %d at most", MAX_FRACTIONS)));
	for (int i = 0; i < *count; i++)
		if (!(fractions[i] >= 0 && fractions[i] <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a fraction must be between 0 and 1, not %g", fractions[i])));
	return fractions;
}

/* Returns the type column_summary, which is looked up once for a call in the query's plan. */
static TupleDesc
result_row(FunctionCallInfo fcinfo)
{
	TupleDesc	desc = fcinfo->flinfo->fn_extra;
	MemoryContext before;

	if (desc)
		return desc;
	before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != FIELDS)
		elog(ERROR, "the type column_summary is of another version");
	desc = BlessTupleDesc(desc);
	MemoryContextSwitchTo(before);
	return fcinfo->flinfo->fn_extra = desc;
}

/* summary_result(state bytea [, fractions double precision[], how_many integer]) returns column_summary */
PG_FUNCTION_INFO_V1(summary_result);
Datum
summary_result(PG_FUNCTION_ARGS)
{
	int			how_many = PG_NARGS() < 3 ? 10 : PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	const double *fractions;
	int			count;
	TupleDesc	desc;
	Summary    *summary;
	Record		record;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	fractions = fractions_argument(fcinfo, &count);
	if (how_many < 0 || how_many > MAX_FREQUENT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of frequent values must be between 0 and %d, not %d", MAX_FREQUENT, how_many)));
	desc = result_row(fcinfo);
	summary = summary_argument(fcinfo, 0);
	if (summary->waiting > 0)
		summary = summary_folded(summary);
	summary_check_parts(summary);
	memset(record.nulls, true, sizeof(record.nulls));
	put_counts(&record, summary);
	put_distinct(&record, summary);
	put_quantiles(&record, summary, fractions, count);
	put_frequent(&record, summary, how_many);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, record.values, record.nulls)));
}
