/*
 * links.c: link functions (see families.h).
 */
#include "postgres.h"

#include <math.h>

#include "families.h"

#define ROOT_OF_2_PI 2.5066282746310002

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

/* exp(eta), from exp(-|eta|). */
DD_CLONES static void
exponential_mean(const double *restrict eta, const double *restrict far, int rows, double *restrict mu,
				 double *restrict slope)
{
	for (int r = 0; r < rows; r++)
	{
		double		inverse = 1 / far[r];

		mu[r] = eta[r] > 0 ? inverse : far[r];
		slope[r] = mu[r];
	}
}

static void
log_mean(Scratch *s, int rows)
{
	exp_minus_abs(s->eta, rows, s->far, s->shifted);
	exponential_mean(s->eta, s->far, rows, s->mu, s->slope);
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

static void
probit_mean(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		s->eta[r] = Max(Min(s->eta[r], MOST_PROBIT), -MOST_PROBIT);
		s->slope[r] = s->eta[r] * s->eta[r] / 2;
	}
	exp_minus_abs(s->slope, rows, s->far, s->shifted);
	for (int r = 0; r < rows; r++)
	{
		double		tail = erfc(fabs(s->eta[r]) / M_SQRT2) / 2;

		s->mu[r] = s->eta[r] > 0 ? 1 - tail : tail;
		s->other[r] = s->eta[r] > 0 ? tail : 1 - tail;
		s->slope[r] = s->far[r] / ROOT_OF_2_PI;
	}
}

static void
cloglog_mean(Scratch *s, int rows)
{
	for (int r = 0; r < rows; r++)
		s->eta[r] = Max(Min(s->eta[r], MOST_CLOGLOG), -MOST_LOG);
	exp_minus_abs(s->eta, rows, s->far, s->shifted);
	exponential_mean(s->eta, s->far, rows, s->slope, s->mu);
	exp_minus_abs(s->slope, rows, s->other, s->shifted);
	for (int r = 0; r < rows; r++)
	{
		s->mu[r] = s->slope[r] > 0.5 ? 1 - s->other[r] : -expm1(-s->slope[r]);
		s->slope[r] *= s->other[r];
	}
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
