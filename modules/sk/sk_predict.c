/*
 * sk_predict.c: the SQL functions that score one row: model first, then the features.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "engine/kernel.h"
#include "sk.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

static const SkKind *const kinds[] = {
	&sk_linear, &sk_gaussian, &sk_network, &sk_centers, &sk_known, &sk_factors, &sk_trees, &sk_kernel, &sk_svm, &sk_laplace,
	&sk_neighbors, &sk_bayes,
};

static text **
names_of(const Model *model, int inputs)
{
	const int32 *ends = model_integers(model, SK_NAME_ENDS, inputs);
	const char *texts = (const char *) model_integers(model, SK_NAMES, -1);
	int64		bytes = model->arrays[SK_NAMES].count * (int64) sizeof(int32);
	text	  **names = palloc(inputs * sizeof(text *));
	int32		from = 0;

	for (int i = 0; i < inputs; i++)
	{
		if (ends[i] < from || ends[i] > bytes)
			model_damaged("its names are out of order");
		names[i] = row_text(texts + from, ends[i] - from);
		from = ends[i];
	}
	return names;
}

static void
check_sk(Model *model)
{
	Sk		   *sk = palloc0(sizeof(Sk));
	const int32 *form = model_integers(model, SK_FORM, FORM_INTS);

	sk->model = model;
	sk->row = model_row(model, SK_SHAPE, SK_ENDS, SK_TEXTS);
	sk->task = form[1];
	sk->columns = form[2];
	sk->outputs = form[3];
	sk->takes_nan = form[4] == MISSING_NAN || form[4] == MISSING_NAN_ONLY;
	sk->takes_infinity = form[4] == MISSING_NAN_ONLY;
	sk->inputs = sk->row->features;
	sk->classes = sk->row->classes;
	if (sk->task < TASK_REGRESSION || sk->task > TASK_DECOMPOSITION)
		model_damaged("its task is not known");
	if (sk->columns < 0 || sk->columns > MAX_PARAMS || sk->outputs < 1 || sk->outputs > MAX_PARAMS)
		model_damaged("it has more columns or outputs than a training makes");
	if (sk->task == TASK_CLASSIFICATION ? sk->classes < 2 : sk->classes != 0)
		model_damaged("it has a wrong number of classes");
	sk->names = names_of(model, sk->inputs);
	sk_check_row(sk);
	for (int k = 0; k < lengthof(kinds); k++)
		if (kinds[k]->number == form[0])
			sk->kind = kinds[k];
	if (sk->kind == NULL)
		model_damaged("its kind is not known");
	sk->kind->check(sk);
	sk->values = palloc(Max(sk->outputs, sk->decisions) * sizeof(double));
	sk->probabilities = palloc(Max(1, sk->classes) * sizeof(double));
	model->checked = sk;
}

/* Returns the model in argument 0. */
Sk *
sk_model(FunctionCallInfo fcinfo)
{
	return model_argument(fcinfo, 0, MODEL_SK, check_sk)->checked;
}

void
sk_wrong_task(const char *has, const char *function)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("this model %s", has),
			 errhint("Use %s.", function)));
}

/* sk_predict(model, VARIADIC features): a number, or the number of a cluster. */
PG_FUNCTION_INFO_V1(sk_predict);
Datum
sk_predict(PG_FUNCTION_ARGS)
{
	const double *x;
	Sk		   *sk;
	int			number;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sk = sk_model(fcinfo);
	if (sk->task == TASK_CLASSIFICATION)
		sk_wrong_task("predicts classes", "sk_predict_class or sk_predict_prob");
	if (sk->task == TASK_DECOMPOSITION || sk->outputs > 1)
		if (sk->task != TASK_CLUSTERING)
			sk_wrong_task("has several numbers for a row", "sk_predict_all");
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		PG_RETURN_NULL();
	number = sk->kind->score(sk, x, WANT_PREDICTION);
	if (sk->task == TASK_CLUSTERING && number == SK_UNKNOWN)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sk->task == TASK_CLUSTERING ? number : sk->values[0]);
}

static Datum
number_array(const double *values, int count)
{
	Datum	   *elements = palloc(Max(1, count) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(values[i]);
	return PointerGetDatum(construct_array(elements, count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

Datum
sk_all(FunctionCallInfo fcinfo, const char *others)
{
	const double *x;
	Sk		   *sk;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sk = sk_model(fcinfo);
	if (sk->task != TASK_REGRESSION && sk->task != TASK_DECOMPOSITION)
		sk_wrong_task("has one class or cluster for a row", others);
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		PG_RETURN_NULL();
	sk->kind->score(sk, x, WANT_PREDICTION);
	return number_array(sk->values, sk->outputs);
}

/* sk_predict_all(model, VARIADIC features): the numbers of all targets, or all components. */
PG_FUNCTION_INFO_V1(sk_predict_all);
Datum
sk_predict_all(PG_FUNCTION_ARGS)
{
	return sk_all(fcinfo, "sk_predict_class or sk_predict");
}

/* sk_predict_class(model, VARIADIC features): the label of the class. */
PG_FUNCTION_INFO_V1(sk_predict_class);
Datum
sk_predict_class(PG_FUNCTION_ARGS)
{
	const double *x;
	Sk		   *sk;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sk = sk_model(fcinfo);
	if (sk->task != TASK_CLASSIFICATION)
		sk_wrong_task("has no classes", "sk_predict or sk_predict_all");
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(row_label(sk->row, sk->kind->score(sk, x, WANT_PREDICTION)));
}

/* sk_decision(model, VARIADIC features): the decision values of a classifier. */
PG_FUNCTION_INFO_V1(sk_decision);
Datum
sk_decision(PG_FUNCTION_ARGS)
{
	const double *x;
	Sk		   *sk;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sk = sk_model(fcinfo);
	if (sk->decisions == 0)
		sk_wrong_task("has no decision values", "sk_predict, sk_predict_class or sk_predict_prob");
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		PG_RETURN_NULL();
	sk->kind->score(sk, x, WANT_DECISIONS);
	return number_array(sk->values, sk->decisions);
}

/* sk_predict_prob(model, VARIADIC features): a row for each class, its label and its probability. */
PG_FUNCTION_INFO_V1(sk_predict_prob);
Datum
sk_predict_prob(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const double *x;
	Sk		   *sk;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);	/* a new one would stay until the query ends */
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	sk = sk_model(fcinfo);
	if (sk->task != TASK_CLASSIFICATION)
		sk_wrong_task("has no classes", "sk_predict or sk_predict_all");
	if (!sk->has_probabilities)
		sk_wrong_task("has no probabilities", "sk_predict_class or sk_decision");
	x = sk_columns(sk, fcinfo, 1);
	if (x == NULL)
		return (Datum) 0;
	sk->kind->score(sk, x, WANT_PROBABILITIES);
	for (int c = 0; c < sk->classes; c++)
	{
		Datum		values[2] = {PointerGetDatum(sk->row->labels[c]), Float8GetDatum(sk->probabilities[c])};
		bool		nulls[2] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
