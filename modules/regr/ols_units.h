/*
 * ols_units.h: columns in the units of the solved system, and coefficients in the units of the data.
 */
#ifndef MADPY_OLS_UNITS_H
#define MADPY_OLS_UNITS_H

#include "ols.h"

extern void check_magnitude(const Moments *moments);
extern Moments normalize(Ols *ols, const Moments *moments, bool any_pivots);
extern void restore_coef(Ols *ols, const Moments *moments, Halves solved);
extern void restore_matrix(const Ols *ols, Halves matrix);

#endif
