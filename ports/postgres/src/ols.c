/*
 * ols.c: least squares from second moments, solved in double-double.
 *
 * X'X = L D L' without pivoting, column by column; a column with nothing new in it is left out where it stands, which
 * is what R's lm reports.  Golub & Van Loan, Matrix Computations, 4th ed., 4.1.2.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "eigenvalues.h"
#include "ols.h"

#define AT(matrix, n, i, j) ((matrix)[(Size) (i) * (n) + (j)])

/* L (unit lower triangle; rows of aliased columns are zero) and D of the first k columns of the moments. */
typedef struct Factor
{
	int			k;
	dd		   *l;
	dd		   *d;				/* 0: aliased */
} Factor;

static inline bool
kept(const Factor *f, int j)
{
	return f->d[j].hi > 0;
}

/*
 * The next row of L from a row g[0 .. n-1] of the Gram matrix, and what is left of `square`, its last element: the
 * squared length of what the first n columns do not explain.
 */
DD_CLONES static dd
factor_row(const Factor *f, int n, const dd *g, dd square, dd *row, dd *work)
{
	for (int j = 0; j < n; j++)
	{
		dd			v = g[j];

		if (!kept(f, j))
		{
			row[j] = work[j] = dd_from(0);
			continue;
		}
		for (int p = 0; p < j; p++)
			if (kept(f, p))
				v = dd_sub(v, dd_mul(work[p], AT(f->l, f->k, j, p)));
		work[j] = v;
		row[j] = dd_div(v, f->d[j]);
		square = dd_sub(square, dd_mul(v, row[j]));
	}
	return square;
}

/* The sums of z_i z_1 .. z_i z_n: a row of the Gram matrix without z_0. */
static void
gram_row(const Moments *moments, int i, int n, dd *row)
{
	for (int j = 0; j < n; j++)
		row[j] = j < i ? moment(moments, i, j + 1) : moment(moments, j + 1, i);
}

/*
 * Whether a column adds something: what the ones before it leave is more than the tolerance of its own length, and more
 * than the rounding of its values as they came, before the pivot was subtracted.
 */
static bool
adds(const Moments *moments, const Ols *ols, int i, dd left, dd square)
{
	double		moved = ols->pivots[i] * ols->scales[i];

	return left.hi > ALIAS_TOLERANCE * square.hi && left.hi > ROUNDING * moved * moved * moment(moments, 0, 0).hi;
}

static int
factorize(const Moments *moments, const Ols *ols, Factor *f, dd *g, dd *work)
{
	int			rank = 0;

	for (int i = 0; i < f->k; i++)
	{
		dd			square = moment(moments, i + 1, i + 1);
		dd			left;

		CHECK_FOR_INTERRUPTS();
		gram_row(moments, i + 1, i, g);
		left = factor_row(f, i, g, square, &AT(f->l, f->k, i, 0), work);
		if (rank < moments->rows && adds(moments, ols, i, left, square))
		{
			f->d[i] = left;
			rank++;
		}
	}
	return rank;
}

/* b with L' b = row, for the kept columns. */
DD_CLONES static void
back_substitute(const Factor *f, const dd *row, dd *b)
{
	for (int j = f->k - 1; j >= 0; j--)
	{
		b[j] = dd_from(0);
		if (!kept(f, j))
			continue;
		b[j] = row[j];
		for (int p = j + 1; p < f->k; p++)
			if (kept(f, p))
				b[j] = dd_sub(b[j], dd_mul(AT(f->l, f->k, p, j), b[p]));
	}
}

/* (L D L')^-1 over the kept columns. */
DD_CLONES static void
invert(const Factor *f, dd *inverse)
{
	int			k = f->k;
	dd		   *m = palloc0((Size) k * k * sizeof(dd));	/* L^-1 */
	dd		   *scaled = palloc0((Size) k * k * sizeof(dd));	/* D^-1 L^-1 */

	for (int i = 0; i < k; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!kept(f, i))
			continue;
		for (int j = 0; j < i; j++)
		{
			dd			v = dd_from(0);

			for (int p = j; p < i; p++)
				if (kept(f, p))
					v = dd_sub(v, dd_mul(AT(f->l, k, i, p), AT(m, k, p, j)));
			AT(m, k, i, j) = v;
		}
		AT(m, k, i, i) = dd_from(1);
		for (int j = 0; j <= i; j++)
			AT(scaled, k, i, j) = dd_div(AT(m, k, i, j), f->d[i]);
	}
	for (int i = 0; i < k; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j <= i; j++)
		{
			dd			v = dd_from(0);

			for (int p = i; p < k; p++)
				if (kept(f, p))
					v = dd_add(v, dd_mul(AT(m, k, p, i), AT(scaled, k, p, j)));
			AT(inverse, k, i, j) = AT(inverse, k, j, i) = v;
		}
	}
	pfree(m);
	pfree(scaled);
}

/* Sum of w x_i x_j of the columns as they came, 1 <= j <= i. */
static double
raw_moment(const Moments *moments, int i, int j)
{
	dd			p = dd_from(moments->pivots[i - 1]);
	dd			q = dd_from(moments->pivots[j - 1]);

	return dd_double(dd_add(dd_add(moment(moments, i, j), dd_mul(dd_mul(p, q), moment(moments, 0, 0))),
							dd_add(dd_mul(p, moment(moments, j, 0)), dd_mul(q, moment(moments, i, 0)))));
}

/*
 * Condition number of X over the kept columns: the largest eigenvalues of X'X and of its inverse, each from its own
 * matrix.  original: the moments before they were normalized.
 */
static double
condition(const Moments *original, const Ols *ols)
{
	int			k = ols->k;
	int			rank = ols->rank;
	double	   *gram = palloc((Size) rank * rank * sizeof(double));
	double	   *inv = palloc((Size) rank * rank * sizeof(double));
	double		result;
	int			a = 0;

	for (int i = 0; i < k; i++)
		for (int j = 0; j < k && !ols->aliased[i]; j++)
			if (!ols->aliased[j])
			{
				gram[a] = raw_moment(original, Max(i, j) + 1, Min(i, j) + 1) * ols->weight_scale;
				inv[a++] = dd_double(AT(ols->inverse, k, i, j)) * ols->scales[i] * ols->scales[j];
			}
	result = rank == 0 ? NAN : sqrt(largest_eigenvalue(gram, rank)) * sqrt(largest_eigenvalue(inv, rank));
	pfree(gram);
	pfree(inv);
	return result;
}

/* Whether some combination of the kept columns is constant: nothing is left of z_0. */
static bool
spans_constant(const Moments *moments, const Factor *f, dd *g, dd *row, dd *work)
{
	dd			rows = moment(moments, 0, 0);

	gram_row(moments, 0, f->k, g);
	return factor_row(f, f->k, g, rows, row, work).hi <= ALIAS_TOLERANCE * rows.hi;
}

/* The squared length of the target, around its mean if there is an intercept. */
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

/*
 * A sum of squares beyond a double is no sum, and one near the smallest double has lost its digits: either would pass
 * for a column with nothing in it.
 */
static void
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

/* A power of two that brings the square root of a square near 1. */
static double
scale_of(double square)
{
	int			exponent;

	if (!(square > 0))
		return 1;
	frexp(square, &exponent);
	return ldexp(1, -exponent / 2);
}

DD_INLINE dd
scaled(dd value, double a, double b)
{
	return (dd) {value.hi * a * b, value.lo * a * b};
}

/* What is subtracted from each column before it is solved for: nothing but behind a constant one, which absorbs it. */
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
 * The moments that are solved: columns less their pivots, in units of powers of two, so that neither squares nor their
 * inverses leave the range of a double.
 */
static Moments
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
			*pair = scaled(scaled(*pair, ols->weight_scale, i > 0 ? ols->scales[i - 1] : 1),
						   j > 0 ? ols->scales[j - 1] : 1, 1);
	ols->target_unit = 1 / ols->scales[k] / sqrt(ols->weight_scale);
	ols->units = palloc(k * sizeof(double));
	for (int j = 0; j < k; j++)
		ols->units[j] = ols->scales[j] / ols->scales[k];
	return result;
}

/*
 * The coefficients of the columns as they came.  With x_j = (x_j - p_j) + (p_j / c) x_c, c the constant, that of x_c has
 * the sum of (p_j / c) b_j too much, and p_y / c too little.
 */
DD_CLONES static void
restore_coef(Ols *ols, const Moments *moments, const dd *solved)
{
	int			k = ols->k;
	int			c = ols->constant;
	dd			value;
	dd			own;

	ols->shift = palloc0(k * sizeof(dd));
	ols->coef = palloc(k * sizeof(double));
	for (int j = 0; j < k; j++)
		ols->coef[j] = dd_double(solved[j]) * ols->units[j];
	if (c < 0 || ols->aliased[c])
		return;
	value = dd_from(moments->minima[c]);
	own = dd_add(scaled(solved[c], ols->units[c], 1), dd_div(dd_from(ols->pivots[k]), value));
	for (int j = c + 1; j < k; j++)
	{
		dd			ratio = dd_div(dd_from(ols->pivots[j]), value);

		if (ols->aliased[j] || ols->pivots[j] == 0)
			continue;
		own = dd_sub(own, dd_mul(scaled(solved[j], ols->units[j], 1), ratio));
		ols->shift[j] = scaled(ratio, ols->scales[j] / ols->scales[c], 1);
	}
	ols->coef[c] = dd_double(own);
}

/* A symmetric matrix of the solved coefficients to one of the coefficients. */
DD_CLONES static void
restore_matrix(const Ols *ols, dd *matrix)
{
	int			k = ols->k;
	int			c = ols->constant;

	for (int j = 0; j < k; j++)
		if (ols->shift[j].hi != 0)
			for (int i = 0; i < k; i++)
				AT(matrix, k, c, i) = dd_sub(AT(matrix, k, c, i), dd_mul(ols->shift[j], AT(matrix, k, j, i)));
	for (int j = 0; j < k; j++)
		if (ols->shift[j].hi != 0)
			for (int i = 0; i < k; i++)
				AT(matrix, k, i, c) = dd_sub(AT(matrix, k, i, c), dd_mul(ols->shift[j], AT(matrix, k, i, j)));
}

Ols *
ols_fit(const Moments *original)
{
	int			k = original->m - 1;
	Size		square_bytes = (Size) k * k * sizeof(dd);
	Ols		   *ols = palloc0(sizeof(Ols));
	Factor		f = {k, palloc0(square_bytes), palloc0(k * sizeof(dd))};
	dd		   *g = palloc((k + 1) * sizeof(dd));
	dd		   *row = palloc((k + 1) * sizeof(dd));
	dd		   *work = palloc((k + 1) * sizeof(dd));
	dd		   *solved = palloc(k * sizeof(dd));
	Moments		moments;
	dd			square;

	check_magnitude(original);
	ols->k = k;
	ols->rows = original->rows;
	moments = normalize(ols, original, true);
	ols->rank = factorize(&moments, ols, &f, g, work);
	if (ols->constant >= 0 && !kept(&f, ols->constant))
	{							/* aliased, it absorbs nothing: dummies before it add up to it */
		moments = normalize(ols, original, false);
		memset(f.l, 0, square_bytes);
		memset(f.d, 0, k * sizeof(dd));
		ols->rank = factorize(&moments, ols, &f, g, work);
	}
	ols->aliased = palloc(k * sizeof(bool));
	for (int j = 0; j < k; j++)
		ols->aliased[j] = !kept(&f, j);
	ols->intercept = spans_constant(&moments, &f, g, row, work);
	ols->tss = total_squares(&moments, ols->intercept);

	square = moment(&moments, k + 1, k + 1);
	gram_row(&moments, k + 1, k, g);
	ols->rss = factor_row(&f, k, g, square, row, work);
	if (!(ols->rss.hi > EXACT_FIT * square.hi) || ols->rows == ols->rank)
		ols->rss = dd_from(0);

	back_substitute(&f, row, solved);
	restore_coef(ols, &moments, solved);
	ols->solved_inverse = palloc0(square_bytes);
	invert(&f, ols->solved_inverse);
	ols->inverse = memcpy(palloc(square_bytes), ols->solved_inverse, square_bytes);
	restore_matrix(ols, ols->inverse);
	ols->condition = condition(original, ols);
	return ols;
}

/* The product of two k x k matrices over the terms that are not aliased. */
DD_CLONES static dd *
product(const Ols *ols, const dd *a, const dd *b)
{
	int			k = ols->k;
	dd		   *result = palloc0((Size) k * k * sizeof(dd));

	for (int i = 0; i < k; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int p = 0; p < k && !ols->aliased[i]; p++)
			for (int j = 0; j < k && !ols->aliased[p]; j++)
				AT(result, k, i, j) = dd_add(AT(result, k, i, j), dd_mul(AT(a, k, i, p), AT(b, k, p, j)));
	}
	return result;
}

double *
ols_sandwich(const Ols *ols, const Moments *meat)
{
	int			k = ols->k;
	double		scale = ols->weight_scale * ols->scales[k];
	Moments		moved = moments_recentered(meat, ols->pivots);
	dd		   *middle = palloc((Size) k * k * sizeof(dd));
	double	   *result = palloc((Size) k * k * sizeof(double));
	dd		   *sandwich;

	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			AT(middle, k, i, j) = scaled(scaled(moment(&moved, Max(i, j) + 1, Min(i, j) + 1), scale, ols->scales[i]),
										 scale, ols->scales[j]);
	sandwich = product(ols, product(ols, ols->solved_inverse, middle), ols->solved_inverse);
	restore_matrix(ols, sandwich);
	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			AT(result, k, i, j) = dd_double(AT(sandwich, k, i, j)) * ols->units[i] * ols->units[j];
	return result;
}
