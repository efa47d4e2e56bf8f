/*
 * parameters.c: checks numbers in parameters.
 */
#include "parameters.h"

#include <math.h>

int
whole_parameter(double value, int low, int high)
{
	if (!(value >= low && value <= high && value == floor(value)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the parameters do not describe a tree: %g is not from %d to %d", value, low, high)));
	return (int) value;
}
