/*
 * sk_literal.c: the inputs of a model in JSON, or in a text of JSON or of an array.
 */
#include "postgres.h"

#include <math.h>

#include "sk_arguments.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#define WHITE " \t\r\n"

/* Returns input `i` of a number; one of levels has their text, as 3 or 3.0. */
static double
number_in_json(Sk *sk, int i, Numeric number)
{
	Datum		value = NumericGetDatum(number);
	char	   *string;
	double		code;

	if (sk->row->levels[i] == 0)
		return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	string = DatumGetCString(DirectFunctionCall1(numeric_out, value));
	code = row_code(sk->row, i, string, strlen(string));
	if (!isnan(code))
		return code;
	string = numeric_normalize(number);
	return sk_text(sk, i, string, strlen(string));
}

/* Returns input `i` of a value in JSON. */
static double
value_in_json(Sk *sk, int i, const JsonbValue *value)
{
	bool		is_number = sk->row->levels[i] == 0;
	const char *word;

	switch (value->type)
	{
		case jbvNull:
			return NAN;
		case jbvNumeric:
			return number_in_json(sk, i, value->val.numeric);
		case jbvBool:
			word = value->val.boolean ? "true" : "false";
			return is_number ? value->val.boolean : sk_text(sk, i, word, strlen(word));
		case jbvString:
			word = pnstrdup(value->val.string.val, value->val.string.len);
			return sk_text(sk, i, word, value->val.string.len);
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the value of \"%s\" is an array or object of JSON", text_to_cstring(sk->names[i])),
					 errhint("Give a number, text, boolean or null.")));
	}
}

static void
array_in_json(Sk *sk, JsonbContainer *array)
{
	int			given = JsonContainerSize(array);

	if (given != sk->inputs)
		sk_wrong_count(sk, given);
	for (int i = 0; i < given; i++)
		sk->raw[i] = value_in_json(sk, i, getIthJsonbValueFromContainer(array, i));
}

/* Reads the array that has all inputs, x[1], x[2], ..., under the key x; returns false if there is no such key. */
static bool
vector_in_json(Sk *sk, JsonbContainer *object)
{
	const char *name = VARDATA(sk->names[0]);
	int			length = VARSIZE(sk->names[0]) - VARHDRSZ - 3;
	JsonbValue *value;

	if (length < 1 || memcmp(name + length, "[1]", 3) != 0 || getKeyJsonValueFromContainer(object, name, length + 3, NULL))
		return false;
	value = getKeyJsonValueFromContainer(object, name, length, NULL);
	if (value == NULL || (value->type != jbvNull && !(value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))))
		return false;
	for (int i = 0; i < sk->inputs; i++)
		sk->raw[i] = NAN;
	if (value->type == jbvBinary)
		array_in_json(sk, value->val.binary.data);
	return true;
}

bool
read_json(Sk *sk, Datum jsonb)
{
	JsonbContainer *root = &DatumGetJsonbP(jsonb)->root;

	if (JsonContainerIsScalar(root))
	{
		if (getIthJsonbValueFromContainer(root, 0)->type == jbvNull)
			return false;
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must be an object or array of JSON, not a single value")));
	}
	if (JsonContainerIsArray(root))
	{
		array_in_json(sk, root);
		return true;
	}
	if (vector_in_json(sk, root))
		return true;
	for (int i = 0; i < sk->inputs; i++)
	{
		JsonbValue *value = getKeyJsonValueFromContainer(root, VARDATA(sk->names[i]), VARSIZE(sk->names[i]) - VARHDRSZ, NULL);

		sk->is_missing[i] = value == NULL;
		if (value)
			sk->raw[i] = value_in_json(sk, i, value);
	}
	sk_check_missing(sk, sk->is_missing, "the JSON has no key", "the JSON has no keys");
	return true;
}

/* Tells whether a text is an object of JSON, and not an array as {"a"}: its first string is a key. */
static bool
is_object(const char *text)
{
	const char *at = text + strspn(text, WHITE);

	if (*at++ != '{')
		return false;
	at += strspn(at, WHITE);
	if (*at++ != '"')
		return false;
	for (; *at != '"'; at++)
		if (*at == '\0' || (*at == '\\' && *++at == '\0'))
			return false;
	at++;
	return at[strspn(at, WHITE)] == ':';
}

bool
read_literal(Sk *sk, Plan *plan, const char *string, int length)
{
	char		first = string[strspn(string, WHITE)];
	bool		is_word = sk->inputs == 1 && sk->row->levels[0] > 0;	/* any text can be a level */

	if (is_word ? is_object(string) && isnan(row_code(sk->row, 0, string, length)) : is_object(string) || first == '[')
		return read_json(sk, DirectFunctionCall1(jsonb_in, CStringGetDatum(string)));
	if (first == '{' && !is_word)
	{
		Oid			function;
		Oid			element;

		getTypeInputInfo(TEXTARRAYOID, &function, &element);
		read_elements(sk, plan, DatumGetArrayTypeP(OidInputFunctionCall(function, (char *) string, element, -1)));
		return true;
	}
	if (sk->inputs > 1)
		sk_wrong_count(sk, 1);
	sk->raw[0] = sk_text(sk, 0, string, length);
	return true;
}
