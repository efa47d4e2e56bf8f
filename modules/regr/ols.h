/*
 * ols.h: least squares from second moments, solved in double-double.
 */
#ifndef MADPY_OLS_H
#define MADPY_OLS_H

#include "numeric/factor.h"
#include "numeric/moments.h"

/*
 * A column is aliased if the squared length of its residual on the columns before it is below this share of its own squared
 * length.  The tolerance is 1e-13 of the length, where R's lm() has 1e-7: it is far above the rounding errors of a double
 * (1e-16), and low enough for Filip, the hardest data set of NIST.  See docs/decisions.
 */
#define ALIAS_TOLERANCE 1e-26

/* A column is also aliased if its residual is below the rounding errors of its values with the pivot. */
#define ROUNDING 1e-30

/* If the residual sum of squares is below this share of the total sum of squares, it is rounding, and the fit is exact. */
#define EXACT_FIT 1e-31

/* If the residual variance is below this share of the target's mean square, there is a warning, as in R's summary.lm(). */
#define PERFECT_FIT 1e-30

typedef struct Ols
{
	int			k;				/* features */
	int			rank;
	int64		rows;
	bool	   *aliased;		/* k flags: whether a feature is a combination of those before it, and is not estimated */
	double	   *coef;			/* k coefficients; 0 if aliased */
	bool		intercept;		/* whether a combination of the features is constant */
	double		target_square;	/* sum of weight times target squared, without a pivot */
	double		condition;		/* condition number of X, by singular values; NaN if all features are aliased */

	/* These figures are in units of powers of two in which squares are close to 1: see normalize() in ols_units.c. */
	dd			rss;			/* residual sum of squares */
	dd			tss;			/* total sum of squares, around the mean if there is an intercept */
	Halves		inverse;		/* k x k: inverse of X'WX without the aliased features, which have 0 */
	double	   *units;			/* k units: sqrt(rss / df * inverse[j][j]) * units[j] is the standard error of coefficient j */
	double		target_unit;	/* sqrt(rss / df) * target_unit is the standard error of the residuals */

	/* The transformation of the columns into those of the solved system. */
	int			constant;		/* the first constant column, or -1 */
	double	   *pivots;			/* k + 1 numbers that were subtracted from the columns after the constant; the last one from the target */
	double	   *scales;			/* k + 1 factors of the columns */
	double		weight_scale;	/* factor of the weights */
	dd		   *shift;			/* k: the solved coefficient of the constant includes shift[j] times that of column j */
	Halves		solved_inverse; /* the inverse before the shifts were removed */
	Factor		factor;			/* factor of the solved system */
	bool	   *own_references; /* k flags: whether a feature is aliased as the reference of a text column; see ols_aliases.c */
} Ols;

/*
 * Fits the last column of the moments on the ones before it.  `blocks` is NULL, or has for each feature the number of the
 * text column of which it is a level, 0 for other features; then the first feature must be a 1.
 */
extern Ols *ols_fit(const Moments *moments, const int32 *blocks);

/* ols_aliases.c: returns k - rank rows of k numbers: each aliased column as a combination of others. */
extern double *ols_aliases(const Ols *ols, const Moments *moments, const int32 *blocks);
extern bool *own_references(const Moments *moments, const int32 *blocks);

/* Returns inverse * meat * inverse, k x k, in units of the coefficients squared. */
extern double *ols_sandwich(const Ols *ols, const Moments *meat);

#endif
