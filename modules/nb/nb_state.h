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
	const double *levels;		/* number of levels of each feature; 0 for a number */
	double	   *rows;			/* number of rows of each class */
	double	   *cells;			/* cells or counts of the first feature; those of the others follow */
} Shape;

/* Returns a value as a code if it is an integer from 0 up to, without, `limit`; else -1. */
static inline int
nb_code(double value, double limit)
{
	return value >= 0 && value < limit && value == (int) value ? (int) value : -1;
}

/* Returns the parts of a body; raises an error if the parameters do not fit the columns. */
extern Shape nb_shape(const State *state);

/* Functions of a kernel whose columns may be categories: see Kernel in engine/kernel.h. */
extern State *nb_of_levels(const Kernel *kernel, int ncols, const int *levels);
extern double nb_numbers_of_levels(int ncols, const int *levels);
extern double weighted_nb_numbers_of_levels(int ncols, const int *levels);
extern void nb_levels(const State *state, int *levels);
extern void nb_recode(State *into, const State *from, const int *kept, int *const *maps);

#endif
