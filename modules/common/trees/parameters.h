/*
 * parameters.h: checks numbers in parameters, which any user may have written.
 */
#ifndef MADPY_TREES_PARAMETERS_H
#define MADPY_TREES_PARAMETERS_H

#include "postgres.h"

#define MAX_LEVELS 100000

/* Returns a parameter as an integer; raises an error unless it is an integer from low to high. */
extern int	whole_parameter(double value, int low, int high);

#endif
