/*
 * factor.c: computes X'X = L D L' without pivoting, column by column, in double-double.
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed., 4.1.2, in the order of outer products.  In this order the inner
 * loop runs along rows and can be vectorised, and no sum depends on the previous one.
 */
#include "postgres.h"

#include "factor.h"
#include "miscadmin.h"

/* Allocates a matrix of zeros. */
Halves
halves_new(int rows, int columns)
{
	int			stride = TYPEALIGN(LANES, columns);
	Size		numbers = (Size) rows * stride;
	double	   *memory = palloc0(2 * numbers * sizeof(double));

	return (Halves) {stride, memory, memory + numbers};
}

Halves
halves_copy(Halves m, int rows)
{
	Halves		copy = halves_new(rows, m.stride);

	memcpy(copy.hi, m.hi, 2 * (Size) rows * m.stride * sizeof(double));
	return copy;
}

/* Subtracts b times row j of c from row i of a, in whole registers that contain the columns `from` .. `to` - 1. */
DD_INLINE void
subtract_times(Halves a, int i, dd b, Halves c, int j, int from, int to)
{
	Size		start = TYPEALIGN_DOWN(LANES, from);
	Size		count = TYPEALIGN(LANES, to) - start;
	double	   *restrict hi = a.hi + (Size) i * a.stride + start;
	double	   *restrict lo = a.lo + (Size) i * a.stride + start;
	const double *restrict c_hi = c.hi + (Size) j * c.stride + start;
	const double *restrict c_lo = c.lo + (Size) j * c.stride + start;

#pragma GCC ivdep
	for (Size q = 0; q < count; q++)
	{
		dd			v = dd_sub((dd) {hi[q], lo[q]}, dd_mul(b, (dd) {c_hi[q], c_lo[q]}));

		hi[q] = v.hi;
		lo[q] = v.lo;
	}
}

DD_CLONES void
halves_subtract(Halves a, int i, dd b, Halves c, int j, int columns)
{
	subtract_times(a, i, b, c, j, 0, columns);
}

/* Sets row 0 of a to row i of b divided by c, in whole registers that contain the columns `from` .. `to` - 1. */
DD_INLINE void
divide(Halves a, Halves b, int i, dd c, int from, int to)
{
	Size		start = TYPEALIGN_DOWN(LANES, from);
	Size		count = TYPEALIGN(LANES, to) - start;
	double	   *restrict hi = a.hi + start;
	double	   *restrict lo = a.lo + start;
	const double *restrict b_hi = b.hi + (Size) i * b.stride + start;
	const double *restrict b_lo = b.lo + (Size) i * b.stride + start;

#pragma GCC ivdep
	for (Size q = 0; q < count; q++)
	{
		dd			v = dd_div((dd) {b_hi[q], b_lo[q]}, c);

		hi[q] = v.hi;
		lo[q] = v.lo;
	}
}

/* Allocates a factor without columns; the caller fills `left`. */
Factor
factor_new(int k)
{
	Factor		f = {
		.k = k,
		.kept = palloc0(k * sizeof(bool)),
		.left = halves_new(k + 2, k + 2),
		.l = halves_new(k + 1, k),
		.inverse_l = halves_new(k, k),
		.work = halves_new(1, k + 2),
	};

	for (int i = 0; i < k; i++)
		half_put(f.inverse_l, i, i, dd_from(1));
	return f;
}

/* Adds column p to the factor: subtracts its projection from the columns after it. */
DD_CLONES void
factor_keep(Factor *f, int p)
{
	f->kept[p] = true;
	divide(f->work, f->left, p, half_at(f->left, p, p), p + 1, f->k + 2);
	for (int i = p + 1; i < f->k + 2; i++)
	{
		dd			l = half_at(f->work, 0, i);

		subtract_times(f->left, i, l, f->left, p, i, f->k + 2);
		if (i <= f->k)
			half_put(f->l, i, p, l);
		if (i < f->k)
			subtract_times(f->inverse_l, i, l, f->inverse_l, p, 0, p + 1);
	}
}

/*
 * Returns the coefficients of the regression of a column on the kept columns before it, in one row, with 0 for aliased
 * columns.  They solve L' b = the column's row of L.  Column k is the target.
 */
DD_CLONES Halves
factor_solution(const Factor *f, int column)
{
	Halves		b = halves_new(1, f->k);

	for (int j = 0; j < column; j++)
		half_put(b, 0, j, half_at(f->l, column, j));
	for (int p = column - 1; p > 0; p--)
		if (f->kept[p])
			subtract_times(b, 0, half_at(b, 0, p), f->l, p, 0, p);
	return b;
}

/* Returns (L D L')^-1, k x k, with 0 in rows and columns of aliased columns. */
DD_CLONES Halves
factor_inverse(const Factor *f)
{
	int			k = f->k;
	Halves		inverse = halves_new(k, k);

	for (int p = 0; p < k; p++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!f->kept[p])
			continue;
		divide(f->work, f->inverse_l, p, half_at(f->left, p, p), 0, p + 1);
		for (int i = 0; i <= p; i++)
			subtract_times(inverse, i, dd_neg(half_at(f->inverse_l, p, i)), f->work, 0, 0, i + 1);
	}
	for (int i = 0; i < k; i++)
		for (int j = 0; j < i; j++)
			half_put(inverse, j, i, half_at(inverse, i, j));
	return inverse;
}
