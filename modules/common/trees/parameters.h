/*
 * parameters.h: numbers that come as parameters, and may come from anybody.
 */
#ifndef MADPY_TREES_PARAMETERS_H
#define MADPY_TREES_PARAMETERS_H

#include "postgres.h"

#define MAX_LEVELS 100000

/* A number among parameters that has to be whole and from low to high; an error if it is not. */
extern int	whole_parameter(double value, int low, int high);

#endif
