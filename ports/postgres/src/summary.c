/*
 * summary.c: the aggregate around the sketches of one column: column_summary.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"
#include "summary.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Reads differently on a machine with the other byte order, which is then refused. */
#define SUMMARY_MAGIC 0x4d55534dU
#define SUMMARY_VERSION 1
#define FIRST_TAIL 4

/* What is known of the argument: found out once, kept with the call. */
typedef struct Column
{
	ColumnKind	kind;
	Oid			type;
	Hasher	   *hasher;
	FmgrInfo	output;
} Column;

static ColumnKind
kind_of(Oid type)
{
	char		category;
	bool		preferred;

	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return COLUMN_INTEGER;
		case FLOAT4OID:
			return COLUMN_FLOAT4;
		case FLOAT8OID:
			return COLUMN_FLOAT8;
		case NUMERICOID:
			return COLUMN_NUMERIC;
		case DATEOID:
			return COLUMN_DATE;
		case TIMESTAMPOID:
			return COLUMN_TIMESTAMP;
		case TIMESTAMPTZOID:
			return COLUMN_TIMESTAMPTZ;
	}
	get_type_category_preferred(type, &category, &preferred);
	return category == TYPCATEGORY_STRING && get_typlen(type) == -1 ? COLUMN_TEXT : COLUMN_OTHER;
}

static Column *
column_of(FunctionCallInfo fcinfo)
{
	Column	   *column = fcinfo->flinfo->fn_extra;
	Oid			output;
	bool		is_varlena;

	if (column)
		return column;
	column = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Column));
	column->type = argument_type(fcinfo, 1);
	column->kind = kind_of(column->type);
	column->hasher = hasher_new(fcinfo, column->type);
	getTypeOutputInfo(column->type, &output, &is_varlena);
	fmgr_info_cxt(output, &column->output, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = column;
	return column;
}

void *
summary_part(const Summary *summary, int part)
{
	Size		at = 0;

	for (int p = 0; p < part; p++)
		at += summary->bytes[p];
	return (char *) summary->parts + at;
}

static void
check_state(bool holds)
{
	if (!holds)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("malformed state of column_summary"),
				 errhint("A state is what column_summary_state() of this version of madpy returned.")));
}

/* A state that may come from anywhere: its head is checked here, its parts where they are used. */
Summary *
summary_argument(FunctionCallInfo fcinfo, int arg)
{
	Summary    *summary = (Summary *) PG_GETARG_BYTEA_P(arg);
	Size		bytes = VARSIZE(summary);
	Size		parts = offsetof(Summary, parts);
	Size		word;

	check_state(bytes >= parts);
	if ((uintptr_t) summary != MAXALIGN((uintptr_t) summary))
		summary = memcpy(palloc(bytes), summary, bytes);
	check_state(summary->magic == SUMMARY_MAGIC && summary->version == SUMMARY_VERSION);
	check_state(summary->kind >= COLUMN_INTEGER && summary->kind <= COLUMN_OTHER &&
				summary->wanted <= SUMMARY_ALL);
	for (int p = 0; p < PARTS; p++)
	{
		check_state(summary->bytes[p] % 8 == 0);
		parts += summary->bytes[p];
	}
	word = summary->kind == COLUMN_NUMERIC ? 2 * sizeof(uint64) : sizeof(uint64);
	check_state(bytes == parts && summary->waiting < SUMMARY_TAIL &&
				summary->waiting * word <= summary->bytes[PART_TAIL] &&
				summary->bytes[PART_TAIL] <= SUMMARY_TAIL * word &&
				(summary->bytes[PART_TAIL] == 0 || IS_NUMBER(summary->kind)));
	return summary;
}

/* The parts that are there are what they should be. */
static void
check_parts(const Summary *summary)
{
	const uint32 *bytes = summary->bytes;
	const Frequent *frequent = summary_part(summary, PART_FREQUENT);

	check_state(bytes[PART_DISTINCT] == 0 || hll_is_valid(summary_part(summary, PART_DISTINCT), bytes[PART_DISTINCT]));
	check_state(bytes[PART_QUANTILES] == 0 ||
				quantiles_is_valid(summary_part(summary, PART_QUANTILES), bytes[PART_QUANTILES]));
	check_state(bytes[PART_FREQUENT] == 0 || frequent_is_valid(frequent, bytes[PART_FREQUENT]));
	if (IS_NUMBER(summary->kind) || bytes[PART_FREQUENT] == 0)
		check_state(bytes[PART_TEXTS] == 0);
	else
		check_state(texts_is_valid(summary_part(summary, PART_TEXTS), frequent, bytes[PART_TEXTS]));
}

static Summary *
summary_new(ColumnKind kind, int wanted)
{
	Size		bytes = offsetof(Summary, parts);
	Summary    *summary = palloc0(bytes);

	SET_VARSIZE(summary, bytes);
	summary->magic = SUMMARY_MAGIC;
	summary->version = SUMMARY_VERSION;
	summary->kind = kind;
	summary->wanted = wanted;
	summary->shortest = INFINITY;
	summary->longest = -INFINITY;
	if (moments_size(1) > lengthof(summary->moments))
		elog(ERROR, "moments take more room than a state of column_summary has");
	moments_start(summary->moments, 1);
	return summary;
}

/* The same head, and parts of these sizes, all zeros. */
static Summary *
with_parts(const Summary *summary, const uint32 *bytes)
{
	Size		total = offsetof(Summary, parts);
	Summary    *result;

	for (int p = 0; p < PARTS; p++)
		total += bytes[p];
	if (!AllocSizeIsValid(total))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a state of column_summary is too large")));
	result = palloc0(total);
	memcpy(result, summary, offsetof(Summary, parts));
	SET_VARSIZE(result, total);
	memcpy(result->bytes, bytes, sizeof(summary->bytes));
	return result;
}

/* Whether a sketch is wanted of such a column. */
static bool
has_part(const Summary *summary, int part)
{
	switch (part)
	{
		case PART_DISTINCT:
			return summary->wanted & SUMMARY_DISTINCT;
		case PART_QUANTILES:
			return (summary->wanted & SUMMARY_QUANTILES) && IS_NUMBER(summary->kind);
		case PART_FREQUENT:
			return summary->wanted & SUMMARY_FREQUENT;
		case PART_TEXTS:
			return (summary->wanted & SUMMARY_FREQUENT) && !IS_NUMBER(summary->kind);
	}
	return false;
}

/* The sizes of the parts once there is room for `more` values, whose texts take `more_text` bytes. */
static void
wanted_bytes(const Summary *summary, uint32 more, uint32 more_text, uint32 *bytes)
{
	const Hll  *hll = summary_part(summary, PART_DISTINCT);
	const Quantiles *quantiles = summary_part(summary, PART_QUANTILES);
	const Frequent *frequent = summary_part(summary, PART_FREQUENT);
	const Texts *texts = summary_part(summary, PART_TEXTS);

	memcpy(bytes, summary->bytes, sizeof(summary->bytes));
	if (has_part(summary, PART_DISTINCT))
	{
		uint32		count = bytes[PART_DISTINCT] ? hll->count : 0;

		bytes[PART_DISTINCT] = Max(bytes[PART_DISTINCT], hll_bytes(hll_capacity_for((uint64) count + more)));
	}
	if (has_part(summary, PART_QUANTILES))
		bytes[PART_QUANTILES] =
			quantiles_bytes(quantiles_capacity_for(bytes[PART_QUANTILES] ? quantiles : NULL, more));
	if (has_part(summary, PART_FREQUENT))
	{
		uint32		count = bytes[PART_FREQUENT] ? frequent->count : 0;
		uint32		capacity = frequent_capacity_for((uint64) count + more);

		capacity = Max(capacity, bytes[PART_FREQUENT] ? frequent->capacity : 0);
		bytes[PART_FREQUENT] = frequent_bytes(capacity);
		if (has_part(summary, PART_TEXTS))
		{
			uint32		used = (bytes[PART_TEXTS] ? texts->used : 0) + more_text;
			uint32		room = bytes[PART_TEXTS] ? texts->room : 64;

			while (room < used)
				room *= 2;
			bytes[PART_TEXTS] = texts_bytes(capacity, room);
		}
	}
}

/* Give the sketches, which are zeros, the size that their bytes say. */
static void
start_parts(Summary *summary)
{
	const uint32 *bytes = summary->bytes;
	Hll		   *hll = summary_part(summary, PART_DISTINCT);
	Frequent   *frequent = summary_part(summary, PART_FREQUENT);
	Texts	   *texts = summary_part(summary, PART_TEXTS);

	if (bytes[PART_DISTINCT])
		hll->capacity = (bytes[PART_DISTINCT] - offsetof(Hll, entries)) / sizeof(uint64);
	if (bytes[PART_QUANTILES])
		quantiles_start(summary_part(summary, PART_QUANTILES),
						(bytes[PART_QUANTILES] - offsetof(Quantiles, values)) / sizeof(double));
	if (bytes[PART_FREQUENT])
		frequent->capacity = (bytes[PART_FREQUENT] - offsetof(Frequent, counters)) / sizeof(Counter);
	if (bytes[PART_TEXTS])
	{
		texts->capacity = frequent->capacity;
		texts->room = bytes[PART_TEXTS] - texts_bytes(texts->capacity, 0);
	}
}

/* Add the sets of another state: distinct and frequent values.  There must be room. */
static void
add_sets(Summary *into, const Summary *from)
{
	if (from->bytes[PART_DISTINCT])
		hll_add_all(summary_part(into, PART_DISTINCT), summary_part(from, PART_DISTINCT));
	if (from->bytes[PART_FREQUENT])
		frequent_add_all(summary_part(into, PART_FREQUENT),
						 into->bytes[PART_TEXTS] ? summary_part(into, PART_TEXTS) : NULL,
						 summary_part(from, PART_FREQUENT), summary_part(from, PART_TEXTS));
}

/* Copy quantiles into an empty sketch with room for them. */
static void
copy_quantiles(Summary *into, const Quantiles *from)
{
	Quantiles  *quantiles = summary_part(into, PART_QUANTILES);
	uint32		capacity = quantiles->capacity;

	memcpy(quantiles, from, quantiles_bytes(from->used));
	quantiles->capacity = capacity;
}

/* The state with room for `more` values; the state itself where there is room. */
static Summary *
with_room(Summary *summary, uint32 more, uint32 more_text)
{
	uint32		bytes[PARTS];
	Summary    *result;

	wanted_bytes(summary, more, more_text, bytes);
	if (memcmp(bytes, summary->bytes, sizeof(bytes)) == 0)
		return summary;
	result = with_parts(summary, bytes);
	start_parts(result);
	memcpy(summary_part(result, PART_TAIL), summary_part(summary, PART_TAIL), bytes[PART_TAIL]);
	add_sets(result, summary);
	if (summary->bytes[PART_QUANTILES])
		copy_quantiles(result, summary_part(summary, PART_QUANTILES));
	return result;
}

/* --- numbers --- */

/* Words of the tail that a value takes: its bits, and for numeric its hash, because its bits are rounded. */
static inline int
stride(const Summary *summary)
{
	return summary->kind == COLUMN_NUMERIC ? 2 : 1;
}

static double
timestamp_seconds(Timestamp t)
{
	if (TIMESTAMP_NOT_FINITE(t))
		return TIMESTAMP_IS_NOBEGIN(t) ? -INFINITY : INFINITY;
	return (double) t / USECS_PER_SEC + (double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

static double
date_seconds(DateADT d)
{
	if (DATE_NOT_FINITE(d))
		return DATE_IS_NOBEGIN(d) ? -INFINITY : INFINITY;
	return ((double) d + POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

/* A value as a number; a time as seconds since 1970. */
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
value_bits(const Column *column, Datum value)
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

/* Signs, and what is not finite: counted, and left out of x, which is then `*finite` numbers long. */
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
	quantiles_add(summary_part(summary, PART_QUANTILES), x, kept);
}

/* Values among the distinct and the frequent ones: the inner loop of it all. */
static void
add_keys(Summary *summary, const uint64 *tail, int count)
{
	Hll		   *hll = summary->bytes[PART_DISTINCT] ? summary_part(summary, PART_DISTINCT) : NULL;
	Frequent   *frequent = summary->bytes[PART_FREQUENT] ? summary_part(summary, PART_FREQUENT) : NULL;
	int			step = stride(summary);

	for (int i = 0; i < count; i++, tail += step)
	{
		uint64		hash = mix64(tail[0]);

		if (hll)
			hll_add(hll, step == 2 ? tail[1] : hash);
		if (frequent)
			frequent_add(frequent, tail[0], hash, 1);
	}
}

/* The state with no values waiting; changed in place, or another one where it had to grow. */
static Summary *
fold(Summary *summary)
{
	const uint64 *tail;
	int			count = summary->waiting;
	double		x[SUMMARY_TAIL];
	const double *column = x;
	Block		block = {0, &column};

	check_parts(summary);
	if (count == 0)
		return summary;
	summary = with_room(summary, count, 0);
	tail = summary_part(summary, PART_TAIL);
	for (int i = 0; i < count; i++)
		x[i] = column_number(summary->kind, tail[i * stride(summary)]);
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

/* Twice the room for waiting values. */
static Summary *
with_longer_tail(const Summary *summary)
{
	uint32		bytes[PARTS];
	Summary    *result;
	uint32		before = summary->bytes[PART_TAIL];

	memcpy(bytes, summary->bytes, sizeof(bytes));
	bytes[PART_TAIL] = Max(FIRST_TAIL * stride(summary) * sizeof(uint64), 2 * before);
	result = with_parts(summary, bytes);
	memcpy(result->parts, summary->parts, before);
	memcpy(result->parts + bytes[PART_TAIL], summary->parts + before,
		   VARSIZE(summary) - offsetof(Summary, parts) - before);
	return result;
}

static Summary *
add_number(Summary *summary, const Column *column, Datum value)
{
	uint64	   *tail;

	if ((summary->waiting + 1) * stride(summary) * sizeof(uint64) > summary->bytes[PART_TAIL])
		summary = with_longer_tail(summary);
	tail = (uint64 *) summary->parts + summary->waiting * stride(summary);
	tail[0] = value_bits(column, value);
	if (column->kind == COLUMN_NUMERIC)
		tail[1] = hash_value(column->hasher, value);
	return ++summary->waiting == SUMMARY_TAIL ? fold(summary) : summary;
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

/* A text as it is kept: long ones are cut. */
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

static Summary *
add_other(Summary *summary, Column *column, Datum value)
{
	const char *text = NULL;
	int			length = 0;
	uint32		kept = 0;
	uint64		hash;

	check_parts(summary);
	if (summary->kind == COLUMN_TEXT)
	{
		struct varlena *detoasted = PG_DETOAST_DATUM_PACKED(value);

		value = PointerGetDatum(detoasted);
		text = VARDATA_ANY(detoasted);
		length = VARSIZE_ANY_EXHDR(detoasted);
		if (column->type == BPCHAROID)	/* blanks at the end are none of its own */
			length = bpchartruelen((char *) text, length);
		count_text(summary, text, length);
	}
	hash = hash_value(column->hasher, value);
	if (hash == 0)
		hash = 1;
	if (summary->bytes[PART_FREQUENT] && frequent_count(summary_part(summary, PART_FREQUENT), hash))
		return summary;			/* and so among the distinct ones */
	if (has_part(summary, PART_FREQUENT))
	{
		if (text == NULL)
		{
			text = OutputFunctionCall(&column->output, value);
			length = strlen(text);
		}
		text = kept_text(text, length, &kept);
	}
	summary = with_room(summary, 1, kept);
	if (summary->bytes[PART_DISTINCT])
		hll_add(summary_part(summary, PART_DISTINCT), hash);
	if (summary->bytes[PART_FREQUENT])
		frequent_add_text(summary_part(summary, PART_FREQUENT), summary_part(summary, PART_TEXTS),
						  hash, 1, text, kept);
	return summary;
}

/* --- the aggregate --- */

static void
check_aggregate(FunctionCallInfo fcinfo)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "column_summary called outside an aggregate");
}

/* summary_accum(state bytea, value anyelement [, wanted integer]) */
PG_FUNCTION_INFO_V1(summary_accum);
Datum
summary_accum(PG_FUNCTION_ARGS)
{
	Column	   *column;
	Summary    *summary;

	check_aggregate(fcinfo);
	column = column_of(fcinfo);
	if (PG_ARGISNULL(0))
	{
		int			wanted = PG_NARGS() < 3 || PG_ARGISNULL(2) ? SUMMARY_ALL : PG_GETARG_INT32(2);

		summary = summary_new(column->kind, wanted & SUMMARY_ALL);
	}
	else
	{
		summary = summary_argument(fcinfo, 0);
		check_state(summary->kind == column->kind);
	}
	summary->rows++;
	if (PG_ARGISNULL(1))
		summary->nulls++;
	else if (IS_NUMBER(column->kind))
		summary = add_number(summary, column, PG_GETARG_DATUM(1));
	else
		summary = add_other(summary, column, PG_GETARG_DATUM(1));
	PG_RETURN_POINTER(summary);
}

/* The same state with nothing waiting; the argument stays as it is. */
Summary *
summary_folded(const Summary *summary)
{
	return fold(memcpy(palloc(VARSIZE(summary)), summary, VARSIZE(summary)));
}

/* Add the counts and moments of another state. */
static void
add_counts(Summary *into, const Summary *from)
{
	into->rows += from->rows;
	into->nulls += from->nulls;
	into->blanks += from->blanks;
	into->positive += from->positive;
	into->negative += from->negative;
	into->zeros += from->zeros;
	into->nans += from->nans;
	into->infinite += from->infinite;
	into->minus_infinite += from->minus_infinite;
	into->shortest = Min(into->shortest, from->shortest);
	into->longest = Max(into->longest, from->longest);
	moments_merge(into->moments, from->moments, 1);
}

/* Two states into a new one. */
static Summary *
merged(const Summary *a, const Summary *b)
{
	Quantiles  *quantiles = NULL;
	uint32		bytes[PARTS];
	uint32		more = 0;
	uint32		more_text = 0;
	Summary    *result;

	if (b->bytes[PART_DISTINCT])
		more = ((Hll *) summary_part(b, PART_DISTINCT))->capacity == 0 ? HLL_MAX_CAPACITY
			: ((Hll *) summary_part(b, PART_DISTINCT))->count;
	if (b->bytes[PART_FREQUENT])
		more = Max(more, ((Frequent *) summary_part(b, PART_FREQUENT))->count);
	if (b->bytes[PART_TEXTS])
		more_text = ((Texts *) summary_part(b, PART_TEXTS))->used;
	wanted_bytes(a, more, more_text, bytes);
	bytes[PART_TAIL] = 0;
	if (a->bytes[PART_QUANTILES] && b->bytes[PART_QUANTILES])
	{
		quantiles = quantiles_merged(summary_part(a, PART_QUANTILES), summary_part(b, PART_QUANTILES));
		bytes[PART_QUANTILES] = quantiles_bytes(quantiles_capacity_for(NULL, quantiles->used));
	}
	else if (b->bytes[PART_QUANTILES])
		quantiles = summary_part(b, PART_QUANTILES);
	else if (a->bytes[PART_QUANTILES])
		quantiles = summary_part(a, PART_QUANTILES);
	if (quantiles)
		bytes[PART_QUANTILES] = quantiles_bytes(Max(quantiles->capacity, quantiles->used));
	result = with_parts(a, bytes);
	start_parts(result);
	add_sets(result, a);
	add_sets(result, b);
	if (quantiles)
		copy_quantiles(result, quantiles);
	add_counts(result, b);
	return result;
}

/* summary_combine(state bytea, other bytea) */
PG_FUNCTION_INFO_V1(summary_combine);
Datum
summary_combine(PG_FUNCTION_ARGS)
{
	Summary    *summaries[2];

	check_aggregate(fcinfo);
	for (int arg = 0; arg < 2; arg++)
		summaries[arg] = PG_ARGISNULL(arg) ? NULL : summary_folded(summary_argument(fcinfo, arg));
	if (summaries[0] == NULL && summaries[1] == NULL)
		PG_RETURN_NULL();
	if (summaries[0] == NULL || summaries[1] == NULL)
		PG_RETURN_POINTER(summaries[0] ? summaries[0] : summaries[1]);
	if (summaries[0]->kind != summaries[1]->kind || summaries[0]->wanted != summaries[1]->wanted)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("states of column_summary are of different types"),
				 errhint("Merge states of columns of one type, made with the same options.")));
	PG_RETURN_POINTER(merged(summaries[0], summaries[1]));
}

/* summary_state(state bytea): with nothing waiting */
PG_FUNCTION_INFO_V1(summary_state);
Datum
summary_state(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(summary_folded(summary_argument(fcinfo, 0)));
}
