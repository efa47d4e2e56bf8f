/*
 * nb_predict.c: scores a row with a model of naive Bayes.
 *
 * Arrays of a model (modules/nb/model.py writes them):
 *   0  int32   C, the number of classes; for each feature 0, or the number of its levels
 *   1  double  logarithms of the priors, C
 *   2  double  terms of each feature (common/bayes/terms.h)
 *   3  int32   where each text ends (model_row.h)
 *   4  int32   texts
 *
 * A feature that is NULL, not finite, or a value not seen in training adds nothing.
 */
#include "postgres.h"

#include "common/bayes/terms.h"
#include "fmgr.h"
#include "funcapi.h"
#include "engine/model_row.h"
#include "nb.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

typedef struct Bayes
{
	ModelRow   *row;
	const double *priors;
	const double *terms;
	double	   *scores;			/* logarithms, then probabilities, of the classes for the current row */
} Bayes;

static void
check_bayes(Model *model)
{
	Bayes	   *bayes = palloc0(sizeof(Bayes));
	int64		terms = 0;

	if (model->narrays != 5)
		model_damaged("it has too few arrays");
	bayes->row = model_row(model, 0, 3, 4);
	if (bayes->row->classes < 1)
		model_damaged("it has no classes");
	for (int f = 0; f < bayes->row->features; f++)
		terms += bayes_width(bayes->row->levels[f]);
	if (terms > model->arrays[2].count)	/* so that the product below cannot overflow */
		model_damaged("an array is missing or of a wrong length");
	bayes->priors = model_doubles(model, 1, bayes->row->classes);
	bayes->terms = model_doubles(model, 2, terms * bayes->row->classes);
	bayes->scores = palloc(bayes->row->classes * sizeof(double));
	model->checked = bayes;
}

/* Sets bayes->scores to the logarithms of prior times likelihood, and returns the most probable class. */
static int
score(const Bayes *bayes, const double *x)
{
	const double *terms = bayes->terms;
	int			classes = bayes->row->classes;
	double	   *scores = bayes->scores;
	int			best = 0;

	memcpy(scores, bayes->priors, classes * sizeof(double));
	for (int f = 0; f < bayes->row->features; f++)
		terms = bayes_add(scores, terms, classes, bayes->row->levels[f], x[f]);
	for (int c = 1; c < classes; c++)
		if (scores[c] > scores[best])
			best = c;
	return best;
}

/* Returns the model in argument 0, and the row in argument 1: double precision[] or text[]. */
static Bayes *
arguments(FunctionCallInfo fcinfo, const double **x)
{
	Bayes	   *bayes = model_argument(fcinfo, 0, MODEL_BAYES, check_bayes)->checked;

	*x = row_argument(bayes->row, fcinfo, 1);
	return bayes;
}

/* nb_predict(model, features): returns the label of the most probable class, as text. */
PG_FUNCTION_INFO_V1(nb_predict);
Datum
nb_predict(PG_FUNCTION_ARGS)
{
	const double *x;
	Bayes	   *bayes = arguments(fcinfo, &x);

	PG_RETURN_TEXT_P(row_label(bayes->row, score(bayes, x)));
}

/* Converts the scores into probabilities without overflow. */
static void
normalise(double *scores, int classes, int best)
{
	double		largest = scores[best];
	double		sum = 0;

	for (int c = 0; c < classes; c++)
	{
		scores[c] = exp(scores[c] - largest);
		sum += scores[c];
	}
	for (int c = 0; c < classes; c++)
		scores[c] /= sum;
}

/* nb_predict_prob(model, features): returns a row for each class: its label and its probability. */
PG_FUNCTION_INFO_V1(nb_predict_prob);
Datum
nb_predict_prob(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const double *x;
	Bayes	   *bayes;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);	/* a new tuple descriptor for each call would use memory until the query ends */
	bayes = arguments(fcinfo, &x);
	normalise(bayes->scores, bayes->row->classes, score(bayes, x));
	for (int c = 0; c < bayes->row->classes; c++)
	{
		Datum		values[2] = {PointerGetDatum(bayes->row->labels[c]), Float8GetDatum(bayes->scores[c])};
		bool		nulls[2] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
