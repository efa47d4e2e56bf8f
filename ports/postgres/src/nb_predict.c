/*
 * nb_predict.c: naive Bayes, one row scored.
 *
 * Arrays of a model (modules/nb/model.py writes them):
 *   0  int32   C, the number of classes; for each feature 0, or the number of its levels
 *   1  double  logarithms of the priors, C
 *   2  double  for each numeric feature C means, C factors h, C logarithms g: a value x adds g - h (x - mean)^2;
 *              for each other one a row of C logarithms for each level
 *   3  int32   where the texts of the classes, then of the levels, end in array 4, in bytes
 *   4  int32   the texts, in UTF-8
 *
 * A feature that is NULL, not finite, or a value not seen in training adds nothing.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "model.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* A squared distance so large that its logarithm of a density, summed over features, could be infinite. */
#define FARTHEST 1e290

/* The levels of one feature, by their bytes. */
typedef struct Word
{
	const char *text;
	int			length;
	int			code;
} Word;

typedef struct Bayes
{
	int			classes;
	int			features;
	const int32 *levels;		/* of each feature, 0: numeric */
	const double *priors;
	const double *terms;
	const int32 *ends;			/* of texts */
	const char *texts;
	text	  **labels;			/* in the encoding of the database */
	Word	  **words;			/* of each feature, sorted; NULL until a text is looked up */
	double	   *scores;			/* room for the classes */
	double	   *x;				/* room for the features */
	MemoryContext context;
} Bayes;

/* Text `number` of the model in the encoding of the database. */
static char *
model_text(const Bayes *bayes, int64 number, int *length)
{
	int			from = number == 0 ? 0 : bayes->ends[number - 1];
	int			bytes = bayes->ends[number] - from;
	const char *given = bayes->texts + from;
	char	   *converted = pg_any_to_server(given, bytes, PG_UTF8);

	*length = converted == given ? bytes : strlen(converted);
	return converted;
}

static void
check_texts(const Model *model, const Bayes *bayes, int64 count)
{
	int32		last = 0;

	for (int64 i = 0; i < count; i++)
	{
		if (bayes->ends[i] < last)
			model_damaged("its texts are out of order");
		last = bayes->ends[i];
	}
	if (last > model->arrays[4].count * (int64) sizeof(int32))
		model_damaged("its texts are too short");
}

static void
check_bayes(Model *model)
{
	Bayes	   *bayes = palloc0(sizeof(Bayes));
	const int32 *shape = model_integers(model, 0, -1);
	int64		features = model->arrays[0].count - 1;
	int64		terms = 0;
	int64		texts;

	if (model->narrays != 5 || features < 1 || features > INT_MAX / 2 || shape[0] < 1)
		model_damaged("it has no features or no classes");
	texts = shape[0];
	for (int64 f = 0; f < features; f++)
	{
		if (shape[1 + f] < 0)
			model_damaged("a number of levels is negative");
		terms += shape[1 + f] == 0 ? 3 : shape[1 + f];
		texts += shape[1 + f];
	}
	if (terms > model->arrays[2].count)	/* the product below cannot overflow then */
		model_damaged("an array is missing or of a wrong length");
	bayes->classes = shape[0];
	bayes->features = features;
	bayes->levels = shape + 1;
	bayes->priors = model_doubles(model, 1, bayes->classes);
	bayes->terms = model_doubles(model, 2, terms * bayes->classes);
	bayes->ends = model_integers(model, 3, texts);
	bayes->texts = (const char *) model_integers(model, 4, -1);
	check_texts(model, bayes, texts);

	bayes->labels = palloc(bayes->classes * sizeof(text *));
	for (int c = 0; c < bayes->classes; c++)
	{
		int			length;
		char	   *label = model_text(bayes, c, &length);

		bayes->labels[c] = cstring_to_text_with_len(label, length);
	}
	bayes->words = palloc0(bayes->features * sizeof(Word *));
	bayes->scores = palloc(bayes->classes * sizeof(double));
	bayes->x = palloc(bayes->features * sizeof(double));
	bayes->context = CurrentMemoryContext;
	model->checked = bayes;
}

/* Add what a number says of each class. */
static void
add_number(double *restrict scores, const double *restrict terms, int classes, double x)
{
	const double *mean = terms;
	const double *factor = terms + classes;
	const double *logarithm = factor + classes;

	for (int c = 0; c < classes; c++)
	{
		double		distance = x - mean[c];
		double		square = distance * distance * factor[c];

		scores[c] += logarithm[c] - (square < FARTHEST ? square : FARTHEST);
	}
}

/* Logarithms of prior times likelihood in bayes->scores; the most probable class. */
static int
score(const Bayes *bayes, const double *x)
{
	const double *terms = bayes->terms;
	int			classes = bayes->classes;
	double	   *scores = bayes->scores;
	int			best = 0;

	memcpy(scores, bayes->priors, classes * sizeof(double));
	for (int f = 0; f < bayes->features; f++)
	{
		int			levels = bayes->levels[f];

		if (levels == 0 && isfinite(x[f]))
			add_number(scores, terms, classes, x[f]);
		else if (levels > 0 && x[f] >= 0 && x[f] < levels && x[f] == (int) x[f])
			for (int c = 0; c < classes; c++)
				scores[c] += terms[(Size) x[f] * classes + c];
		terms += (Size) (levels == 0 ? 3 : levels) * classes;
	}
	for (int c = 1; c < classes; c++)
		if (scores[c] > scores[best])
			best = c;
	return best;
}

static void
check_length(const Bayes *bayes, int given)
{
	if (given != bayes->features)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d features do not fit the %d of the model", given, bayes->features),
				 errhint("Give the features in the order of training; NULL for one that is not known.")));
}

static int
dimension(ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must be an array of one dimension, not of %d", ARR_NDIM(array))));
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

/* Features as numbers and codes. */
static const double *
numbers_argument(const Bayes *bayes, ArrayType *array)
{
	const double *given = (const double *) ARR_DATA_PTR(array);
	const bits8 *bitmap = ARR_NULLBITMAP(array);

	check_length(bayes, dimension(array));
	if (bitmap == NULL)
		return given;
	for (int f = 0; f < bayes->features; f++)
		bayes->x[f] = bitmap[f / 8] & (1 << (f % 8)) ? *given++ : NAN;
	return bayes->x;
}

static int
compare_words(const void *a, const void *b)
{
	const Word *x = a;
	const Word *y = b;
	int			order = memcmp(x->text, y->text, Min(x->length, y->length));

	return order != 0 ? order : x->length - y->length;
}

/* The levels of a feature, sorted when first asked for. */
static const Word *
words_of(Bayes *bayes, int feature)
{
	MemoryContext old = MemoryContextSwitchTo(bayes->context);
	int			levels = bayes->levels[feature];
	int64		first = bayes->classes;
	Word	   *words;

	if (bayes->words[feature] == NULL)
	{
		for (int f = 0; f < feature; f++)
			first += bayes->levels[f];
		words = palloc_extended(levels * sizeof(Word), MCXT_ALLOC_HUGE);
		for (int i = 0; i < levels; i++)
		{
			words[i].text = model_text(bayes, first + i, &words[i].length);
			words[i].code = i;
		}
		qsort(words, levels, sizeof(Word), compare_words);
		bayes->words[feature] = words;
	}
	MemoryContextSwitchTo(old);
	return bayes->words[feature];
}

/* Features as texts: a number as it is written, a category as its level. */
static const double *
texts_argument(Bayes *bayes, ArrayType *array)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;

	check_length(bayes, dimension(array));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int f = 0; f < n; f++)
	{
		text	   *value = nulls[f] ? NULL : DatumGetTextPP(values[f]);
		Word		wanted;
		Word	   *found;

		bayes->x[f] = NAN;
		if (value == NULL)
			continue;
		if (bayes->levels[f] == 0)
		{
			bayes->x[f] = DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(text_to_cstring(value))));
			continue;
		}
		wanted = (Word) {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), 0};
		found = bsearch(&wanted, words_of(bayes, f), bayes->levels[f], sizeof(Word), compare_words);
		if (found)
			bayes->x[f] = found->code;
	}
	return bayes->x;
}

/* The model in argument 0, and the row in argument 1: double precision[] or text[]. */
static Bayes *
arguments(FunctionCallInfo fcinfo, const double **x)
{
	Bayes	   *bayes = model_argument(fcinfo, 0, MODEL_BAYES, check_bayes)->checked;
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);

	if (ARR_ELEMTYPE(array) == FLOAT8OID)
		*x = numbers_argument(bayes, array);
	else if (ARR_ELEMTYPE(array) == TEXTOID)
		*x = texts_argument(bayes, array);
	else
		elog(ERROR, "features are of type %u", ARR_ELEMTYPE(array));
	return bayes;
}

/* nb_predict(model, features): the label of the most probable class, as text. */
PG_FUNCTION_INFO_V1(nb_predict);
Datum
nb_predict(PG_FUNCTION_ARGS)
{
	const double *x;
	Bayes	   *bayes = arguments(fcinfo, &x);
	text	   *label = bayes->labels[score(bayes, x)];

	PG_RETURN_TEXT_P(memcpy(palloc(VARSIZE(label)), label, VARSIZE(label)));
}

/* Turn the scores into probabilities, without leaving the range of double. */
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

/* nb_predict_prob(model, features): a row for each class, its label and its probability. */
PG_FUNCTION_INFO_V1(nb_predict_prob);
Datum
nb_predict_prob(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const double *x;
	Bayes	   *bayes;

	InitMaterializedSRF(fcinfo, 0);
	bayes = arguments(fcinfo, &x);
	normalise(bayes->scores, bayes->classes, score(bayes, x));
	for (int c = 0; c < bayes->classes; c++)
	{
		Datum		values[2] = {PointerGetDatum(bayes->labels[c]), Float8GetDatum(bayes->scores[c])};
		bool		nulls[2] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
