/*
 * ols.h: least squares from second moments, solved in double-double.
 */
#ifndef MADPY_OLS_H
#define MADPY_OLS_H

#include "numeric/factor.h"
#include "numeric/moments.h"

/*
 * A column whose part that the columns before it do not explain is smaller than this, relative to its length and
 * squared, is aliased.  R's lm asks for 1e-7 of the length; 1e-13 still is far above the rounding of a double (1e-16),
 * and below what Filip, NIST's hardest set, needs.  See docs/decisions.
 */
#define ALIAS_TOLERANCE 1e-26

/* A column is also aliased if that part is below the rounding of its values before the pivot was subtracted. */
#define ROUNDING 1e-30

/* If the residual sum of squares is below this share of the total one, it is rounding: the fit is exact. */
#define EXACT_FIT 1e-31

/* If the residual variance is below this share of the target's mean square, there is a warning, as in summary.lm. */
#define PERFECT_FIT 1e-30

typedef struct Ols
{
	int			k;				/* features */
	int			rank;
	int64		rows;
	bool	   *aliased;		/* k flags: not estimated, a combination of features before it */
	double	   *coef;			/* k; 0 where aliased */
	bool		intercept;		/* a combination of the features is constant */
	double		target_square;	/* the sum of the target's squares as it came, times the weights */
	double		condition;		/* of X, by singular values; NaN if all are aliased */

	/* In units of powers of two in which squares are near 1; see normalize in ols.c. */
	dd			rss;			/* residual sum of squares */
	dd			tss;			/* total: around the mean if there is an intercept */
	Halves		inverse;		/* k x k, of X'WX over the others; 0 where aliased */
	double	   *units;			/* k: of coefficient j; sqrt(rss / df * inverse[j][j]) * units[j] is its standard error */
	double		target_unit;	/* sqrt(rss / df) * target_unit is the standard error of the residuals */

	/* How the columns became the ones that were solved for. */
	int			constant;		/* the first constant column, or -1 */
	double	   *pivots;			/* k + 1: subtracted from the columns behind it, from the target last */
	double	   *scales;			/* k + 1: what the columns were multiplied by */
	double		weight_scale;	/* and the weights */
	dd		   *shift;			/* k: the constant's coefficient has shift[j] times that of column j too much */
	Halves		solved_inverse; /* the inverse before that was put right */
	Factor		factor;			/* of the columns that were solved for */
	bool	   *own_references; /* k flags: aliased, being the reference of a text column; see ols_aliases.c */
} Ols;

/*
 * The last column of the moments regressed on the ones before it.  blocks: NULL, or of each feature the number of the
 * text column that it is a level of, 0 for others; the first feature is a 1 then.
 */
extern Ols *ols_fit(const Moments *moments, const int32 *blocks);

/* ols_aliases.c: returns k - rank rows of k, each aliased column as a combination of others. */
extern double *ols_aliases(const Ols *ols, const Moments *moments, const int32 *blocks);
extern bool *own_references(const Moments *moments, const int32 *blocks);

/* Returns inverse * meat * inverse, k x k, in units of the coefficients squared. */
extern double *ols_sandwich(const Ols *ols, const Moments *meat);

#endif
