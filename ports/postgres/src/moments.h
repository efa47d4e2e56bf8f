/*
 * moments.h: first and second moments in double-double, the body of several kernels.
 */
#ifndef MADPY_MOMENTS_H
#define MADPY_MOMENTS_H

#include "dd.h"
#include "kernel.h"

/* pairs (i, j), 0 <= j <= i <= m */
#define MOMENT_PAIRS(m) (((int64) (m) + 1) * ((int64) (m) + 2) / 2)

/*
 * Independent compensated sums, as many as fill a vector register; loops over them are what the compiler vectorises.
 */
#define LANES 4

/* Sums of a[r] and of a[r] b[r] over rows, a multiple of LANES. */
extern dd	column_sum(const double *restrict a, int rows);
extern dd	column_product(const double *restrict a, const double *restrict b, int rows);

typedef struct Moments
{
	int			m;				/* columns, z_1 .. z_m; z_0 is 1 */
	int64		rows;
	const dd   *pairs;			/* sums of w z_i z_j, the lower triangle row by row */
	const double *minima;		/* of z_1 .. z_m */
	const double *maxima;
} Moments;

extern int64 moments_size(int m);
extern void moments_start(double *body, int m);
extern void moments_add(double *body, int m, const Block *block, const double *weights);
extern void moments_merge(double *into, const double *from, int m);

/* What a state of any kernel that keeps moments holds. */
extern Moments moments_of(const State *state);

/* Sum of w z_i z_j, i >= j. */
static inline dd
moment(const Moments *moments, int i, int j)
{
	return moments->pairs[(int64) i * (i + 1) / 2 + j];
}

#endif
