/*
 * dict_bytes.c: merges dictionaries of single values, and converts them to bytes and back.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "dict.h"
#include "miscadmin.h"
#include "utils/builtins.h"

static Datum
value_of(const Dict *dict, int code)
{
	bool		isnull;

	return dict_value(dict, code, 0, &isnull);
}

int *
dict_merge(Dict *into, const Dict *from)
{
	static const bool not_null = false;
	int			count = dict_count(from);
	int		   *map = palloc(Max(count, 1) * sizeof(int));

	if (dict_type(into, 0) != dict_type(from, 0))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("categories of different types cannot be merged")));
	for (int code = 0; code < count; code++)
	{
		Datum		value = value_of(from, code);

		map[code] = dict_code(into, &value, &not_null);
	}
	return map;
}

/* Returns a bigint or a boolean as the 64 bits that dict_append() writes. */
static int64
integer_of(const Dict *dict, Datum value)
{
	return dict_type(dict, 0) == BOOLOID ? DatumGetBool(value) : DatumGetInt64(value);
}

void
dict_append(StringInfo to, const Dict *dict)
{
	Oid			type = dict_type(dict, 0);
	bool		is_text = type == TEXTOID;
	int			count = dict_count(dict);

	appendBinaryStringInfo(to, (const char *) &type, sizeof(Oid));
	appendBinaryStringInfo(to, (const char *) &count, sizeof(int));
	for (int code = 0; code < count; code++)
	{
		int			length = is_text ? VARSIZE_ANY_EXHDR(DatumGetPointer(value_of(dict, code))) : sizeof(int64);

		appendBinaryStringInfo(to, (const char *) &length, sizeof(int));
	}
	for (int code = 0; code < count; code++)
	{
		Datum		value = value_of(dict, code);
		int64		number = is_text ? 0 : integer_of(dict, value);

		if (is_text)
			appendBinaryStringInfo(to, VARDATA_ANY(DatumGetPointer(value)), VARSIZE_ANY_EXHDR(DatumGetPointer(value)));
		else
			appendBinaryStringInfo(to, (const char *) &number, sizeof(number));
	}
}

const char *
dict_take(const char **at, const char *end, Size size)
{
	const char *part = *at;

	if (size > end - part)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("a state with categories is too short")));
	*at += size;
	return part;
}

pg_noreturn static void
damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("a state with categories is damaged")));
}

/* Reads a value that dict_append() wrote. */
static Datum
read_value(Oid type, const char *bytes, int length)
{
	int64		number;

	if (type == TEXTOID)
		return PointerGetDatum(cstring_to_text_with_len(bytes, length));
	if (length != sizeof(number))
		damaged();
	memcpy(&number, bytes, sizeof(number));
	return type == BOOLOID ? BoolGetDatum(number != 0) : Int64GetDatum(number);
}

Dict *
dict_read(const char **at, const char *end)
{
	static const bool not_null = false;
	Dict	   *dict;
	Oid			type;
	int			count;
	const char *lengths;

	memcpy(&type, dict_take(at, end, sizeof(Oid)), sizeof(Oid));
	memcpy(&count, dict_take(at, end, sizeof(int)), sizeof(int));
	if (type != TEXTOID && type != INT8OID && type != BOOLOID)
		damaged();
	lengths = dict_take(at, end, (Size) (uint32) count * sizeof(int));
	dict = dict_of_type(type);
	for (int code = 0; code < count; code++)
	{
		int			length;
		Datum		value;

		CHECK_FOR_INTERRUPTS();
		memcpy(&length, lengths + code * sizeof(int), sizeof(int));
		value = read_value(type, dict_take(at, end, (uint32) length), length);
		if (dict_code(dict, &value, &not_null) != code)
			damaged();
		if (type == TEXTOID)
			pfree(DatumGetPointer(value));
	}
	return dict;
}
