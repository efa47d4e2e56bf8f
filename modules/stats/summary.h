/*
 * summary.h: figures of one column from one pass: counts, moments, range, distinct values, quantiles, frequent values.
 *
 * The state is a flat bytea: a header of fixed size, a tail of numbers that are not counted yet and are processed in blocks,
 * and the sketches of sketch.h.  Each part is only as large as needed, so that a state of few values is small.
 */
#ifndef MADPY_SUMMARY_H
#define MADPY_SUMMARY_H

#include "numeric/moments.h"
#include "sketch.h"

/* Most values in the tail. */
#define SUMMARY_TAIL 256

/* Bits of `wanted`: figures that are computed besides counts and moments. */
#define SUMMARY_DISTINCT 1
#define SUMMARY_QUANTILES 2
#define SUMMARY_FREQUENT 4
#define SUMMARY_ALL 7

/* Kinds of columns: how their values are read, and how numbers are printed. */
typedef enum ColumnKind
{
	COLUMN_INTEGER = 1, COLUMN_FLOAT4, COLUMN_FLOAT8, COLUMN_NUMERIC,
	COLUMN_DATE, COLUMN_TIMESTAMP, COLUMN_TIMESTAMPTZ,
	COLUMN_TEXT,				/* a text, whose length is counted */
	COLUMN_OTHER				/* any other type, whose values are printed as texts */
} ColumnKind;

#define IS_NUMBER(kind) ((kind) <= COLUMN_TIMESTAMPTZ)
#define IS_TIME(kind) ((kind) >= COLUMN_DATE && (kind) <= COLUMN_TIMESTAMPTZ)

enum
{
	PART_TAIL, PART_DISTINCT, PART_QUANTILES, PART_FREQUENT, PART_TEXTS, PARTS
};

typedef struct Summary
{
	int32		vl_len_;		/* varlena header */
	uint32		magic;
	uint16		version;
	uint8		kind;			/* a ColumnKind */
	uint8		wanted;
	uint32		waiting;		/* values in the tail */
	uint32		bytes[PARTS];	/* size of each part, a multiple of 8; the parts are consecutive */
	uint32		unused;
	int64		rows;			/* all rows, with NULLs */
	int64		nulls;
	int64		blanks;
	int64		positive;
	int64		negative;
	int64		zeros;
	int64		nans;
	int64		infinite;		/* positive infinities */
	int64		minus_infinite;
	double		shortest;		/* length of texts, in characters */
	double		longest;
	double		moments[10];	/* moments of finite numbers: the body of moments.h with one column */
	char		parts[FLEXIBLE_ARRAY_MEMBER];
} Summary;

/* Data to read, hash and print values of the argument, which are looked up once for a call in the query's plan. */
typedef struct SummaryColumn
{
	ColumnKind	kind;
	Oid			type;
	Hasher	   *hasher;
	FmgrInfo	output;
} SummaryColumn;

/* summary_state.c: the state and its parts */
pg_noreturn extern void summary_malformed(void);
extern void summary_check_parts(const Summary *summary);
extern void summary_check_head(const Summary *summary, Size size);
extern Summary *summary_argument(FunctionCallInfo fcinfo, int arg);
extern void *summary_part(const Summary *summary, int part);
extern bool summary_has_part(const Summary *summary, int part);
extern Summary *summary_new(ColumnKind kind, int wanted);
extern Summary *summary_with_parts(const Summary *summary, const uint32 *bytes);
extern void summary_wanted_bytes(const Summary *summary, uint32 more, uint32 more_text, uint32 *bytes);
extern void summary_start_parts(Summary *summary);
extern void summary_add_sets(Summary *into, const Summary *from);
extern void summary_copy_quantiles(Summary *into, const Quantiles *from);
extern Summary *summary_with_room(Summary *summary, uint32 more, uint32 more_text);

/* summary_values.c: adds values to a state */
extern double column_number(ColumnKind kind, uint64 bits);
extern Summary *summary_add_number(Summary *summary, const SummaryColumn *column, Datum value);
extern Summary *summary_add_other(Summary *summary, SummaryColumn *column, Datum value);
extern Summary *summary_fold(Summary *summary);

/* summary.c */
extern void summary_column_start(SummaryColumn *column, MemoryContext context, Oid type, Oid collation);
extern Summary *summary_add_value(Summary *summary, SummaryColumn *column, Datum value, bool isnull);
extern Summary *summary_merged(const Summary *a, const Summary *b);
extern Summary *summary_folded(const Summary *summary);

/* summary_row.c */
extern SummaryColumn *row_column(FunctionCallInfo fcinfo, Datum *value, bool *isnull);

/* Raises an error unless a condition on a state holds; inline, because it runs for every value. */
static inline void
summary_check(bool holds)
{
	if (unlikely(!holds))
		summary_malformed();
}

#endif
