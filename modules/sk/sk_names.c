/*
 * sk_names.c: errors for rows that lack what a model was trained on, with the names of its inputs.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "sk.h"
#include "utils/builtins.h"

#define MOST_NAMES 40			/* in an error */

static bool
ends_with(const text *name, const char *end)
{
	int			length = VARSIZE_ANY_EXHDR(name);
	int			wanted = strlen(end);

	return length > wanted && memcmp(VARDATA_ANY(name) + length - wanted, end, wanted) == 0;
}

/* Returns the names of the inputs in order; those of a long array as the first and the last. */
static const char *
names_in_order(const Sk *sk)
{
	StringInfoData names;
	const text *last = sk->names[sk->inputs - 1];

	if (sk->inputs > 2 && ends_with(sk->names[0], "[1]") && ends_with(last, psprintf("[%d]", sk->inputs)))
		return psprintf("%s to %s", text_to_cstring(sk->names[0]), text_to_cstring(last));
	initStringInfo(&names);
	for (int i = 0; i < Min(sk->inputs, MOST_NAMES); i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", text_to_cstring(sk->names[i]));
	if (sk->inputs > MOST_NAMES)
		appendStringInfo(&names, " and %d more", sk->inputs - MOST_NAMES);
	return names.data;
}

void
sk_wrong_count(const Sk *sk, int given)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%d features do not fit the %d of the model", given, sk->inputs),
			 errdetail("The model was trained on: %s.", names_in_order(sk)),
			 errhint("Give the features in the order of training, one array of them, a row of a table or JSON.")));
}

void
sk_check_missing(const Sk *sk, const bool *is_missing, const char *one, const char *several)
{
	StringInfoData names;
	int			count = 0;

	for (int i = 0; i < sk->inputs; i++)
		count += is_missing[i];
	if (count == 0)
		return;
	initStringInfo(&names);
	for (int i = 0, written = 0; i < sk->inputs && written < MOST_NAMES; i++)
		if (is_missing[i])
			appendStringInfo(&names, "%s\"%s\"", written++ > 0 ? ", " : "", text_to_cstring(sk->names[i]));
	if (count > MOST_NAMES)
		appendStringInfo(&names, " and %d more", count - MOST_NAMES);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("%s %s, which the model was trained on", count == 1 ? one : several, names.data),
			 errdetail("The model was trained on: %s.", names_in_order(sk)),
			 errhint("Give all of the features by their names, or the features one by one.")));
}
