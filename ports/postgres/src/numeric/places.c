/*
 * places.c: numbers the codes of all categories of a block consecutively, as places (see places.h).
 */
#include "postgres.h"

#include "dd.h"
#include "engine/bounds.h"
#include "places.h"

/* Rows that are compared before the loop stops at a difference. */
#define AT_ONCE 256

DD_CLONES static bool
are_ones(const double *restrict column, int rows)
{
	int			others = 0;

	for (int r = 0; r < rows; r++)
		others += column[r] != 1;
	return others == 0;
}

static bool
is_ones(const double *column, int rows)
{
	for (int first = 0; first < rows && column; first += AT_ONCE)
		if (!are_ones(column + first, Min(AT_ONCE, rows - first)))
			return false;
	return column != NULL;
}

Places *
places_new(const RowBlock *block, int columns, int chunk, int beside)
{
	Places	   *places;

	if (block->ncategories == 0)
		return NULL;
	places = palloc0(sizeof(Places));
	places->count = block->ncategories;
	places->categories = block->categories;
	places->start = palloc(places->count * sizeof(int));
	places->taken = palloc(places->count * sizeof(int *));
	places->width = palloc(places->count * sizeof(int));
	places->at = palloc(places->count * sizeof(int64));
	for (int c = 0; c < places->count; c++)
	{
		places->start[c] = places->places;
		places->taken[c] = palloc(chunk * sizeof(int));
		places->width[c] = places->places + beside;
		places->at[c] = places->sums - (int64) places->places * places->width[c];
		places->places += places->categories[c].count + 1;
		places->sums += (int64) places->width[c] * (places->categories[c].count + 1);
	}
	places->ones = palloc(columns * sizeof(bool));
	for (int j = 0; j < columns; j++)
		places->ones[j] = is_ones(block->columns[j], block->rows);
	return places;
}

/* Computes the places of codes; invalid codes are clamped to 0 .. last. */
DD_CLONES static void
take_codes(const double *restrict codes, int rows, int last, int start, int *restrict taken)
{
	for (int r = 0; r < rows; r++)
		taken[r] = start + integer_clamped(codes[r], 0, last);
}

void
places_take(const Places *places, int first, int real, int rows)
{
	for (int c = 0; c < places->count; c++)
	{
		const Indicators *category = &places->categories[c];

		take_codes(category->codes + first, real, category->count, places->start[c], places->taken[c]);
		for (int r = real; r < rows; r++)
			places->taken[c][r] = places->start[c];
	}
}
