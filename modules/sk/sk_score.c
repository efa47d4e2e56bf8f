/*
 * sk_score.c: the SQL functions behind predictions by the name of a project: any model first, then the features.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "common/shortest_dec.h"
#include "funcapi.h"
#include "sk.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

/* The class of a row.  SQL of (f(x)).* calls f for each column of its result, and the row is scored once. */
typedef struct Scored
{
	int			class;			/* -1: no row has been scored */
	double		likelihood;		/* NaN: the model has no probabilities */
	double		x[FLEXIBLE_ARRAY_MEMBER];	/* columns of the row */
} Scored;

/* Returns the labels of the classes as numbers; raises an error if they are none. */
static const double *
class_numbers(Sk *sk)
{
	double	   *numbers;

	if (sk->class_numbers)
		return sk->class_numbers;
	numbers = MemoryContextAlloc(sk->row->context, sk->classes * sizeof(double));
	for (int c = 0; c < sk->classes; c++)
	{
		char	   *label = text_to_cstring(sk->row->labels[c]);
		char	   *end;

		numbers[c] = strtod(label, &end);
		if (end == label || *end != '\0' || !isfinite(numbers[c]))
		{
			pfree(numbers);
			sk_wrong_task("predicts classes that are not numbers", "predict_class");
		}
	}
	return sk->class_numbers = numbers;
}

/* sk_score(model, VARIADIC features): a number, the number of a cluster, or the label of a class that is a number. */
PG_FUNCTION_INFO_V1(sk_score);
Datum
sk_score(PG_FUNCTION_ARGS)
{
	const double *x;
	const double *numbers = NULL;
	Sk		   *sk;
	int			number;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sk = sk_model(fcinfo);
	if (sk->task == TASK_DECOMPOSITION || (sk->task == TASK_REGRESSION && sk->outputs > 1))
		sk_wrong_task("has several numbers for a row", "predict_joint");
	if (sk->task == TASK_CLASSIFICATION)
		numbers = class_numbers(sk);
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		PG_RETURN_NULL();
	number = sk->kind->score(sk, x, WANT_PREDICTION);
	if (sk->task == TASK_CLUSTERING && number == SK_UNKNOWN)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sk->task == TASK_REGRESSION ? sk->values[0] : numbers ? numbers[number] : number);
}

/* sk_score_joint(model, VARIADIC features): the numbers of all targets, or all components. */
PG_FUNCTION_INFO_V1(sk_score_joint);
Datum
sk_score_joint(PG_FUNCTION_ARGS)
{
	return sk_all(fcinfo, "predict_class or predict");
}

static void
check_has_classes(const Sk *sk)
{
	if (sk->task != TASK_CLASSIFICATION)
		sk_wrong_task("has no classes", "predict or predict_joint");
}

/* Returns the class of a row, which is not scored again if it is that of the previous call. */
static const Scored *
scored(Sk *sk, const double *x)
{
	Size		size = sk->columns * sizeof(double);
	Scored	   *last = sk->scored;

	if (last == NULL)
	{
		last = MemoryContextAlloc(sk->row->context, offsetof(Scored, x) + size);
		last->class = -1;
		sk->scored = last;
	}
	if (last->class >= 0 && memcmp(last->x, x, size) == 0)
		return last;
	last->class = -1;			/* until the row is scored, which may end in an error */
	memcpy(last->x, x, size);
	if (sk->has_probabilities)
	{
		int			class = sk->kind->score(sk, x, WANT_PROBABILITIES);

		last->likelihood = sk->probabilities[class];
		last->class = class;
	}
	else
	{
		last->likelihood = NAN;
		last->class = sk->kind->score(sk, x, WANT_PREDICTION);
	}
	return last;
}

/* sk_score_class(model, VARIADIC features): the label of the class, and its probability if the model has any. */
PG_FUNCTION_INFO_V1(sk_score_class);
Datum
sk_score_class(PG_FUNCTION_ARGS)
{
	const double *x;
	const Scored *row;
	Sk		   *sk;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};
	Datum		result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sk = sk_model(fcinfo);
	check_has_classes(sk);
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		PG_RETURN_NULL();
	row = scored(sk, x);
	values[0] = PointerGetDatum(sk->row->labels[row->class]);
	values[1] = Float8GetDatum(row->likelihood);
	nulls[1] = isnan(row->likelihood);
	desc = lookup_rowtype_tupdesc(get_fn_expr_rettype(fcinfo->flinfo), -1);
	result = HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
	ReleaseTupleDesc(desc);
	PG_RETURN_DATUM(result);
}

/* Returns a number in JSON with all of its digits; null for one that JSON does not have. */
static JsonbValue
number_in_json(double number)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];
	JsonbValue	value;

	value.type = jbvNull;
	if (isfinite(number))
	{
		double_to_shortest_decimal_buf(number, digits);
		value.type = jbvNumeric;
		value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(digits),
																ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	}
	return value;
}

/* sk_score_proba(model, VARIADIC features): the probability of each class, by its label. */
PG_FUNCTION_INFO_V1(sk_score_proba);
Datum
sk_score_proba(PG_FUNCTION_ARGS)
{
	const double *x;
	Sk		   *sk;
	JsonbParseState *state = NULL;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sk = sk_model(fcinfo);
	check_has_classes(sk);
	if (!sk->has_probabilities)
		sk_wrong_task("has no probabilities", "predict_class");
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		PG_RETURN_NULL();
	sk->kind->score(sk, x, WANT_PROBABILITIES);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int c = 0; c < sk->classes; c++)
	{
		JsonbValue	key = {.type = jbvString};
		JsonbValue	value = number_in_json(sk->probabilities[c]);

		key.val.string.val = VARDATA(sk->row->labels[c]);
		key.val.string.len = VARSIZE(sk->row->labels[c]) - VARHDRSZ;
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
