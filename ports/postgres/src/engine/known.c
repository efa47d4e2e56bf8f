/*
 * known.c: levels that a statement knows, in dictionaries.
 */
#include "known.h"

#include "catalog/pg_type.h"
#include "kernel.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

pg_noreturn static void
damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("these levels of categories are damaged")));
}

static int32
read_number(const char **at, const char *end)
{
	int32		number;

	if (end - *at < (ptrdiff_t) sizeof(number))
		damaged();
	memcpy(&number, *at, sizeof(number));
	*at += sizeof(number);
	return number;
}

/* Reads a text of its length and bytes. */
static char *
read_text(const char **at, const char *end)
{
	int32		length = read_number(at, end);
	char	   *text;

	if (length < 0 || length > end - *at)
		damaged();
	pg_verifymbstr(*at, length, false);
	text = pnstrdup(*at, length);
	*at += length;
	return text;
}

/* Reads the levels of a category, whose codes begin with `first`; the constraints of a domain, which are a user's code, are not run. */
static void
read_levels(KnownColumn *column, int levels, int first, const char **at, const char *end, Oid type, Oid collation)
{
	static const bool not_null = false;
	int32		typmod = -1;
	Oid			base = getBaseTypeAndTypmod(type, &typmod);
	Oid			input;
	Oid			ioparam;

	getTypeInputInfo(base, &input, &ioparam);
	column->dict = dict_of_values(base, collation);
	column->places = palloc(Max(levels, 1) * sizeof(int));
	for (int level = 0; level < levels; level++)
	{
		char	   *text = read_text(at, end);
		Datum		value = OidInputFunctionCall(input, text, ioparam, typmod);
		int			count = dict_count(column->dict);

		CHECK_FOR_INTERRUPTS();
		if (dict_code(column->dict, &value, &not_null) == count)	/* the first of several equal levels counts */
			column->places[count] = first + level;
		pfree(text);
	}
}

KnownColumn *
known_columns(const bytea *packed, int columns, const Oid *types, const Oid *collations)
{
	const PackedLevels *levels = (const PackedLevels *) packed;
	const char *at = levels->data;
	const char *end = (const char *) levels + VARSIZE(levels);
	KnownColumn *known;
	int			first;

	if (VARSIZE(levels) < offsetof(PackedLevels, data) || levels->magic != KNOWN_MAGIC ||
		levels->indicators < KNOWN_CODES || levels->indicators > KNOWN_ALL_INDICATORS)
		damaged();
	if (levels->columns != columns)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("levels of %d columns do not fit %d features", levels->columns, columns)));
	first = levels->indicators == KNOWN_ALL_INDICATORS ? 1 : 0;
	known = palloc0(Max(columns, 1) * sizeof(KnownColumn));
	for (int c = 0; c < columns; c++)
	{
		int			count = read_number(&at, end);

		known[c].indicators = -1;
		if (count == KNOWN_NUMBER)
			continue;
		if (count < 0 || count > (end - at) / (ptrdiff_t) sizeof(int32))
			damaged();
		read_levels(&known[c], count, first, &at, end, types[c], collations[c]);
		if (levels->indicators != KNOWN_CODES)
			known[c].indicators = Min(Max(count - 1 + first, 0), MAX_COLUMNS);
	}
	if (at != end)
		damaged();
	return known;
}
