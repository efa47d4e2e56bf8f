/*
 * ols_aliases.c: expresses aliased columns as combinations of others, which predictions check.
 *
 * A row whose aliased columns are the same combinations is in the space that the rows of the fit span, and its prediction
 * does not depend on which of the columns were left out.  For any other row there is no prediction.  Source: Searle, Linear
 * Models, section 5.4 (estimable functions).
 *
 * If no row of a group has the reference level of a text column, the terms of its other levels add up to the intercept.  Then
 * the first level in the group becomes the reference, as in a fit of the group alone.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "ols.h"

/* Tells for each feature whether it is the reference level in this group alone; `blocks` are those of ols_fit(). */
bool *
own_references(const Moments *moments, const int32 *blocks)
{
	int			k = moments->m - 1;
	bool	   *flags = palloc0(Max(k, 1) * sizeof(bool));
	dd			rows = moment(moments, 0, 0);

	for (int first = 0, end; blocks && first < k; first = end)
	{
		dd			total = dd_from(0);
		int			reference = first;

		for (end = first; end < k && blocks[end] == blocks[first]; end++)
			total = dd_add(total, moment(moments, end + 1, 0));
		while (reference < end && moments->maxima[reference] == 0)
			reference++;
		if (blocks[first] > 0 && reference < end &&
			fabs(dd_double(dd_sub(total, rows))) <= ALIAS_TOLERANCE * rows.hi)
			flags[reference] = true;
	}
	return flags;
}

/* Sets a row of weights: the level of a text column is the intercept less the other levels. */
static void
reference_row(int reference, const int32 *blocks, int k, double *row)
{
	row[0] = 1;
	for (int j = 0; j < k; j++)
		if (j != reference && blocks[j] == blocks[reference])
			row[j] = -1;
}

/*
 * Sets a row of weights: column a as a combination of the kept columns before it.  The solved columns are (x_j - p_j) s_j;
 * the terms of the pivots are added to the constant, as in restore_coef() (ols_units.c).
 */
DD_CLONES static void
alias_row(const Ols *ols, const Moments *moments, int a, double *row)
{
	Halves		solved = factor_solution(&ols->factor, a);
	int			c = ols->constant;
	dd			own = dd_from(0);
	dd			value = dd_from(c >= 0 ? moments->minima[c] : 1);

	for (int j = 0; j < a; j++)
	{
		dd			w = dd_scaled(half_at(solved, 0, j), ols->scales[j], 1 / ols->scales[a]);

		row[j] = dd_double(w);
		own = j == c ? dd_add(own, w) : dd_sub(own, dd_mul(w, dd_div(dd_from(ols->pivots[j]), value)));
	}
	if (c >= 0 && c < a)
		row[c] = dd_double(dd_add(own, dd_div(dd_from(ols->pivots[a]), value)));
}

/* A weight is rounding if its term is at most this share of the largest value of the aliased column. */
#define NO_WEIGHT 1e-13

static double
largest(const Moments *moments, int column)
{
	return Max(fabs(moments->minima[column]), fabs(moments->maxima[column]));
}

/* Returns k - rank rows of k numbers, in the order of the aliased columns; `moments` are those that were fitted. */
double *
ols_aliases(const Ols *ols, const Moments *moments, const int32 *blocks)
{
	int			k = ols->k;
	double	   *rows = palloc0((Size) Max(k - ols->rank, 1) * k * sizeof(double));
	double	   *row = rows;

	for (int a = 0; a < k; a++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!ols->aliased[a])
			continue;
		if (ols->own_references[a])
			reference_row(a, blocks, k, row);
		else
			alias_row(ols, moments, a, row);
		for (int j = 0; j < k; j++)
			if (fabs(row[j]) * largest(moments, j) <= NO_WEIGHT * largest(moments, a))
				row[j] = 0;
		row += k;
	}
	return rows;
}
