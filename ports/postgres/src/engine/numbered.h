/*
 * numbered.h: states of aggregates that number the levels of categories as they come, for kernels that see indicators of
 * them (see numbered.c).
 */
#ifndef MADPY_NUMBERED_H
#define MADPY_NUMBERED_H

#include "kernel.h"
#include "numbering.h"

/* Rows that wait: adding a block of codes costs as much as some hundred rows. */
#define NUMBERED_ROWS 2048

typedef struct Numbered
{
	const Kernel *kernel;
	MemoryContext context;
	int			given;			/* columns of a row: the features, then the kernel's scalars */
	Numbering **categories;		/* one for each column, NULL for numbers */
	int		   *counts;			/* levels of each column that have a column in the state, -1 for numbers */
	State	   *state;
	double	   *waiting;		/* rows not yet added: columns of NUMBERED_ROWS values, levels counted from 1 */
	int			rows;			/* rows in `waiting` */
} Numbered;

/* Creates one without categories and without a state in the current memory context. */
extern Numbered *numbered_new(const Kernel *kernel, int given);

/* Creates the state, for no rows. */
extern void numbered_start(Numbered *numbered);

/* Adds the waiting rows to the state, after which it has a column for each level. */
extern void numbered_flush(Numbered *numbered);

/* Returns a state of `ncols` columns, taken from those of another one; see Kernel.arrange. */
extern State *state_arranged(const Kernel *kernel, const State *from, int ncols, const int *columns);

#endif
