/*
 * normal.c: the normal distribution for arrays of numbers, in loops that the compiler vectorises.
 *
 * With x = |z|, the tail 1 - Phi(x) is exp(-x^2 / 2) times g(x) / (1 + sqrt(2) x), where g is approximated
 * by one polynomial in (x - 5) / (x + 5) for all x from 0 to infinity, so that there are no branches.  Its coefficients are
 * those of a Chebyshev interpolation of g at 80 points in 60 digits; the relative error of the tail is 5e-16.
 *
 * Source: Shepherd & Laframboise (1981), Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity,
 * Mathematics of Computation 36, 249-253.
 */
#include "postgres.h"

#include <math.h>

#include "irls.h"

#define ROOT_OF_2_PI 2.5066282746310002

/*
 * Computes z^2 / 2 and its rounding error, which the exponential would magnify if the square is large.  The first 26 bits of
 * z, whose square is exact, are split off by adding and subtracting a large number; |z| is below 64.
 */
DD_CLONES static void
half_squares(const double *restrict z, int rows, double *restrict square, double *restrict error)
{
	for (int r = 0; r < rows; r++)
	{
		double		x = fabs(z[r]);
		double		high = (x + 0x1.8p32) - 0x1.8p32;
		double		half = 0.5 * x * x;

		square[r] = half;
		error[r] = (0.5 * high * high - half) + 0.5 * (x - high) * (x + high);
	}
}

/* Computes density and tail; before the call, `tail` has exp(-z^2 / 2) and `density` the error of z^2 / 2. */
DD_CLONES static void
densities_and_tails(const double *restrict z, int rows, double *restrict density, double *restrict tail)
{
	for (int r = 0; r < rows; r++)
	{
		double		x = fabs(z[r]);
		double		t = (x - 5) / (x + 5);
		double		power = tail[r] - tail[r] * density[r];
		double		g;

		g = -5.653668435982985e-10 * t - 3.469899739420966e-10;
		g = (g * t + 6.5482793422961e-09) * t + 4.5450408993447656e-09;
		g = (g * t - 4.625920109805829e-08) * t - 3.291508580792582e-08;
		g = (g * t + 2.939102082789651e-07) * t + 1.4920136297367147e-07;
		g = (g * t - 1.9498628017468317e-06) * t + 1.7995727392569312e-07;
		g = (g * t + 1.3338626123726994e-05) * t - 1.674732899949469e-05;
		g = (g * t - 7.621075726421248e-05) * t + 0.0002828892833455376;
		g = (g * t - 4.460030664714638e-05) * t - 0.002461265130851664;
		g = (g * t + 0.010208851393502314) * t - 0.02517855483579757;
		g = (g * t + 0.0443988613287147) * t - 0.057159048971975226;
		g = (g * t + 0.04764866133894879) * t - 0.004193708178282688;
		g = (g * t - 0.07005241362061797) * t + 0.6208209264948372;
		density[r] = power / ROOT_OF_2_PI;
		tail[r] = power * (g / (1 + M_SQRT2 * x));
	}
}

/*
 * Computes the density at z and the probability beyond |z|, for |z| up to 37, with relative errors of 1e-15; `square` and
 * `shifted` are space for as many numbers.
 */
void
normal_tails(const double *z, int rows, double *density, double *tail, double *square, double *shifted)
{
	half_squares(z, rows, square, density);
	exp_minus_abs(square, rows, tail, shifted);
	densities_and_tails(z, rows, density, tail);
}
