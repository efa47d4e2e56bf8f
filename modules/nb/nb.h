/*
 * nb.h: the layout of a state of the kernel "nb", for those who change its shape.
 */
#ifndef MADPY_NB_H
#define MADPY_NB_H

#include "numeric/dd.h"
#include "engine/kernel.h"

extern const Kernel nb_kernel;

/* The number of packed naive Bayes models in the header of a model (config/Config.yml). */
#define MODEL_BAYES 2

/* Moments of a numeric feature within a class. */
typedef struct Cell
{
	double		count;
	dd			sum;
	dd			squares;
	double		low;
	double		high;
} Cell;

#define CELL_SIZE ((int) (sizeof(Cell) / sizeof(double)))

/* Doubles that a feature takes in each class; it has 0 levels where it is numeric. */
static inline int
nb_width(double levels)
{
	return levels == 0 ? CELL_SIZE : (int) levels;
}

/* Raises an error where the parameters of a state of the kernel do not fit its columns. */
extern void nb_check(const State *state);

#endif
