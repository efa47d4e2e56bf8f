/*
 * links.c: link functions (see families.h).
 */
#include "postgres.h"

#include <math.h>

#include "families.h"

/* Beyond these predictors a probability is 0 or 1 to double precision, or its slope underflows. */
#define MOST_PROBIT 37.0
#define MOST_LOG 700.0
#define MOST_CLOGLOG 6.5

static void
identity_mean(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		s->mu[r] = s->eta[r];
		s->slope[r] = 1;
	}
}

static double
identity_predictor(double mu, double *slope)
{
	*slope = 1;
	return mu;
}

/*
 * Computes exp(eta) from exp(-|eta|), to two units in the last place.  `one` is an argument because gcc 12 does not vectorise
 * the loop with a constant.
 */
DD_CLONES static void
exponential_mean(const double *restrict eta, const double *restrict far, double one, int rows, double *restrict mu,
				 double *restrict slope)
{
	for (int r = 0; r < rows; r++)
	{
		double		above = eta[r] > 0 ? one : far[r];
		double		below = eta[r] > 0 ? far[r] : one;

		mu[r] = above / below;
		slope[r] = mu[r];
	}
}

static void
log_mean(Scratch *s, int rows)
{
	exp_minus_abs(s->eta, rows, s->far, s->shifted);
	exponential_mean(s->eta, s->far, 1, rows, s->mu, s->slope);
	for (int r = 0; r < rows; r++)
		if (!(s->eta[r] < MOST_LOG))
			s->mu[r] = NAN;
}

static double
log_predictor(double mu, double *slope)
{
	*slope = mu;
	return log(mu);
}

static void
inverse_mean(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		s->mu[r] = 1 / s->eta[r];
		s->slope[r] = -s->mu[r] * s->mu[r];
	}
}

static double
inverse_predictor(double mu, double *slope)
{
	*slope = -mu * mu;
	return 1 / mu;
}

static void
sqrt_mean(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		s->mu[r] = s->eta[r] > 0 ? s->eta[r] * s->eta[r] : NAN;
		s->slope[r] = 2 * s->eta[r];
	}
}

static double
sqrt_predictor(double mu, double *slope)
{
	double		root = sqrt(mu);

	*slope = 2 * root;
	return root;
}

static void
sqr_inverse_mean(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		s->mu[r] = s->eta[r] > 0 ? 1 / sqrt(s->eta[r]) : NAN;
		s->slope[r] = -s->mu[r] * s->mu[r] * s->mu[r] / 2;
	}
}

static double
sqr_inverse_predictor(double mu, double *slope)
{
	*slope = -mu * mu * mu / 2;
	return 1 / (mu * mu);
}

DD_CLONES static void
logistic_mean(const double *restrict eta, const double *restrict far, int rows, double *restrict mu,
			  double *restrict other, double *restrict slope)
{
	for (int r = 0; r < rows; r++)
	{
		double		near = 1 / (1 + far[r]);
		double		beyond = far[r] * near;

		mu[r] = eta[r] > 0 ? near : beyond;
		other[r] = eta[r] > 0 ? beyond : near;
		slope[r] = near * beyond;
	}
}

static void
logit_mean(Scratch *s, int rows)
{
	exp_minus_abs(s->eta, rows, s->far, s->shifted);
	logistic_mean(s->eta, s->far, rows, s->mu, s->other, s->slope);
}

DD_CLONES static void
clamp(double *restrict eta, double lowest, double highest, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		double		raised = eta[r] < lowest ? lowest : eta[r];

		eta[r] = raised > highest ? highest : raised;
	}
}

DD_CLONES static void
take_sides(const double *restrict eta, const double *restrict tail, int rows, double *restrict mu, double *restrict other)
{
	for (int r = 0; r < rows; r++)
	{
		double		rest = 1 - tail[r];

		mu[r] = eta[r] > 0 ? rest : tail[r];
		other[r] = eta[r] > 0 ? tail[r] : rest;
	}
}

static void
probit_mean(Scratch *s, int rows)
{
	clamp(s->eta, -MOST_PROBIT, MOST_PROBIT, rows);
	normal_tails(s->eta, rows, s->slope, s->far, s->ratio, s->shifted);
	take_sides(s->eta, s->far, rows, s->mu, s->other);
}

/* Computes 1 - exp(-rate), by its Taylor series for a small rate, and the derivative by the logarithm of the rate. */
DD_CLONES static void
exponential_events(const double *restrict power, double small, int rows, double *restrict rate, double *restrict mu)
{
	for (int r = 0; r < rows; r++)
	{
		double		x = rate[r];
		double		rest = 1 - power[r];
		double		series = 1.0 / 479001600.0;

		series = 1.0 / 39916800.0 - x * series;
		series = 1.0 / 3628800.0 - x * series;
		series = 1.0 / 362880.0 - x * series;
		series = 1.0 / 40320.0 - x * series;
		series = 1.0 / 5040.0 - x * series;
		series = 1.0 / 720.0 - x * series;
		series = 1.0 / 120.0 - x * series;
		series = 1.0 / 24.0 - x * series;
		series = 1.0 / 6.0 - x * series;
		series = 0.5 - x * series;
		series = x - x * x * series;
		mu[r] = x > small ? rest : series;
		rate[r] = x * power[r];
	}
}

static void
cloglog_mean(Scratch *s, int rows)
{
	clamp(s->eta, -MOST_LOG, MOST_CLOGLOG, rows);
	exp_minus_abs(s->eta, rows, s->far, s->shifted);
	exponential_mean(s->eta, s->far, 1, rows, s->slope, s->mu);
	exp_minus_abs(s->slope, rows, s->other, s->shifted);
	exponential_events(s->other, 0.25, rows, s->slope, s->mu);
}

static const Link links[] = {
	[LINK_IDENTITY] = {"identity", identity_mean, identity_predictor},
	[LINK_LOG] = {"log", log_mean, log_predictor},
	[LINK_INVERSE] = {"inverse", inverse_mean, inverse_predictor},
	[LINK_SQRT] = {"sqrt", sqrt_mean, sqrt_predictor},
	[LINK_SQR_INVERSE] = {"sqr_inverse", sqr_inverse_mean, sqr_inverse_predictor},
	[LINK_LOGIT] = {"logit", logit_mean, NULL},
	[LINK_PROBIT] = {"probit", probit_mean, NULL},
	[LINK_CLOGLOG] = {"cloglog", cloglog_mean, NULL},
};

const Link *
link_by_number(double number)
{
	if (!(number >= 0 && number < lengthof(links)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no link with number %g", number)));
	return &links[(int) number];
}

const Link *
link_by_name(const char *name)
{
	for (int i = 0; i < lengthof(links); i++)
		if (strcmp(links[i].name, name) == 0)
			return &links[i];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown link \"%s\"", name),
			 errhint("Give the link of the model's summary, for instance log or identity.")));
}
