/*
 * sk_links.c: decision values as classes and probabilities.
 */
#include "postgres.h"

#include <math.h>

#include "sk.h"

/* Returns the place of the largest value, the first of equal ones, as numpy's argmax does. */
int
sk_largest(const double *values, int count)
{
	int			best = 0;

	for (int c = 1; c < count; c++)
		if (values[c] > values[best])
			best = c;
	return best;
}

double
sk_sigmoid(double x)
{
	return 1.0 / (1.0 + exp(-x));
}

/* Replaces values by their softmax. */
void
sk_softmax(double *values, int count)
{
	double		largest = values[sk_largest(values, count)];
	double		sum = 0;

	for (int c = 0; c < count; c++)
	{
		values[c] = exp(values[c] - largest);
		sum += values[c];
	}
	for (int c = 0; c < count; c++)
		values[c] /= sum;
}
