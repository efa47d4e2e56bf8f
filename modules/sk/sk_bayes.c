/*
 * sk_bayes.c: naive Bayes of numbers and categories, as nb_train fits it.
 *
 * Arrays of its own: double logarithms of the priors; double terms of each input (common/bayes/terms.h).  Each input is a
 * column: a number, or the code of a level.  Decision values are the logarithms of joint probabilities minus their mean; with
 * two classes the only one is the logarithm of the odds of the second.
 */
#include "postgres.h"

#include "common/bayes/terms.h"
#include "sk.h"

typedef struct Bayes
{
	const double *priors;
	const double *terms;
	double	   *added;			/* sum of one input, for each class */
} Bayes;

static void
check_bayes(Sk *sk)
{
	Bayes	   *bayes = palloc0(sizeof(Bayes));
	int64		terms = 0;

	if (sk->task != TASK_CLASSIFICATION || sk->outputs != sk->classes)
		model_damaged("it has another number of scores than of classes");
	for (int i = 0; i < sk->inputs; i++)
	{
		const int32 *encoding = sk->encodings + i * INPUT_INTS;

		if ((encoding[0] != ENCODE_NUMBER && encoding[0] != ENCODE_ORDINAL) || (encoding[1] & FLAG_INDICATOR))
			model_damaged("an input becomes something else than one column");
		terms += bayes_width(sk->row->levels[i]);
	}
	bayes->priors = model_doubles(sk->model, SK_OWN, sk->classes);
	if (terms > sk->model->arrays[SK_OWN + 1].count)	/* so that the product below cannot overflow */
		model_damaged("an array is missing or of a wrong length");
	bayes->terms = model_doubles(sk->model, SK_OWN + 1, terms * sk->classes);
	bayes->added = palloc(sk->classes * sizeof(double));
	sk->decisions = sk->classes == 2 ? 1 : sk->classes;
	sk->has_probabilities = true;
	sk->is_explained = true;
	sk->own = bayes;
}

/* Returns a decision value of scores. */
static double
decision(const double *scores, int classes, int output)
{
	double		sum = 0;

	if (classes == 2)
		return scores[1] - scores[0];
	for (int c = 0; c < classes; c++)
		sum += scores[c];
	return scores[output] - sum / classes;
}

static int
score_bayes(Sk *sk, const double *x, SkWanted wanted)
{
	const Bayes *bayes = sk->own;
	const double *terms = bayes->terms;
	double	   *scores = sk->probabilities;
	int			best;

	memcpy(scores, bayes->priors, sk->classes * sizeof(double));
	for (int i = 0; i < sk->inputs; i++)
		terms = bayes_add(scores, terms, sk->classes, sk->row->levels[i], x[i]);
	best = sk_largest(scores, sk->classes);
	if (wanted == WANT_DECISIONS)
		for (int d = 0; d < sk->decisions; d++)
			sk->values[d] = decision(scores, sk->classes, d);
	if (wanted == WANT_PROBABILITIES)
		sk_softmax(scores, sk->classes);
	return best;
}

static double
explain_bayes(Sk *sk, const double *x, int output, double *contributions)
{
	const Bayes *bayes = sk->own;
	const double *terms = bayes->terms;

	for (int i = 0; i < sk->inputs; i++)
	{
		memset(bayes->added, 0, sk->classes * sizeof(double));
		terms = bayes_add(bayes->added, terms, sk->classes, sk->row->levels[i], x[i]);
		contributions[i] = decision(bayes->added, sk->classes, output);
	}
	return decision(bayes->priors, sk->classes, output);
}

const SkKind sk_bayes = {KIND_BAYES, check_bayes, score_bayes, explain_bayes};
