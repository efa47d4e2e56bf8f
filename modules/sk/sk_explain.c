/*
 * sk_explain.c: the SQL function that divides the prediction for a row among the features.
 */
#include "postgres.h"

#include "funcapi.h"
#include "sk.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

/* Returns the class that a number is for: of two classes the second; of several targets their number, from 1. */
static Datum
subject(const Sk *sk, int output, int count, bool *is_null)
{
	*is_null = sk->task != TASK_CLASSIFICATION && count == 1;
	if (*is_null)
		return (Datum) 0;
	if (sk->task == TASK_CLASSIFICATION)
		return PointerGetDatum(sk->row->labels[count == 1 ? 1 : output]);
	return PointerGetDatum(cstring_to_text(psprintf("%d", output + 1)));
}

/* Appends the rows of one output: what the contributions are added to, then the contribution of each input. */
static void
put_output(ReturnSetInfo *result, Sk *sk, const double *x, int output, int count)
{
	double	   *contributions = palloc(Max(1, sk->inputs) * sizeof(double));
	double		base = sk->kind->explain(sk, x, output, contributions);
	Datum		values[3];
	bool		nulls[3] = {false, true, false};

	values[0] = subject(sk, output, count, &nulls[0]);
	values[1] = (Datum) 0;
	values[2] = Float8GetDatum(base);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	nulls[1] = false;
	for (int i = 0; i < sk->inputs; i++)
	{
		values[1] = PointerGetDatum(sk->names[i]);
		values[2] = Float8GetDatum(contributions[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	pfree(contributions);
}

/* sk_explain(model, VARIADIC features): for each class or target a row without a feature, then one for each feature. */
PG_FUNCTION_INFO_V1(sk_explain);
Datum
sk_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const double *x;
	Sk		   *sk;
	int			count;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	sk = sk_model(fcinfo);
	if (sk->task != TASK_REGRESSION && sk->task != TASK_CLASSIFICATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("this model predicts neither a number nor a class"),
				 errhint("Choose a model of regression or classification.")));
	if (!sk->is_explained)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("there are no exact contributions to a prediction of this model"),
				 errhint("Train a linear algorithm, trees or boosting.")));
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		return (Datum) 0;
	count = sk->decisions > 0 ? sk->decisions : sk->outputs;
	for (int output = 0; output < count; output++)
		put_output(result, sk, x, output, count);
	return (Datum) 0;
}
