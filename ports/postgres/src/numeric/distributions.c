/*
 * distributions.c: tail probabilities of the t and F distributions, by the regularised incomplete beta function.
 *
 * The continued fraction DLMF 8.17.22 (https://dlmf.nist.gov/8.17.v) is evaluated by the method of Lentz (1976).  If an
 * argument is large, the logarithm of the beta function is computed by Stirling's series (DLMF 5.11.1), so that no digits
 * are lost with a million degrees of freedom.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "distributions.h"

#define MAX_TERMS 100000

/* Returns the error term of Stirling's formula: ln Gamma(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2), x >= 10. */
static double
stirling_rest(double x)
{
	double		y = 1 / (x * x);

	return (1. / 12 - y * (1. / 360 - y * (1. / 1260 - y * (1. / 1680 - y * (1. / 1188 - y * (691. / 360360)))))) / x;
}

static double
log_beta(double a, double b)
{
	double		small = Min(a, b);
	double		large = Max(a, b);

	if (small >= 10)
		return -0.5 * log(large) + 0.5 * log(2 * M_PI) +
			stirling_rest(small) + stirling_rest(large) - stirling_rest(small + large) +
			(small - 0.5) * log(small / (small + large)) + large * log1p(-small / (small + large));
	if (large >= 10)
		return lgamma(small) + stirling_rest(large) - stirling_rest(small + large) +
			small - small * log(small + large) + (large - 0.5) * log1p(-small / (small + large));
	return lgamma(small) + lgamma(large) - lgamma(small + large);
}

static double
away_from_zero(double x)
{
	return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

static double
continued_fraction(double a, double b, double x)
{
	double		c = 1;
	double		d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
	double		result = d;

	for (int m = 1; m <= MAX_TERMS; m++)
	{
		double		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double		odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double		step;

		d = 1 / away_from_zero(1 + even * d);
		c = away_from_zero(1 + even / c);
		result *= d * c;
		d = 1 / away_from_zero(1 + odd * d);
		c = away_from_zero(1 + odd / c);
		step = d * c;
		result *= step;
		if (fabs(step - 1) < DBL_EPSILON)
			break;
	}
	return result;
}

/* Returns I_x(a, b).  The caller also passes y = 1 - x, because the difference loses digits if x is close to 1. */
static double
incomplete_beta(double a, double b, double x, double y)
{
	double		log_x = x < 0.5 ? log(x) : log1p(-y);
	double		log_y = y < 0.5 ? log(y) : log1p(-x);
	double		front;

	if (x <= 0)
		return 0;
	if (y <= 0)
		return 1;
	front = exp(a * log_x + b * log_y - log_beta(a, b));
	if (x < (a + 1) / (a + b + 2))
		return front * continued_fraction(a, b, x) / a;
	return 1 - front * continued_fraction(b, a, y) / b;
}

/* Returns P(|T| >= |t|) for Student's t with df degrees of freedom; NaN if t or df is invalid. */
double
t_two_sided(double t, double df)
{
	double		square = t * t;

	if (isnan(t) || !(df > 0))
		return NAN;
	if (isinf(square))
		return 0;
	return incomplete_beta(df / 2, 0.5, df / (df + square), square / (df + square));
}

/* Returns P(F >= f) for F with df1 and df2 degrees of freedom; NaN if an argument is invalid. */
double
f_upper(double f, double df1, double df2)
{
	double		scaled = df1 * f;

	if (isnan(f) || !(df1 > 0) || !(df2 > 0))
		return NAN;
	if (isinf(scaled))
		return 0;
	if (f <= 0)
		return 1;
	return incomplete_beta(df2 / 2, df1 / 2, df2 / (df2 + scaled), scaled / (df2 + scaled));
}
