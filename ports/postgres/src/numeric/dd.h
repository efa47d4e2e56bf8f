/*
 * dd.h: double-double arithmetic, with 106 bits.
 *
 * A dd is an unevaluated sum hi + lo with |lo| <= ulp(hi)/2.  The error-free transformations are those of Dekker (1971)
 * and Knuth, the operations those of Joldes, Muller & Popescu, "Tight and rigorous error bounds for basic building blocks
 * of double-word arithmetic", ACM TOMS 44 (2017).  It needs -ffp-contract=off, and no -ffast-math.
 */
#ifndef MADPY_DD_H
#define MADPY_DD_H

#include <math.h>

#define DD_INLINE static inline __attribute__((always_inline))

/*
 * On x86-64 a function is compiled twice, with FMA (and so AVX) and for any processor, and one version is chosen at run
 * time.  target_clones("arch=haswell") would test for Intel's processor, so that AMD's ran the other version, which takes
 * three times as long.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define DD_CLONES __attribute__((target_clones("fma", "default")))
#else
#define DD_CLONES
#endif

typedef struct dd
{
	double		hi;
	double		lo;
} dd;

DD_INLINE dd
dd_from(double a)
{
	return (dd) {a, 0};
}

DD_INLINE double
dd_double(dd a)
{
	return a.hi + a.lo;
}

/* a + b exactly, |a| >= |b| */
DD_INLINE dd
fast_two_sum(double a, double b)
{
	double		s = a + b;

	return (dd) {s, b - (s - a)};
}

/* a + b exactly */
DD_INLINE dd
two_sum(double a, double b)
{
	double		s = a + b;
	double		bb = s - a;

	return (dd) {s, (a - (s - bb)) + (b - bb)};
}

/* a * b exactly */
DD_INLINE dd
two_prod(double a, double b)
{
	double		p = a * b;

	return (dd) {p, __builtin_fma(a, b, -p)};
}

/* a times two powers of two */
DD_INLINE dd
dd_scaled(dd a, double p, double q)
{
	return (dd) {a.hi * p * q, a.lo * p * q};
}

DD_INLINE dd
dd_neg(dd a)
{
	return (dd) {-a.hi, -a.lo};
}

DD_INLINE dd
dd_add(dd a, dd b)
{
	dd			s = two_sum(a.hi, b.hi);
	dd			t = two_sum(a.lo, b.lo);

	s = fast_two_sum(s.hi, s.lo + t.hi);
	return fast_two_sum(s.hi, s.lo + t.lo);
}

DD_INLINE dd
dd_sub(dd a, dd b)
{
	return dd_add(a, dd_neg(b));
}

DD_INLINE dd
dd_mul(dd a, dd b)
{
	dd			p = two_prod(a.hi, b.hi);

	return fast_two_sum(p.hi, p.lo + __builtin_fma(a.hi, b.lo, a.lo * b.hi));
}

DD_INLINE dd
dd_div(dd a, dd b)
{
	double		q1 = a.hi / b.hi;
	dd			r = dd_sub(a, dd_mul(b, dd_from(q1)));
	double		q2 = r.hi / b.hi;
	double		q3;

	r = dd_sub(r, dd_mul(b, dd_from(q2)));
	q3 = r.hi / b.hi;
	return dd_add(fast_two_sum(q1, q2), dd_from(q3));
}

#endif
