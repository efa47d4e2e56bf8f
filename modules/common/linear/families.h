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

/* The first parameters.  HEAD_MEAN: the mean of the target in the first pass, else NaN; HEAD_CONSTANT: added to each predictor. */
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
	/* computes mu, 1 - mu if a binomial family needs it, and d mu / d eta; mu is NaN if the link has none for an eta */
	void		(*mean) (Scratch *s, int rows);
	/* returns g(mu) and sets d mu / d eta, for the first step of a search; NULL if the search begins otherwise */
	double		(*predictor) (double mu, double *slope);
} Link;

/* A family: the variance as a function of the mean, and the range of the target. */
typedef struct Family
{
	const char *name;
	double		lowest;			/* range of the target */
	double		highest;
	bool		open;			/* `lowest` is not in the range */
	bool		positive;		/* means must be positive */
	/* returns half the deviance of the rows with their weights; sets s->far to the variance of each row */
	double		(*deviance) (Scratch *s, int rows);
	/* returns the term of a row's log-likelihood that depends on the target alone; families.py uses their sum */
	double		(*constant) (double y);
} Family;

extern const Link *link_by_number(double number);
extern const Link *link_by_name(const char *name);
extern const Family *family_by_number(double number);
extern bool family_has(const Family *family, double y);

extern const Model family_model;
#define family_model_SCALARS 2

#endif
