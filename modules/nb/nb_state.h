/*
 * nb_state.h: the body of the kernels of naive Bayes, for nb.c and nb_levels.c.
 */
#ifndef MADPY_NB_STATE_H
#define MADPY_NB_STATE_H

#include "engine/kernel.h"
#include "nb.h"

typedef struct Shape
{
	int			classes;
	int			features;
	const double *levels;		/* of each feature, 0: numeric */
	double	   *rows;			/* of each class */
	double	   *cells;			/* of the first feature */
} Shape;

/* A whole number from 0 to below `limit`, or -1. */
static inline int
nb_code(double value, double limit)
{
	return value >= 0 && value < limit && value == (int) value ? (int) value : -1;
}

/* Finds the parts of a body; raises an error where its parameters do not fit its columns. */
extern Shape nb_shape(const State *state);

/* Functions of a kernel of categories: see Kernel in engine/kernel.h. */
extern State *nb_of_levels(const Kernel *kernel, int ncols, const int *levels);
extern double nb_numbers_of_levels(int ncols, const int *levels);
extern double weighted_nb_numbers_of_levels(int ncols, const int *levels);
extern void nb_levels(const State *state, int *levels);
extern void nb_recode(State *into, const State *from, const int *kept, int *const *maps);

#endif
