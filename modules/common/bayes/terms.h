/*
 * terms.h: what a feature adds to the logarithm of the joint probability of each class, in naive Bayes.
 *
 * Terms are consecutive, feature by feature: of a number, C means, C factors h, C logarithms g: a value x adds
 * g - h (x - mean)^2; of a category, a row of C logarithms for each level.
 */
#ifndef MADPY_BAYES_TERMS_H
#define MADPY_BAYES_TERMS_H

#include <math.h>

#include "engine/model_row.h"

/* Limit of a squared distance in a score: sums of larger ones over features could be infinite. */
#define FARTHEST 1e290

/* Returns how many terms a feature has for each class; a number has 0 levels. */
static inline int
bayes_width(int levels)
{
	return levels == 0 ? 3 : levels;
}

/* Adds the logarithm of the density of a number to the score of each class. */
static inline void
bayes_add_number(double *restrict scores, const double *restrict terms, int classes, double x)
{
	const double *mean = terms;
	const double *factor = terms + classes;
	const double *logarithm = factor + classes;

	for (int c = 0; c < classes; c++)
	{
		double		distance = x - mean[c];
		double		square = distance * distance * factor[c];

		scores[c] += logarithm[c] - (square < FARTHEST ? square : FARTHEST);
	}
}

/*
 * Adds what a feature says to the score of each class; returns the terms of the next feature.  A number that is not finite
 * and a code that is none of the levels add nothing.
 */
static inline const double *
bayes_add(double *scores, const double *terms, int classes, int levels, double x)
{
	if (levels == 0 && isfinite(x))
		bayes_add_number(scores, terms, classes, x);
	else if (levels > 0 && is_code(x, levels))
		for (int c = 0; c < classes; c++)
			scores[c] += terms[(Size) x * classes + c];
	return terms + (Size) bayes_width(levels) * classes;
}

#endif
