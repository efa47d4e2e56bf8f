/*
 * summary_state.c: the layout of a state of column_summary: its parts, their checks, and their sizes.
 */
#include "postgres.h"

#include "summary.h"
#include "utils/memutils.h"

/* A state from a machine with the other byte order has another number here, and raises an error. */
#define SUMMARY_MAGIC 0x4d55534dU
#define SUMMARY_VERSION 1

void *
summary_part(const Summary *summary, int part)
{
	Size		at = 0;

	for (int p = 0; p < part; p++)
		at += summary->bytes[p];
	return (char *) summary->parts + at;
}

void
summary_malformed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("malformed state of column_summary"),
			 errhint("Pass a state that column_summary_state() of this version of madpy returned.")));
}

/* Raises an error unless the header of a summary of `size` bytes is valid; fast, because it is called for every value. */
void
summary_check_head(const Summary *summary, Size size)
{
	const uint32 *bytes = summary->bytes;
	Size		word;

	summary_check(size >= offsetof(Summary, parts));
	summary_check(summary->magic == SUMMARY_MAGIC && summary->version == SUMMARY_VERSION &&
				  summary->kind >= COLUMN_INTEGER && summary->kind <= COLUMN_OTHER &&
				  summary->wanted <= SUMMARY_ALL);
	summary_check(((bytes[0] | bytes[1] | bytes[2] | bytes[3] | bytes[4]) & 7) == 0 &&
				  size == offsetof(Summary, parts) + bytes[0] + bytes[1] + bytes[2] + bytes[3] + bytes[4]);
	StaticAssertStmt(PARTS == 5, "every part is checked");
	word = summary->kind == COLUMN_NUMERIC ? 2 * sizeof(uint64) : sizeof(uint64);
	summary_check(summary->waiting < SUMMARY_TAIL && summary->waiting * word <= bytes[PART_TAIL] &&
				  bytes[PART_TAIL] <= SUMMARY_TAIL * word &&
				  (bytes[PART_TAIL] == 0 || IS_NUMBER(summary->kind)));
}

/* Returns the state in an argument.  Its header is checked here, its parts before they are used. */
Summary *
summary_argument(FunctionCallInfo fcinfo, int arg)
{
	Summary    *summary = (Summary *) PG_GETARG_POINTER(arg);

	if (VARATT_IS_EXTENDED(summary) || (uintptr_t) summary != MAXALIGN((uintptr_t) summary))
		summary = (Summary *) PG_GETARG_BYTEA_P_COPY(arg);
	summary_check_head(summary, VARSIZE(summary));
	return summary;
}

/* Raises an error unless each part is valid and is one of those that are wanted. */
void
summary_check_parts(const Summary *summary)
{
	const uint32 *bytes = summary->bytes;
	const Frequent *frequent = summary_part(summary, PART_FREQUENT);

	for (int part = PART_DISTINCT; part < PARTS; part++)
		summary_check(bytes[part] == 0 || summary_has_part(summary, part));
	summary_check(bytes[PART_DISTINCT] == 0 || hll_is_valid(summary_part(summary, PART_DISTINCT), bytes[PART_DISTINCT]));
	summary_check(bytes[PART_QUANTILES] == 0 ||
				quantiles_is_valid(summary_part(summary, PART_QUANTILES), bytes[PART_QUANTILES]));
	summary_check(bytes[PART_FREQUENT] == 0 || frequent_is_valid(frequent, bytes[PART_FREQUENT]));
	if (IS_NUMBER(summary->kind) || bytes[PART_FREQUENT] == 0)
		summary_check(bytes[PART_TEXTS] == 0);
	else
		summary_check(texts_is_valid(summary_part(summary, PART_TEXTS), frequent, bytes[PART_TEXTS]));
}

Summary *
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
		elog(ERROR, "moments take more space than a state of column_summary has");
	moments_start(summary->moments, 1);
	return summary;
}

/* Returns a state with the header of `summary` and parts of these sizes, all zeros. */
Summary *
summary_with_parts(const Summary *summary, const uint32 *bytes)
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

/* Whether a state has this sketch: it is wanted, and exists for the kind of column. */
bool
summary_has_part(const Summary *summary, int part)
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

/* Computes the sizes of the parts with space for `more` values, whose texts take `more_text` bytes. */
void
summary_wanted_bytes(const Summary *summary, uint32 more, uint32 more_text, uint32 *bytes)
{
	const Hll  *hll = summary_part(summary, PART_DISTINCT);
	const Quantiles *quantiles = summary_part(summary, PART_QUANTILES);
	const Frequent *frequent = summary_part(summary, PART_FREQUENT);
	const Texts *texts = summary_part(summary, PART_TEXTS);

	memcpy(bytes, summary->bytes, sizeof(summary->bytes));
	if (summary_has_part(summary, PART_DISTINCT))
	{
		uint32		count = bytes[PART_DISTINCT] ? hll->count : 0;

		bytes[PART_DISTINCT] = Max(bytes[PART_DISTINCT], hll_bytes(hll_capacity_for((uint64) count + more)));
	}
	if (summary_has_part(summary, PART_QUANTILES))
		bytes[PART_QUANTILES] =
			quantiles_bytes(quantiles_capacity_for(bytes[PART_QUANTILES] ? quantiles : NULL, more));
	if (summary_has_part(summary, PART_FREQUENT))
	{
		uint32		count = bytes[PART_FREQUENT] ? frequent->count : 0;
		uint32		capacity = frequent_capacity_for((uint64) count + more);

		capacity = Max(capacity, bytes[PART_FREQUENT] ? frequent->capacity : 0);
		bytes[PART_FREQUENT] = frequent_bytes(capacity);
		if (summary_has_part(summary, PART_TEXTS))
		{
			uint32		used = (bytes[PART_TEXTS] ? texts->used : 0) + more_text;
			uint32		space = bytes[PART_TEXTS] ? texts->space : 64;

			while (space < used)
				space *= 2;
			bytes[PART_TEXTS] = texts_bytes(capacity, space);
		}
	}
}

/* Initializes the sketches, which are all zeros, with the capacities that fit into their parts. */
void
summary_start_parts(Summary *summary)
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
		texts->space = bytes[PART_TEXTS] - texts_bytes(texts->capacity, 0);
	}
}

/* Adds the distinct and the frequent values of another state.  There must be space for them. */
void
summary_add_sets(Summary *into, const Summary *from)
{
	if (from->bytes[PART_DISTINCT])
		hll_add_all(summary_part(into, PART_DISTINCT), summary_part(from, PART_DISTINCT));
	if (from->bytes[PART_FREQUENT])
		frequent_add_all(summary_part(into, PART_FREQUENT),
						 into->bytes[PART_TEXTS] ? summary_part(into, PART_TEXTS) : NULL,
						 summary_part(from, PART_FREQUENT), summary_part(from, PART_TEXTS));
}

/* Copies quantiles into an empty sketch with space for them. */
void
summary_copy_quantiles(Summary *into, const Quantiles *from)
{
	Quantiles  *quantiles = summary_part(into, PART_QUANTILES);
	uint32		capacity = quantiles->capacity;

	memcpy(quantiles, from, quantiles_bytes(from->used));
	quantiles->capacity = capacity;
}

/* Returns the state if it has space for `more` values, else a larger copy. */
Summary *
summary_with_room(Summary *summary, uint32 more, uint32 more_text)
{
	uint32		bytes[PARTS];
	Summary    *result;

	summary_wanted_bytes(summary, more, more_text, bytes);
	if (memcmp(bytes, summary->bytes, sizeof(bytes)) == 0)
		return summary;
	result = summary_with_parts(summary, bytes);
	summary_start_parts(result);
	memcpy(summary_part(result, PART_TAIL), summary_part(summary, PART_TAIL), bytes[PART_TAIL]);
	summary_add_sets(result, summary);
	if (summary->bytes[PART_QUANTILES])
		summary_copy_quantiles(result, summary_part(summary, PART_QUANTILES));
	return result;
}
