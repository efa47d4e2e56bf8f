/*
 * distributions.h: tail probabilities of the t and F distributions.
 */
#ifndef MADPY_DISTRIBUTIONS_H
#define MADPY_DISTRIBUTIONS_H

extern double t_two_sided(double t, double df);
extern double f_upper(double f, double df1, double df2);

#endif
