/*
 * factor.h: X'X = L D L' in double-double, with the target and the constant beside X, and what is solved with it.
 */
#ifndef MADPY_FACTOR_H
#define MADPY_FACTOR_H

#include "dd.h"
#include "sums.h"

/*
 * Rows of double-doubles, their halves apart, and each as long as whole vector registers: zeros fill it up.  That is what
 * GCC vectorises.
 */
typedef struct Halves
{
	int			stride;			/* from one row to the next, a multiple of LANES */
	double	   *hi;
	double	   *lo;
} Halves;

/* Columns 0 .. k-1 are those of X; behind them the target, and last a constant 1.  Rows of aliased columns say nothing. */
typedef struct Factor
{
	int			k;
	bool	   *kept;			/* k: not aliased */
	Halves		left;			/* k + 2 rows, from the diagonal on: what the kept columns so far leave of X'X, at last D L' */
	Halves		l;				/* k + 1 rows, below the diagonal */
	Halves		inverse_l;		/* k rows, up to the diagonal */
	Halves		work;			/* scratch, for a row */
} Factor;

static inline dd
half_at(Halves m, int i, int j)
{
	Size		at = (Size) i * m.stride + j;

	return (dd) {m.hi[at], m.lo[at]};
}

static inline void
half_put(Halves m, int i, int j, dd value)
{
	Size		at = (Size) i * m.stride + j;

	m.hi[at] = value.hi;
	m.lo[at] = value.lo;
}

extern Halves halves_new(int rows, int columns);
extern Halves halves_copy(Halves m, int rows);
extern void halves_subtract(Halves a, int i, dd b, Halves c, int j, int columns);
extern Factor factor_new(int k);
extern void factor_keep(Factor *f, int p);
extern Halves factor_solution(const Factor *f, int column);
extern Halves factor_inverse(const Factor *f);

#endif
