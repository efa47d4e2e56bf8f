/*
 * indicated.h: columns of codes that a kernel sees as indicators.
 */
#ifndef MADPY_INDICATED_H
#define MADPY_INDICATED_H

#include "kernel.h"

/* Columns of a block as a kernel sees them, the codes among them as indicators. */
typedef struct Indicated
{
	int			given;			/* columns of a block */
	const int  *counts;			/* number of indicators of each column, -1: it is a number */
	const double **columns;		/* those that the kernel sees */
	Indicators *categories;
	int			ncategories;
	double	   *buffer;			/* columns of indicators; NULL: the kernel takes codes */
} Indicated;

/* Returns the number of columns that a kernel sees of `given` columns. */
extern int64 indicated_width(int given, const int *counts);

extern Indicated indicated_new(const Kernel *kernel, int given, const int *counts);

extern void indicated_free(Indicated *seen);

/* Gives a kernel the rows of a block. */
extern void indicated_add(const Kernel *kernel, State *state, const RowBlock *block, const Indicated *seen);

#endif
