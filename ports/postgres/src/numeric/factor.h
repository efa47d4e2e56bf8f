/*
 * factor.h: the factorization X'X = L D L' in double-double, with the target and a constant as columns of X, and solutions
 * of equations with it.
 */
#ifndef MADPY_FACTOR_H
#define MADPY_FACTOR_H

#include "dd.h"
#include "sums.h"

/*
 * A matrix of double-doubles, as one matrix of their high halves and one of their low halves, so that GCC vectorises the
 * loops.  Rows are padded with zeros to whole vector registers.
 */
typedef struct Halves
{
	int			stride;			/* distance between two rows, a multiple of LANES */
	double	   *hi;
	double	   *lo;
} Halves;

/* Columns 0 .. k - 1 are those of X, column k is the target, column k + 1 is 1.  Rows of aliased columns are undefined. */
typedef struct Factor
{
	int			k;
	bool	   *kept;			/* k: whether each column of X is kept, not aliased */
	Halves		left;			/* k + 2 rows, upper triangle: X'X less the projections on the columns kept so far; at the end D L' */
	Halves		l;				/* k + 1 rows, below the diagonal: L */
	Halves		inverse_l;		/* k rows, up to the diagonal: L^-1 */
	Halves		work;			/* space for a row */
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
