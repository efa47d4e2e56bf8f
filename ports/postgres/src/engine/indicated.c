/*
 * indicated.c: columns of codes that a kernel sees as indicators, for rows of either feed.
 *
 * A kernel that takes indicators is given the codes; for another one columns of 0 and 1 are made, some rows at a time.
 */
#include "indicated.h"

#include "bounds.h"
#include "utils/memutils.h"

/* Rows for which columns are made at a time: they stay in the second-level cache. */
#define INDICATED_ROWS 512

int64
indicated_width(int given, const int *counts)
{
	int64		width = 0;

	for (int c = 0; c < given; c++)
		width += counts[c] < 0 ? 1 : counts[c];
	return width;
}

Indicated
indicated_new(const Kernel *kernel, int given, const int *counts)
{
	Indicated	seen = {
		.given = given,
		.counts = counts,
		.columns = palloc0(indicated_width(given, counts) * sizeof(double *)),
		.categories = palloc(given * sizeof(Indicators)),
	};
	int64		made = 0;
	int			to = 0;

	for (int c = 0; c < given; c++)
	{
		if (counts[c] >= 0)
			seen.categories[seen.ncategories++] = (Indicators) {to, counts[c]};
		made += Max(counts[c], 0);
		to += counts[c] < 0 ? 1 : counts[c];
	}
	if (!kernel->takes_indicators)
		seen.buffer = palloc_limited(made * INDICATED_ROWS * sizeof(double), MaxAllocSize, "a block of indicators");
	return seen;
}

void
indicated_free(Indicated *seen)
{
	pfree(seen->columns);
	pfree(seen->categories);
	if (seen->buffer)
		pfree(seen->buffer);
}

/* Writes the codes of a category as columns of 0 and 1; returns the end of what it has written. */
static double *
indicate(const Indicators *category, int rows, const double **columns, double *buffer)
{
	memset(buffer, 0, (Size) category->count * INDICATED_ROWS * sizeof(double));
	for (int i = 0; i < category->count; i++)
		columns[category->first + i] = buffer + (Size) i * INDICATED_ROWS;
	for (int r = 0; r < rows; r++)
	{
		int64		code = integer_within(category->codes[r], 1, category->count, 0);

		if (code > 0)
			buffer[(code - 1) * INDICATED_ROWS + r] = 1;
	}
	return buffer + (Size) category->count * INDICATED_ROWS;
}

void
indicated_add(const Kernel *kernel, State *state, const RowBlock *block, const Indicated *seen)
{
	int			most = seen->buffer ? INDICATED_ROWS : block->rows;

	for (int first = 0; first < block->rows; first += most)
	{
		RowBlock	part = {.rows = Min(most, block->rows - first), .columns = seen->columns};
		double	   *buffer = seen->buffer;
		int			to = 0;
		int			category = 0;

		for (int c = 0; c < seen->given; c++)
			if (seen->counts[c] < 0)
				seen->columns[to++] = block->columns[c] + first;
			else
			{
				Indicators *one = &seen->categories[category++];

				one->codes = block->columns[c] + first;
				if (buffer)
					buffer = indicate(one, part.rows, seen->columns, buffer);
				to += one->count;
			}
		part.places = block->places ? block->places + first : NULL;
		if (seen->buffer == NULL)
		{
			part.ncategories = seen->ncategories;
			part.categories = seen->categories;
		}
		kernel->add(state, &part);
	}
}
