/*
 * outcome.h: builds the outcomes of passes over a tree: numbers, followed by a list of rows of numbers.
 */
#ifndef MADPY_TREES_OUTCOME_H
#define MADPY_TREES_OUTCOME_H

#include "engine/kernel.h"

/* A growing array of numbers. */
typedef struct Numbers
{
	double	   *data;
	int64		count;
	int64		capacity;
} Numbers;

extern double *more_numbers(Numbers *numbers, int count);
extern State *outcome_of(const State *state, const double *numbers, int64 count, const Numbers *list, int width);

#endif
