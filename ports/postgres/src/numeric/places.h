/*
 * places.h: the codes of all categories of a block, one category behind the other, numbered as places.
 *
 * Kernels that take indicators keep sums by place.  Those of pairs of categories lie in rows: a place of category c has a
 * row of `width[c]` sums, one for each place of the categories before c and a few more.
 */
#ifndef MADPY_PLACES_H
#define MADPY_PLACES_H

#include "engine/kernel.h"

/* Categories for which loops over rows are compiled each by itself: what they need then stays in registers. */
#define FEW_CATEGORIES 5

typedef struct Places
{
	int			count;			/* categories */
	const Indicators *categories;
	int			places;
	int		   *start;			/* of each category: the place of its code 0 */
	int		  **taken;			/* of each category: the places of the rows of a chunk */
	int		   *width;			/* of each category: sums in a row */
	int64	   *at;				/* of each category: where place 0 would have its row, if it were of this category */
	int64		sums;			/* in all rows */
	bool	   *ones;			/* of each column: it is 1 in all rows of the block, as an intercept is */
} Places;

/* Places for chunks of so many rows; `beside` sums in a row are not of pairs.  NULL: the block has no categories. */
extern Places *places_new(const RowBlock *block, int columns, int chunk, int beside);

/* Takes the codes of rows [first, first + real) of the block; rows up to `rows` have code 0. */
extern void places_take(const Places *places, int first, int real, int rows);

/* Returns where the row of a place of category c begins. */
static inline int64
places_row(const Places *places, int c, int place)
{
	return places->at[c] + (int64) place * places->width[c];
}

#endif
