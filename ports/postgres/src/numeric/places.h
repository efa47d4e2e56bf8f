/*
 * places.h: places, which are the codes of all categories of a block, numbered consecutively, one category after the other.
 *
 * Kernels that take indicators have a sum for each place, and for each pair of places.  The sums of pairs are in rows: a
 * place of category c has a row of `width[c]` sums, one for each place of the categories before c and a few more.
 */
#ifndef MADPY_PLACES_H
#define MADPY_PLACES_H

#include "engine/kernel.h"

/* Up to this number of categories, loops over rows are compiled for each number, so that their variables are in registers. */
#define FEW_CATEGORIES 5

typedef struct Places
{
	int			count;			/* categories */
	const Indicators *categories;
	int			places;			/* number of places */
	int		   *start;			/* for each category, the place of its code 0 */
	int		  **taken;			/* for each category, the places of the rows of a chunk */
	int		   *width;			/* for each category, the number of sums in a row */
	int64	   *at;				/* for each category, the offset of the row of place 0, if that were one of its places */
	int64		sums;			/* number of sums in all rows */
	bool	   *ones;			/* for each column, whether it is 1 in all rows of the block, like an intercept */
} Places;

/*
 * Returns the places of a block, for chunks of `chunk` rows, or NULL if the block has no categories.  `beside` is the number
 * of sums in a row that are not of pairs.
 */
extern Places *places_new(const RowBlock *block, int columns, int chunk, int beside);

/* Sets the places of `real` rows of the block from row `first` on; further rows, up to `rows`, have code 0. */
extern void places_take(const Places *places, int first, int real, int rows);

/* Returns the offset of the row of a place of category c. */
static inline int64
places_row(const Places *places, int c, int place)
{
	return places->at[c] + (int64) place * places->width[c];
}

#endif
