/*
 * ols.c: solves least squares from second moments, in double-double (factor.c).
 *
 * A column that is a combination of those before it is left out, as in R's lm().
 */
#include "postgres.h"

#include "numeric/eigenvalues.h"
#include "miscadmin.h"
#include "ols_units.h"

/*
 * Whether a column is linearly independent of those before it: the squared length of its residual on them is above the
 * tolerance, and above the rounding errors of its values with the pivot.
 */
static bool
adds(const Moments *moments, const Ols *ols, int i, dd left, dd square)
{
	double		moved = ols->pivots[i] * ols->scales[i];

	return left.hi > ALIAS_TOLERANCE * square.hi && left.hi > ROUNDING * moved * moved * moment(moments, 0, 0).hi;
}

/* Copies the moments into a factor; the moments with z_0, a constant 1, come last. */
static Factor
factor_of(const Moments *moments, int k)
{
	Factor		f = factor_new(k);

	for (int i = 0; i <= k; i++)
	{
		for (int j = i; j <= k; j++)
			half_put(f.left, i, j, moment(moments, j + 1, i + 1));
		half_put(f.left, i, k + 1, moment(moments, i + 1, 0));
	}
	half_put(f.left, k + 1, k + 1, moment(moments, 0, 0));
	return f;
}

static Factor
factorize(const Moments *moments, Ols *ols)
{
	Factor		f = factor_of(moments, ols->k);

	ols->rank = 0;
	for (int i = 0; i < ols->k; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (ols->own_references[i])
			continue;
		if (ols->rank < moments->rows && adds(moments, ols, i, half_at(f.left, i, i), moment(moments, i + 1, i + 1)))
		{
			factor_keep(&f, i);
			ols->rank++;
		}
	}
	return f;
}

/* Returns the sum of w x_i x_j of the columns with their pivots, 1 <= j <= i. */
DD_INLINE double
raw_moment(const Moments *moments, int i, int j)
{
	dd			p = dd_from(moments->pivots[i - 1]);
	dd			q = dd_from(moments->pivots[j - 1]);

	if (p.hi == 0 && q.hi == 0)
		return dd_double(moment(moments, i, j));
	return dd_double(dd_add(dd_add(moment(moments, i, j), dd_mul(dd_mul(p, q), moment(moments, 0, 0))),
							dd_add(dd_mul(p, moment(moments, j, 0)), dd_mul(q, moment(moments, i, 0)))));
}

/*
 * Returns the condition number of X without the aliased columns, from the largest eigenvalues of X'X and of its inverse.
 * `original` are the moments before they were normalized.
 */
DD_CLONES static double
condition(const Moments *original, const Ols *ols)
{
	int			rank = ols->rank;
	double	   *gram = palloc((Size) rank * rank * sizeof(double));
	double	   *inverse = palloc((Size) rank * rank * sizeof(double));
	double		result;
	int			a = 0;

	for (int i = 0; i < ols->k; i++)
	{
		int			b = 0;

		if (ols->aliased[i])
			continue;
		for (int j = 0; j <= i; j++)
			if (!ols->aliased[j])
			{
				Size		below = (Size) a * rank + b;
				Size		above = (Size) b++ * rank + a;

				gram[below] = gram[above] = raw_moment(original, i + 1, j + 1) * ols->weight_scale;
				inverse[below] = inverse[above] = dd_double(half_at(ols->inverse, i, j)) * ols->scales[i] * ols->scales[j];
			}
		a++;
	}
	result = rank == 0 ? NAN : sqrt(largest_eigenvalue(gram, rank)) * sqrt(largest_eigenvalue(inverse, rank));
	pfree(gram);
	pfree(inverse);
	return result;
}

/* Returns the total sum of squares of the target, around its mean if there is an intercept. */
DD_CLONES static dd
total_squares(const Moments *moments, bool intercept)
{
	int			y = moments->m;
	dd			square = moment(moments, y, y);
	dd			sum = moment(moments, y, 0);

	if (!intercept)
		return square;
	if (moments->minima[y - 1] == moments->maxima[y - 1])
		return dd_from(0);
	return dd_sub(square, dd_div(dd_mul(sum, sum), moment(moments, 0, 0)));
}

Ols *
ols_fit(const Moments *original, const int32 *blocks)
{
	int			k = original->m - 1;
	Ols		   *ols = palloc0(sizeof(Ols));
	Moments		moments;
	Factor		f;

	check_magnitude(original);
	ols->k = k;
	ols->rows = original->rows;
	ols->own_references = own_references(original, blocks);
	ols->target_square = raw_moment(original, k + 1, k + 1);
	moments = normalize(ols, original, true);
	f = factorize(&moments, ols);
	if (ols->constant >= 0 && !f.kept[ols->constant])
	{							/* the constant is aliased, as a sum of dummies, and has no coefficient for the pivots */
		moments = normalize(ols, original, false);
		f = factorize(&moments, ols);
	}
	ols->aliased = palloc(k * sizeof(bool));
	for (int j = 0; j < k; j++)
		ols->aliased[j] = !f.kept[j];
	/* some combination of the columns is constant if z_0 has no residual on them */
	ols->intercept = half_at(f.left, k + 1, k + 1).hi <= ALIAS_TOLERANCE * moment(&moments, 0, 0).hi;
	ols->tss = total_squares(&moments, ols->intercept);
	ols->rss = half_at(f.left, k, k);
	if (!(ols->rss.hi > EXACT_FIT * moment(&moments, k + 1, k + 1).hi) || ols->rows == ols->rank)
		ols->rss = dd_from(0);

	ols->factor = f;
	restore_coef(ols, &moments, factor_solution(&f, k));
	ols->solved_inverse = factor_inverse(&f);
	ols->inverse = halves_copy(ols->solved_inverse, k);
	restore_matrix(ols, ols->inverse);
	ols->condition = condition(original, ols);
	return ols;
}

/* Multiplies two k x k matrices, without the aliased terms. */
static Halves
product(const Ols *ols, Halves a, Halves b)
{
	int			k = ols->k;
	Halves		result = halves_new(k, k);

	for (int i = 0; i < k; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int p = 0; p < k && !ols->aliased[i]; p++)
			if (!ols->aliased[p])
				halves_subtract(result, i, dd_neg(half_at(a, i, p)), b, p, k);
	}
	return result;
}

double *
ols_sandwich(const Ols *ols, const Moments *meat)
{
	int			k = ols->k;
	double		scale = ols->weight_scale * ols->scales[k];
	Moments		moved = moments_recentered(meat, ols->pivots);
	Halves		middle = halves_new(k, k);
	double	   *result = palloc((Size) k * k * sizeof(double));
	Halves		sandwich;

	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			half_put(middle, i, j, dd_scaled(dd_scaled(moment(&moved, Max(i, j) + 1, Min(i, j) + 1),
													   scale, ols->scales[i]),
											 scale, ols->scales[j]));
	sandwich = product(ols, product(ols, ols->solved_inverse, middle), ols->solved_inverse);
	restore_matrix(ols, sandwich);
	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			result[(Size) i * k + j] = dd_double(half_at(sandwich, i, j)) * ols->units[i] * ols->units[j];
	return result;
}
