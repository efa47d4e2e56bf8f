/*
 * coded.h: states of aggregates over categories, which are numbered as they come (see coded.c).
 */
#ifndef MADPY_CODED_H
#define MADPY_CODED_H

#include "dict.h"
#include "kernel.h"

typedef struct Coded
{
	const Kernel *kernel;
	MemoryContext context;
	int			columns;		/* of a block */
	State	   *state;
	Dict	  **dicts;			/* of each column, NULL for numbers */
	int		   *space;			/* levels of each column that the state has space for, 0 for numbers */
	double	   *waiting;		/* columns of `capacity` rows */
	int			capacity;
	int			rows;
	double		numbers;		/* in a state that just fits, as last added to the sum of all groups */
} Coded;

/* The column of the target: the first of the kernel's scalars. */
static inline int
coded_target(const Kernel *kernel, int columns)
{
	return columns - kernel->scalars;
}

/* How many levels each column has, at least one of a category. */
extern int *coded_levels(const Coded *coded);

/* Gives the state of `from` space for `levels`; `maps` are new codes of each column, NULL for those that there are. */
extern State *coded_reshaped(const Coded *from, const int *levels, int *const *maps);

extern bool coded_has_space(const Coded *coded);

/* Gives the kernel the rows that wait. */
extern void coded_flush(Coded *coded);

/* Makes space for twice as many waiting rows. */
extern void coded_grow(Coded *coded);

/* A state of no rows, without dictionaries, in the current memory context. */
extern Coded *coded_new(const Kernel *kernel, int columns);

/* Once it is known which columns are categories: makes a state with space for a level of each. */
extern void coded_start(Coded *coded);

#endif
