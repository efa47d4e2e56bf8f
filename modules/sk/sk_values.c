/*
 * sk_values.c: the values of arguments as numbers and codes of levels.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "numeric/seconds.h"
#include "sk_values.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#define UNSEEN (-1.0)			/* the code of a value that is no level */

void
sk_reader_init(Reader *reader, Oid type, MemoryContext context)
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

double
sk_read_value(Sk *sk, int i, const Reader *reader, Datum value)
{
	double		number;
	char	   *string;

	if (sk->row->levels[i] == 0)
	{
		if (reader->type == FLOAT8OID)
			return DatumGetFloat8(value);
		if (as_number(reader, value, &number))
			return number;
		string = OutputFunctionCall((FmgrInfo *) &reader->output, value);
		return DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(string)));
	}
	if (reader->is_text)
	{
		text	   *bytes = DatumGetTextPP(value);
		int			length = VARSIZE_ANY_EXHDR(bytes);

		if (reader->type == BPCHAROID)
			length = bpchartruelen(VARDATA_ANY(bytes), length);
		number = row_code(sk->row, i, VARDATA_ANY(bytes), length);
	}
	else if (reader->type == BOOLOID)
		number = DatumGetBool(value) ? row_code(sk->row, i, "true", 4) : row_code(sk->row, i, "false", 5);
	else
	{
		string = level_text(reader, value);
		number = row_code(sk->row, i, string, strlen(string));
	}
	return isnan(number) ? UNSEEN : number;
}
