/*
 * ols.c: least squares from second moments, solved in double-double.
 *
 * X'X = L D L' without pivoting, column by column; a column with nothing new in it is left out where it stands, which
 * is what R's lm reports.  Golub & Van Loan, Matrix Computations, 4th ed., 4.1.2 (LDL'), 8.3.1 and 8.4.1 (eigenvalues).
 */
#include "postgres.h"

#include <float.h>

#include "miscadmin.h"
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

static int
factorize(const Moments *moments, Factor *f, dd *g, dd *work)
{
	int			rank = 0;

	for (int i = 0; i < f->k; i++)
	{
		dd			square = moment(moments, i + 1, i + 1);
		dd			left;

		CHECK_FOR_INTERRUPTS();
		gram_row(moments, i + 1, i, g);
		left = factor_row(f, i, g, square, &AT(f->l, f->k, i, 0), work);
		if (rank < moments->rows && left.hi > ALIAS_TOLERANCE * square.hi)
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

/* Householder: a symmetric n x n matrix, destroyed, to a diagonal and the squares of the elements beside it. */
static void
tridiagonalize(double *a, int n, double *diagonal, double *beside)
{
	double	   *v = palloc(n * sizeof(double));
	double	   *w = palloc(n * sizeof(double));

	for (int c = 0; c < n; c++)
	{
		double		norm = 0;
		double		scale;
		double		vw = 0;

		CHECK_FOR_INTERRUPTS();
		diagonal[c] = AT(a, n, c, c);
		for (int i = c + 1; i < n; i++)
			norm += AT(a, n, i, c) * AT(a, n, i, c);
		beside[c] = norm;
		norm = sqrt(norm);
		if (norm == 0 || c + 2 >= n)
			continue;
		for (int i = c + 1; i < n; i++)
			v[i] = AT(a, n, i, c);
		v[c + 1] += v[c + 1] > 0 ? norm : -norm;
		scale = 1 / (norm * fabs(v[c + 1]));	/* 2 / v'v */
		for (int i = c + 1; i < n; i++)
		{
			w[i] = 0;
			for (int j = c + 1; j < n; j++)
				w[i] += AT(a, n, i, j) * v[j];
			w[i] *= scale;
			vw += v[i] * w[i];
		}
		for (int i = c + 1; i < n; i++)
			w[i] -= scale * vw / 2 * v[i];
		for (int i = c + 1; i < n; i++)
			for (int j = c + 1; j < n; j++)
				AT(a, n, i, j) -= v[i] * w[j] + w[i] * v[j];
	}
	pfree(v);
	pfree(w);
}

/* The Sturm sequence of a tridiagonal matrix at x: whether an eigenvalue is above x, else p'(x) / p(x). */
static bool
sturm(const double *diagonal, const double *beside, int n, double x, double *slope)
{
	double		q = 1;
	double		dq = 0;

	*slope = 0;
	for (int i = 0; i < n; i++)
	{
		double		step = i > 0 ? beside[i - 1] / q : 0;

		dq = -1 + (i > 0 ? step * dq / q : 0);
		q = diagonal[i] - x - step;
		if (!(q < 0))
			return true;
		*slope += dq / q;
	}
	return false;
}

/*
 * The largest eigenvalue of a symmetric matrix that is not negative, which is destroyed: bisection brings it close, and
 * Newton's steps from above converge to it without passing it.
 */
static double
largest_eigenvalue(double *a, int n)
{
	double	   *diagonal = palloc(n * sizeof(double));
	double	   *beside = palloc(n * sizeof(double));
	double		trace = 0;
	double		low = 0;
	double		high = 1 + n * DBL_EPSILON;
	double		slope;

	for (int i = 0; i < n; i++)
		trace += AT(a, n, i, i);
	for (int i = 0; i < n * n; i++)
		a[i] /= trace;			/* squares of elements are taken: in any unit */
	tridiagonalize(a, n, diagonal, beside);
	for (int i = 0; i < n; i++)
		low = Max(low, diagonal[i]);
	for (int step = 0; step < 6; step++)
	{
		double		middle = (low + high) / 2;

		if (sturm(diagonal, beside, n, middle, &slope))
			low = middle;
		else
			high = middle;
	}
	for (int step = 0; step < 100 && !sturm(diagonal, beside, n, high, &slope); step++)
	{
		double		lower = high - 1 / slope;

		if (!(lower < high * (1 - DBL_EPSILON)))
			break;
		high = lower;
	}
	pfree(diagonal);
	pfree(beside);
	return high * trace;
}

/* Condition number of X over the kept columns: the largest eigenvalues of X'X and of its inverse, each from its own matrix. */
static double
condition(const Moments *moments, const Factor *f, const dd *inverse, int rank)
{
	double	   *gram = palloc((Size) rank * rank * sizeof(double));
	double	   *inv = palloc((Size) rank * rank * sizeof(double));
	double		result;
	int			a = 0;

	for (int i = 0; i < f->k; i++)
		for (int j = 0; j < f->k && kept(f, i); j++)
			if (kept(f, j))
			{
				gram[a] = dd_double(i >= j ? moment(moments, i + 1, j + 1) : moment(moments, j + 1, i + 1));
				inv[a++] = dd_double(AT(inverse, f->k, i, j));
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
		bool		zero = i > 0 && moments->minima[i - 1] == 0 && moments->maxima[i - 1] == 0;
		const char *is = square < 1 ? "small" : "large";

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

Ols *
ols_fit(const Moments *moments)
{
	int			k = moments->m - 1;
	Ols		   *ols = palloc0(sizeof(Ols));
	Factor		f = {k, palloc0((Size) k * k * sizeof(dd)), palloc0(k * sizeof(dd))};
	dd		   *g = palloc((k + 1) * sizeof(dd));
	dd		   *row = palloc((k + 1) * sizeof(dd));
	dd		   *work = palloc((k + 1) * sizeof(dd));
	dd			square = moment(moments, k + 1, k + 1);

	check_magnitude(moments);
	ols->k = k;
	ols->rows = moments->rows;
	ols->rank = factorize(moments, &f, g, work);
	ols->intercept = spans_constant(moments, &f, g, row, work);
	ols->tss = total_squares(moments, ols->intercept);

	gram_row(moments, k + 1, k, g);
	ols->rss = factor_row(&f, k, g, square, row, work);
	if (!(ols->rss.hi > EXACT_FIT * square.hi) || ols->rows == ols->rank)
		ols->rss = dd_from(0);

	ols->coef = palloc(k * sizeof(dd));
	back_substitute(&f, row, ols->coef);
	ols->inverse = palloc0((Size) k * k * sizeof(dd));
	invert(&f, ols->inverse);
	ols->aliased = palloc(k * sizeof(bool));
	for (int j = 0; j < k; j++)
		ols->aliased[j] = !kept(&f, j);
	ols->condition = condition(moments, &f, ols->inverse, ols->rank);
	return ols;
}

DD_CLONES double *
ols_sandwich(const Ols *ols, const Moments *meat)
{
	int			k = ols->k;
	dd		   *half = palloc((Size) k * k * sizeof(dd));
	double	   *result = palloc((Size) k * k * sizeof(double));

	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
		{
			dd			v = dd_from(0);

			for (int p = 0; p < k; p++)
				v = dd_add(v, dd_mul(AT(ols->inverse, k, i, p),
									 p >= j ? moment(meat, p + 1, j + 1) : moment(meat, j + 1, p + 1)));
			AT(half, k, i, j) = v;
		}
	for (int i = 0; i < k; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < k; j++)
		{
			dd			v = dd_from(0);

			for (int p = 0; p < k; p++)
				v = dd_add(v, dd_mul(AT(half, k, i, p), AT(ols->inverse, k, p, j)));
			AT(result, k, i, j) = dd_double(v);
		}
	}
	pfree(half);
	return result;
}
