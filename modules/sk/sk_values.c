/*
 * sk_values.c: values of any type as numbers, and as codes of levels.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "miscadmin.h"
#include "numeric/seconds.h"
#include "sk_values.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#define UNSEEN (-1.0)			/* the code of a value that is no level */
#define DATE_LENGTH 10			/* characters of 2020-01-31 */

void
reader_init(Reader *reader, Oid type, MemoryContext context)
{
	Oid			base = getBaseType(type);
	Oid			function;
	bool		is_varlena;

	reader->type = base;
	reader->is_text = base == TEXTOID || base == VARCHAROID || base == BPCHAROID;
	/* the text of a level is the time in UTC, whatever zone the session is in; both types have the same values */
	getTypeOutputInfo(base == TIMESTAMPTZOID ? TIMESTAMPOID : base, &function, &is_varlena);
	fmgr_info_cxt(function, &reader->output, context);
}

/* Tells whether a text begins with a date as JSON has dates: 2020-01-31. */
static bool
is_date(const char *string)
{
	for (int i = 0; i < DATE_LENGTH; i++)
		if (i == 4 || i == 7 ? string[i] != '-' : !isdigit((unsigned char) string[i]))
			return false;
	return true;
}

/* Raises an error for a text that is no number; it names the feature, which float8in() does not know. */
static void
check_number(const Sk *sk, int i, const char *string)
{
	char	   *end;

	strtod(string, &end);
	if (end != string)
		end += strspn(end, " \t\n\v\f\r");
	if (end == string || *end != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("feature \"%s\" is a number, not \"%s\"", text_to_cstring(sk->names[i]), string),
				 errhint("Give a number, or NULL.")));
}

/*
 * Returns a number, boolean or time, given as text.  A time without a zone is read as those of a column without zones are.
 */
static double
number_of_text(const Sk *sk, int i, const char *string)
{
	Datum		text = CStringGetDatum(string);

	if (strcmp(string, "true") == 0 || strcmp(string, "t") == 0)
		return 1;
	if (strcmp(string, "false") == 0 || strcmp(string, "f") == 0)
		return 0;
	if (!is_date(string))
	{
		check_number(sk, i, string);
		return DatumGetFloat8(DirectFunctionCall1(float8in, text));
	}
	return timestamp_seconds(DatumGetTimestamp(DirectFunctionCall3(strpbrk(string + DATE_LENGTH, "+-Zz") ? timestamptz_in : timestamp_in,
														 text, ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
}

/* Returns a value as a number; false if its type is read as text. */
static bool
as_number(const Reader *reader, Datum value, double *number)
{
	switch (reader->type)
	{
		case FLOAT8OID:
			*number = DatumGetFloat8(value);
			return true;
		case FLOAT4OID:
			*number = DatumGetFloat4(value);
			return true;
		case INT2OID:
			*number = DatumGetInt16(value);
			return true;
		case INT4OID:
			*number = DatumGetInt32(value);
			return true;
		case INT8OID:
			*number = (double) DatumGetInt64(value);
			return true;
		case BOOLOID:
			*number = DatumGetBool(value);
			return true;
		case NUMERICOID:
			*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
			return true;
		case DATEOID:
			*number = date_seconds(DatumGetDateADT(value));
			return true;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*number = timestamp_seconds(DatumGetTimestamp(value));
			return true;
		case TIMEOID:
			*number = time_seconds(DatumGetTimeADT(value));
			return true;
		case INTERVALOID:
			*number = interval_seconds(value);
			return true;
	}
	return false;
}

/* Returns the text of a value as training wrote the levels, whatever the session's settings are. */
static char *
level_text(const Reader *reader, Datum value)
{
	int			style = DateStyle;
	int			digits = extra_float_digits;
	char	   *string = NULL;

	DateStyle = USE_ISO_DATES;
	extra_float_digits = 1;
	PG_TRY();
	{
		string = OutputFunctionCall((FmgrInfo *) &reader->output, value);
	}
	PG_FINALLY();
	{
		DateStyle = style;
		extra_float_digits = digits;
	}
	PG_END_TRY();
	return string;
}

/* Returns the code of a level, UNSEEN for a text that is none. */
static double
level_code(Sk *sk, int i, const char *bytes, int length)
{
	double		code = row_code(sk->row, i, bytes, length);

	return isnan(code) ? UNSEEN : code;
}

double
sk_text(Sk *sk, int i, const char *string, int length)
{
	return sk->row->levels[i] == 0 ? number_of_text(sk, i, string) : level_code(sk, i, string, length);
}

double
sk_value(Sk *sk, int i, const Reader *reader, Datum value)
{
	double		number;
	char	   *string;

	if (sk->row->levels[i] == 0)
	{
		if (as_number(reader, value, &number))
			return number;
		return number_of_text(sk, i, OutputFunctionCall((FmgrInfo *) &reader->output, value));
	}
	if (reader->is_text)
	{
		text	   *bytes = DatumGetTextPP(value);
		int			length = VARSIZE_ANY_EXHDR(bytes);

		if (reader->type == BPCHAROID)
			length = bpchartruelen(VARDATA_ANY(bytes), length);
		return level_code(sk, i, VARDATA_ANY(bytes), length);
	}
	if (reader->type == BOOLOID)
		return DatumGetBool(value) ? level_code(sk, i, "true", 4) : level_code(sk, i, "false", 5);
	string = level_text(reader, value);
	return level_code(sk, i, string, strlen(string));
}
