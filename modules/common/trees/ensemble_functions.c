/*
 * ensemble_functions.c: the SQL functions of a method whose models are trees that are added up.
 */
#include "ensemble_model.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/tuplestore.h"

/* Returns the model in argument 0, after it has scored the row in argument 1. */
static EnsembleModel *
scored(FunctionCallInfo fcinfo, uint32 method)
{
	EnsembleModel *model = ensemble_argument(fcinfo, 0, method);

	ensemble_sums(model, fcinfo, 1);
	return model;
}

/* Returns the label of the likeliest class, or the number of a regression, as text. */
Datum
ensemble_predict(FunctionCallInfo fcinfo, uint32 method)
{
	EnsembleModel *model = scored(fcinfo, method);
	const double *shares;
	int			best = 0;

	if (model->row->classes == 0)
		PG_RETURN_TEXT_P(cstring_to_text(float8out_internal(ensemble_number(model))));
	shares = ensemble_shares(model);
	for (int c = 1; c < model->row->classes; c++)
		if (shares[c] > shares[best])
			best = c;
	PG_RETURN_TEXT_P(row_label(model->row, best));
}

/* Returns the prediction of a regression. */
Datum
ensemble_predict_number(FunctionCallInfo fcinfo, uint32 method, const char *prefix)
{
	EnsembleModel *model = scored(fcinfo, method);

	if (model->row->classes > 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("this model predicts a class, not a number"),
				 errhint("Call %spredict, which gives the class as text.", prefix)));
	PG_RETURN_FLOAT8(ensemble_number(model));
}

/* Returns a row for each class: its label and its probability. */
Datum
ensemble_predict_prob(FunctionCallInfo fcinfo, uint32 method, const char *prefix)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EnsembleModel *model;
	const double *shares;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);	/* a new tuple descriptor for each call would use memory until the query ends */
	model = scored(fcinfo, method);
	if (model->row->classes == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("this model predicts a number, which has no probabilities"),
				 errhint("Call %spredict_number, which gives the number.", prefix)));
	shares = ensemble_shares(model);
	for (int c = 0; c < model->row->classes; c++)
	{
		Datum		values[2] = {PointerGetDatum(model->row->labels[c]), Float8GetDatum(shares[c])};
		bool		nulls[2] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Returns for an output a row without a feature, what contributions are added to, then the contribution of each feature. */
static void
put_contributions(EnsembleModel *model, int output, int class, double *contributions, ReturnSetInfo *result)
{
	double		base = ensemble_explained(model, output, contributions);
	Datum		values[3] = {class < 0 ? (Datum) 0 : PointerGetDatum(model->row->labels[class])};
	bool		nulls[3] = {class < 0, true, false};

	values[2] = Float8GetDatum(base);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	nulls[1] = false;
	for (int f = 0; f < model->row->features; f++)
	{
		values[1] = PointerGetDatum(model->names[f]);
		values[2] = Float8GetDatum(contributions[f]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* Explains a number; of two classes the second, of more classes each. */
Datum
ensemble_explain(FunctionCallInfo fcinfo, uint32 method)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EnsembleModel *model;
	double	   *contributions;
	int			classes;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	model = scored(fcinfo, method);
	classes = model->row->classes;
	contributions = palloc(model->row->features * sizeof(double));
	if (classes <= 2)
		put_contributions(model, 1, classes - 1, contributions, result);
	for (int c = 0; c < classes && classes > 2; c++)
		put_contributions(model, c, c, contributions, result);
	pfree(contributions);
	return (Datum) 0;
}
