/*
 * sk_gaussian.c: a normal distribution for each class: quadratic discriminant analysis, and Gaussian naive Bayes.
 *
 * Arrays of its own, for each class: int32 width; double means; double scaling; double constant; double log prior.  The
 * scaling is a matrix of columns by width that makes the variances 1.  A width of 0 is naive Bayes: the scaling is then
 * the variance of each column.  Sums are in the order of numpy.
 */
#include "postgres.h"

#include <math.h>

#include "engine/kernel.h"
#include "miscadmin.h"
#include "sk.h"

typedef struct Gaussian
{
	const int32 *widths;
	const double *means;
	const double *scalings;
	const double *constants;	/* the part of the density that does not depend on the row */
	const double *priors;
	double	   *terms;			/* squares, as many as the widest class has */
} Gaussian;

static void
check_gaussian(Sk *sk)
{
	Gaussian   *gaussian = palloc0(sizeof(Gaussian));
	int64		cells = 0;
	int			widest = sk->columns;

	if (sk->task != TASK_CLASSIFICATION || sk->outputs != sk->classes)
		model_damaged("it has another number of densities than of classes");
	gaussian->widths = model_integers(sk->model, SK_OWN, sk->classes);
	for (int c = 0; c < sk->classes; c++)
	{
		int			width = gaussian->widths[c];

		if (width < 0 || width > MAX_PARAMS || (width == 0) != (gaussian->widths[0] == 0))
			model_damaged("the matrix of a class has a wrong width");
		widest = Max(widest, width);
		cells += (int64) sk->columns * Max(1, width);
	}
	gaussian->means = model_doubles(sk->model, SK_OWN + 1, (int64) sk->classes * sk->columns);
	gaussian->scalings = model_doubles(sk->model, SK_OWN + 2, cells);
	gaussian->constants = model_doubles(sk->model, SK_OWN + 3, sk->classes);
	gaussian->priors = model_doubles(sk->model, SK_OWN + 4, sk->classes);
	gaussian->terms = palloc(Max(1, widest) * sizeof(double));
	sk->decisions = gaussian->widths[0] == 0 ? 0 : sk->classes == 2 ? 1 : sk->classes;
	sk->has_probabilities = true;
	sk->own = gaussian;
}

/* The log of the density of a class whose columns are independent, and of its prior. */
static double
diagonal(const Gaussian *gaussian, int columns, int class, const double *variances, const double *x)
{
	const double *means = gaussian->means + (Size) class * columns;

	for (int j = 0; j < columns; j++)
		gaussian->terms[j] = (x[j] - means[j]) * (x[j] - means[j]) / variances[j];
	return gaussian->priors[class] + (gaussian->constants[class] - 0.5 * sk_sum(gaussian->terms, columns));
}

/* The log of the density of a class that has a covariance, and of its prior. */
static double
quadratic(const Gaussian *gaussian, int columns, int class, const double *matrix, const double *x)
{
	const double *means = gaussian->means + (Size) class * columns;
	int			width = gaussian->widths[class];
	double	   *terms = gaussian->terms;

	memset(terms, 0, width * sizeof(double));
	for (int j = 0; j < columns; j++)
	{
		double		centered = x[j] - means[j];

		for (int w = 0; w < width; w++)
			terms[w] += centered * matrix[(Size) j * width + w];
	}
	for (int w = 0; w < width; w++)
		terms[w] *= terms[w];
	return -0.5 * (sk_sum(terms, width) + gaussian->constants[class]) + gaussian->priors[class];
}

/* The sum is a log here, so that it is rounded as scikit-learn's. */
static void
probabilities(double *p, const double *values, int classes)
{
	double		largest = values[sk_largest(values, classes)];
	double		sum = 0;

	for (int c = 0; c < classes; c++)
		sum += exp(values[c] - largest);
	sum = log(sum) + largest;
	for (int c = 0; c < classes; c++)
		p[c] = exp(values[c] - sum);
}

static int
score_gaussian(Sk *sk, const double *x, SkWanted wanted)
{
	const Gaussian *gaussian = sk->own;
	const double *scaling = gaussian->scalings;
	int			best;

	for (int c = 0; c < sk->classes; c++)
	{
		int			width = gaussian->widths[c];

		CHECK_FOR_INTERRUPTS();
		sk->values[c] = width == 0 ? diagonal(gaussian, sk->columns, c, scaling, x) :
			quadratic(gaussian, sk->columns, c, scaling, x);
		scaling += (Size) sk->columns * Max(1, width);
	}
	best = sk_largest(sk->values, sk->classes);
	if (wanted == WANT_PROBABILITIES)
		probabilities(sk->probabilities, sk->values, sk->classes);
	if (wanted == WANT_DECISIONS && sk->classes == 2)
		sk->values[0] = sk->values[1] - sk->values[0];
	return best;
}

const SkKind sk_gaussian = {KIND_GAUSSIAN, check_gaussian, score_gaussian};
