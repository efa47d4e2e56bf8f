/*
 * families.h: families of distributions and link functions of generalised linear models, by number.
 *
 * modules/common/linear/families.py has their names and the same order.
 *
 * Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., sections 2.2 and 2.3.
 */
#ifndef MADPY_FAMILIES_H
#define MADPY_FAMILIES_H

#include "irls.h"

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
	const char *hint;			/* for another target */
	/* half the deviance of rows, added up, with weights; the variance of each row goes into s->far */
	double		(*deviance) (Scratch *s, int rows);
	/* what the log-likelihood of a target has beside the mean, as families.py uses it */
	double		(*constant) (double y);
} Family;

extern const Link *link_by_number(double number);
extern const Link *link_by_name(const char *name);
extern const Family *family_by_number(double number);

/* Parameters: the numbers of family and link; in the first pass the mean of the target, else NaN; a constant in each eta. */
extern const Model family_model;
#define family_model_SCALARS 2

#endif
