/*
 * moments.h: first and second moments in double-double, the body of several kernels.
 */
#ifndef MADPY_MOMENTS_H
#define MADPY_MOMENTS_H

#include "dd.h"
#include "engine/kernel.h"
#include "sums.h"

extern const Kernel moments_kernel;
extern const Kernel weighted_moments_kernel;

/*
 * Layout of the body: hi and lo of the sums of w z_i z_j, 0 <= j <= i <= m, row by row; m minima; m maxima; m pivots.
 * Python reads it with ports/postgres/layouts/moments.py.
 */
static inline int64
moment_pair(int i, int j)
{
	return (int64) i * (i + 1) / 2 + j;
}

static inline int64
moments_minima(int m)
{
	return 2 * moment_pair(m + 1, 0);
}

static inline int64
moments_maxima(int m)
{
	return moments_minima(m) + m;
}

static inline int64
moments_pivots(int m)
{
	return moments_maxima(m) + m;
}

static inline int64
moments_size(int m)
{
	return moments_pivots(m) + m;
}

/* Sums of squares below this lose bits of their 106, because the lowest ones are below the smallest double, 1e-308. */
#define SMALLEST_SQUARE 1e-270

typedef struct Moments
{
	int			m;				/* columns, z_1 .. z_m, each less its pivot; z_0 is 1 */
	int64		rows;
	const dd   *pairs;			/* sums of w z_i z_j, the lower triangle row by row; the whole body begins here */
	const double *minima;		/* minima of the columns themselves, without pivots */
	const double *maxima;
	const double *pivots;
} Moments;

extern void moments_start(double *body, int m);
extern void moments_add(double *body, int m, const RowBlock *block, const double *weights);
extern void moments_merge(double *into, const double *from, int m);

extern Moments moments_in(const double *body, int m, int64 rows);
extern Moments moments_recentered(const Moments *moments, const double *pivots);

/* Returns the moments in a state of any kernel that keeps them. */
extern Moments moments_of(const State *state);

/* Returns the sum of w z_i z_j, i >= j. */
static inline dd
moment(const Moments *moments, int i, int j)
{
	return moments->pairs[moment_pair(i, j)];
}

#endif
