/*
 * families.h: families of distributions and link functions of generalised linear models.
 *
 * Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., sections 2.2 and 2.3.
 */
#ifndef MADPY_FAMILIES_H
#define MADPY_FAMILIES_H

#include "irls.h"

enum
{
	FAMILY_GAUSSIAN, FAMILY_BINOMIAL, FAMILY_POISSON, FAMILY_GAMMA, FAMILY_INVERSE_GAUSSIAN
};

enum
{
	LINK_IDENTITY, LINK_LOG, LINK_INVERSE, LINK_SQRT, LINK_SQR_INVERSE, LINK_LOGIT, LINK_PROBIT, LINK_CLOGLOG
};

/* The first parameters: in the first pass the mean of the target, else NaN; a constant in each predictor. */
enum
{
	HEAD_FAMILY, HEAD_LINK, HEAD_MEAN, HEAD_CONSTANT, HEADS
};

enum
{
	EXTRA_PEARSON, EXTRA_CONSTANTS, EXTRA_RESIDUALS, EXTRA_WEIGHTS, EXTRAS
};

/* A link: eta = g(mu). */
typedef struct Link
{
	const char *name;
	/* mu, 1 - mu where a binomial needs it, and the derivative of mu by eta; NaN where eta has no mean */
	void		(*mean) (Scratch *s, int rows);
	/* g and the derivative of mu by eta at a mean; NULL where a search does not begin with it */
	double		(*predictor) (double mu, double *slope);
} Link;

/* A family: how the variance depends on the mean, and what targets there are. */
typedef struct Family
{
	const char *name;
	double		lowest;			/* of a target */
	double		highest;
	bool		open;			/* the lowest is not one itself */
	bool		positive;		/* means have to be above 0 */
	/* half the deviance of rows, added up, with weights; the variance of each row goes into s->far */
	double		(*deviance) (Scratch *s, int rows);
	/* what the log-likelihood of a target has beside the mean, as families.py uses it */
	double		(*constant) (double y);
} Family;

extern const Link *link_by_number(double number);
extern const Link *link_by_name(const char *name);
extern const Family *family_by_number(double number);
extern bool family_has(const Family *family, double y);

extern const Model family_model;
#define family_model_SCALARS 2

#endif
