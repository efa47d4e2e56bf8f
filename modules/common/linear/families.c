/*
 * families.c: families of distributions: deviances, variances and ranges of the target (see families.h).
 */
#include "postgres.h"

#include <math.h>

#include "families.h"

/* Returns a log(a / b), 0 for a = 0. */
static inline double
entropy(double a, double b)
{
	return a == 0 ? 0 : a * log(a / b);
}

DD_CLONES static double
gaussian_deviance(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		double		error = s->y[r] - s->mu[r];

		s->ratio[r] = error * error;
		s->far[r] = 1;
	}
	return sum_of_products(s->w, s->ratio, rows) / 2;
}

/* Sets the probability of each target that is 0 or 1, else 1; sets `neither` above 0 for a target between them. */
DD_CLONES static void
take_probabilities(const double *restrict y, const double *restrict mu, const double *restrict other, int rows,
				   double *restrict probability, double *restrict variance, double *restrict neither)
{
	for (int r = 0; r < rows; r++)
	{
		double		share = y[r] * (1 - y[r]);
		double		p = y[r] > 0.5 ? mu[r] : other[r];

		probability[r] = share > 0 ? 1 : p;
		variance[r] = mu[r] * other[r];
		neither[r] = share;
	}
}

static double
binomial_deviance(Scratch *s, int rows)
{
	bool		has_shares;
	double		sum;

	take_probabilities(s->y, s->mu, s->other, rows, s->ratio, s->far, s->logarithm);
	has_shares = sum_of_products(s->w, s->logarithm, rows) > 0;
	log_positive(s->ratio, rows, s->logarithm, s->shifted);
	sum = -sum_of_products(s->w, s->logarithm, rows);
	for (int r = 0; r < rows && has_shares; r++)
		if (s->y[r] > 0 && s->y[r] < 1)
			sum += s->w[r] * (entropy(s->y[r], s->mu[r]) + entropy(1 - s->y[r], s->other[r]));
	return sum;
}

/* Sets s->ratio to target / mean, 1 for a target of 0. */
DD_CLONES static void
take_ratios(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		double		ratio = s->y[r] / s->mu[r];

		s->ratio[r] = ratio > 0 ? ratio : 1;
	}
}

DD_CLONES static double
poisson_deviance(Scratch *s, int rows)
{
	take_ratios(s, rows);
	log_positive(s->ratio, rows, s->logarithm, s->shifted);
	for (int r = 0; r < rows; r++)
	{
		s->ratio[r] = s->y[r] * s->logarithm[r] - (s->y[r] - s->mu[r]);
		s->far[r] = s->mu[r];
	}
	return sum_of_products(s->w, s->ratio, rows);
}

DD_CLONES static double
gamma_deviance(Scratch *s, int rows)
{
	take_ratios(s, rows);
	log_positive(s->ratio, rows, s->logarithm, s->shifted);
	for (int r = 0; r < rows; r++)
	{
		s->ratio[r] = (s->y[r] - s->mu[r]) / s->mu[r] - s->logarithm[r];
		s->far[r] = s->mu[r] * s->mu[r];
	}
	return sum_of_products(s->w, s->ratio, rows);
}

DD_CLONES static double
inverse_gaussian_deviance(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		double		error = (s->y[r] - s->mu[r]) / s->mu[r];

		s->ratio[r] = error * error / s->y[r];
		s->far[r] = s->mu[r] * s->mu[r] * s->mu[r];
	}
	return sum_of_products(s->w, s->ratio, rows) / 2;
}

static double
no_constant(double y)
{
	return 0;
}

static double
binomial_constant(double y)
{
	return entropy(y, 1) + entropy(1 - y, 1);
}

static double
poisson_constant(double y)
{
	return entropy(y, 1) - y - lgamma(y + 1);
}

static const Family families[] = {
	[FAMILY_GAUSSIAN] = {"gaussian", -INFINITY, INFINITY, false, false, gaussian_deviance, no_constant},
	[FAMILY_BINOMIAL] = {"binomial", 0, 1, false, false, binomial_deviance, binomial_constant},
	[FAMILY_POISSON] = {"poisson", 0, INFINITY, false, true, poisson_deviance, poisson_constant},
	[FAMILY_GAMMA] = {"gamma", 0, INFINITY, true, true, gamma_deviance, log},
	[FAMILY_INVERSE_GAUSSIAN] = {"inverse_gaussian", 0, INFINITY, true, true, inverse_gaussian_deviance, log},
};

const Family *
family_by_number(double number)
{
	if (!(number >= 0 && number < lengthof(families)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no family with number %g", number)));
	return &families[(int) number];
}

/* Whether a target is in the range of a family. */
bool
family_has(const Family *family, double y)
{
	return isfinite(y) && y >= family->lowest && y <= family->highest && !(family->open && y == family->lowest);
}
