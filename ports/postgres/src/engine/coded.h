/*
 * coded.h: states of aggregates whose columns may be categories.  Values get codes in the order in which they first
 * occur (see coded.c).
 */
#ifndef MADPY_CODED_H
#define MADPY_CODED_H

#include "dict.h"
#include "kernel.h"

typedef struct Coded
{
	const Kernel *kernel;
	MemoryContext context;
	int			columns;		/* columns of a block */
	State	   *state;
	Dict	  **dicts;			/* one for each column, NULL for a column of numbers */
	int		   *space;			/* for each column, how many levels fit into the state; 0 for numbers */
	double	   *waiting;		/* rows not yet added to the state: columns of `capacity` values */
	int			capacity;
	int			rows;			/* rows in `waiting` */
	double		numbers;		/* size of the smallest state for these levels, as last added to the sum of all groups */
} Coded;

/* Index of the target's column: the first of the kernel's scalars. */
static inline int
coded_target(const Kernel *kernel, int columns)
{
	return columns - kernel->scalars;
}

/* Number of levels of each column: at least 1 for a category, 0 for numbers. */
extern int *coded_levels(const Coded *coded);

/*
 * Copies the state of `from` into a new one that has space for `levels`.  `maps` has the new codes of each column by the
 * old ones; if it is NULL, the codes stay as they are.
 */
extern State *coded_reshaped(const Coded *from, const int *levels, int *const *maps);

/* Whether all levels of the dictionaries fit into the state. */
extern bool coded_has_space(const Coded *coded);

/* Adds the waiting rows to the state. */
extern void coded_flush(Coded *coded);

/* Doubles the space for waiting rows. */
extern void coded_grow(Coded *coded);

/* Returns an empty `Coded` without dictionaries and without a state, in the current memory context. */
extern Coded *coded_new(const Kernel *kernel, int columns);

/* Creates the state, with space for one level of each category; the dictionaries must be there. */
extern void coded_start(Coded *coded);

#endif
