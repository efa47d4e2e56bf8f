/*
 * ols_units.c: converts columns to those of the solved system, less pivots and in units of powers of two, and converts the
 * solution back.
 */
#include "postgres.h"

#include "ols_units.h"

/*
 * Raises an error if a sum of squares is outside the range of a double, or so small that it has lost digits: such a column
 * would seem to be aliased.
 */
void
check_magnitude(const Moments *moments)
{
	for (int i = 0; i <= moments->m; i++)
	{
		double		square = moment(moments, i, i).hi;
		bool		zero = i > 0 && square == 0 && moments->minima[i - 1] == moments->maxima[i - 1];
		const char *is = square < 1 ? "small" : "large";

		if (i > 0 && moments->pivots[i - 1] == 0 && moments->minima[i - 1] != 0 && square == 0)
			zero = false;		/* its square is too small for a double */
		if (zero || (isfinite(square) && square > SMALLEST_SQUARE))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 i == 0 ? errmsg("the weights are too %s", is)
				 : i == moments->m ? errmsg("the target is too %s to be squared", is)
				 : errmsg("feature %d is too %s to be squared", i, is),
				 errhint("Choose another unit: multiply by a power of ten.")));
	}
}

/* Returns a power of two that brings the square root of a square near 1. */
static double
scale_of(double square)
{
	int			exponent;

	if (!(square > 0))
		return 1;
	frexp(square, &exponent);
	return ldexp(1, -exponent / 2);
}

/*
 * Chooses the pivots that are subtracted from the columns before the system is solved.  They are 0 without a constant column,
 * to whose coefficient their terms are added.
 */
static void
choose_pivots(Ols *ols, const Moments *moments, bool any)
{
	int			k = ols->k;

	ols->constant = -1;
	for (int j = k - 1; j >= 0 && any; j--)
		if (moments->minima[j] == moments->maxima[j] && moments->minima[j] != 0)
			ols->constant = j;
	ols->pivots = palloc0((k + 1) * sizeof(double));
	for (int j = ols->constant + 1; j <= k && ols->constant >= 0; j++)
		ols->pivots[j] = moments->pivots[j];
}

/*
 * Returns the moments of the system to solve: of columns less their pivots, in units of powers of two, so that neither
 * squares nor their inverses leave the range of a double.
 */
Moments
normalize(Ols *ols, const Moments *moments, bool any_pivots)
{
	int			k = ols->k;
	int			exponent;
	Moments		result;
	dd		   *pair;

	choose_pivots(ols, moments, any_pivots);
	result = moments_recentered(moments, ols->pivots);
	frexp(moment(&result, 0, 0).hi / Max(1, moments->rows), &exponent);
	ols->weight_scale = ldexp(1, -exponent);
	ols->scales = palloc((k + 1) * sizeof(double));
	for (int i = 1; i <= k + 1; i++)
		ols->scales[i - 1] = scale_of(moment(&result, i, i).hi * ols->weight_scale / Max(1, moments->rows));
	pair = (dd *) result.pairs;
	for (int i = 0; i <= k + 1; i++)
		for (int j = 0; j <= i; j++, pair++)
			*pair = dd_scaled(dd_scaled(*pair, ols->weight_scale, i > 0 ? ols->scales[i - 1] : 1),
						   j > 0 ? ols->scales[j - 1] : 1, 1);
	ols->target_unit = 1 / ols->scales[k] / sqrt(ols->weight_scale);
	ols->units = palloc(k * sizeof(double));
	for (int j = 0; j < k; j++)
		ols->units[j] = ols->scales[j] / ols->scales[k];
	return result;
}

/*
 * Computes the coefficients of the original columns.  With x_j = (x_j - p_j) + (p_j / c) x_c, where c is the constant column's
 * value, the sum of (p_j / c) b_j is subtracted from the solved coefficient of x_c, and p_y / c is added.
 */
DD_CLONES void
restore_coef(Ols *ols, const Moments *moments, Halves solved)
{
	int			k = ols->k;
	int			c = ols->constant;
	dd			value;
	dd			own;

	ols->shift = palloc0(k * sizeof(dd));
	ols->coef = palloc(k * sizeof(double));
	for (int j = 0; j < k; j++)
		ols->coef[j] = dd_double(half_at(solved, 0, j)) * ols->units[j];
	if (c < 0 || ols->aliased[c])
		return;
	value = dd_from(moments->minima[c]);
	own = dd_add(dd_scaled(half_at(solved, 0, c), ols->units[c], 1), dd_div(dd_from(ols->pivots[k]), value));
	for (int j = c + 1; j < k; j++)
	{
		dd			ratio = dd_div(dd_from(ols->pivots[j]), value);

		if (ols->aliased[j] || ols->pivots[j] == 0)
			continue;
		own = dd_sub(own, dd_mul(dd_scaled(half_at(solved, 0, j), ols->units[j], 1), ratio));
		ols->shift[j] = dd_scaled(ratio, ols->scales[j] / ols->scales[c], 1);
	}
	ols->coef[c] = dd_double(own);
}

/* Converts a symmetric matrix from the units of the solved system to those of the coefficients. */
DD_CLONES void
restore_matrix(const Ols *ols, Halves matrix)
{
	int			k = ols->k;
	int			c = ols->constant;
	dd			corner;

	if (c < 0)
		return;
	for (int j = 0; j < k; j++)
		if (ols->shift[j].hi != 0)
			halves_subtract(matrix, c, ols->shift[j], matrix, j, k);
	corner = half_at(matrix, c, c);
	for (int j = 0; j < k; j++)
		if (ols->shift[j].hi != 0)
			corner = dd_sub(corner, dd_mul(ols->shift[j], half_at(matrix, c, j)));
	half_put(matrix, c, c, corner);
	for (int i = 0; i < k; i++)
		half_put(matrix, i, c, half_at(matrix, c, i));
}
