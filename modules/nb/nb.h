/*
 * nb.h: statistics of a feature within a class, for naive Bayes.
 */
#ifndef MADPY_NB_H
#define MADPY_NB_H

#include "numeric/dd.h"

/* Number of the method in the header of packed models (config/Config.yml). */
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

/* Returns the number of doubles of a feature in each class; a numeric feature has 0 levels. */
static inline int
nb_width(double levels)
{
	return levels == 0 ? CELL_SIZE : (int) levels;
}

#endif
