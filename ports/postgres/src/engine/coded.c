/*
 * coded.c: the aggregate around a kernel whose columns may be categories.  A value of a category gets a code when it first
 * occurs.
 *
 * x_coded_accum(state, [y,] [weight,] limits, x1, x2, ...) takes a target and features of type double precision, text,
 * bigint or boolean.  A dictionary in the state gives each distinct text, bigint or boolean a code, and the kernel gets the
 * codes.  So the table is read only once, and a category with a new value in each row raises an error before all of its
 * values are in memory.
 *
 * The state has space for more levels than there are, and is copied to a larger one when they no longer fit.  Between
 * processes and at the end, the state is a bytea: first a State with space for exactly the levels that there are (one for a
 * category without values), then the dictionary of the target, if the target is a category, then the dictionary of each
 * feature that is a category, as dict_append() writes them.
 */
#include "postgres.h"

#include "coded.h"
#include "utils/memutils.h"

#define FIRST_ROWS 4

int *
coded_levels(const Coded *coded)
{
	int		   *levels = palloc0(coded->columns * sizeof(int));

	for (int c = 0; c < coded->columns; c++)
		levels[c] = coded->dicts[c] ? Max(dict_count(coded->dicts[c]), 1) : 0;
	return levels;
}

State *
coded_reshaped(const Coded *from, const int *levels, int *const *maps)
{
	State	   *state = from->kernel->of_levels(from->kernel, from->columns, levels);
	int		   *kept = palloc0(from->columns * sizeof(int));

	for (int c = 0; c < from->columns; c++)
		if (from->dicts[c])
			kept[c] = Min(dict_count(from->dicts[c]), from->space[c]);
	from->kernel->recode(state, from->state, kept, maps);
	state->rows_used = from->state->rows_used;
	state->rows_skipped = from->state->rows_skipped;
	pfree(kept);
	return state;
}

bool
coded_has_space(const Coded *coded)
{
	for (int c = 0; c < coded->columns; c++)
		if (coded->dicts[c] && dict_count(coded->dicts[c]) > coded->space[c])
			return false;
	return true;
}

/* Copies the state to one with space for all levels, and for half as many again unless that exceeds MAX_PARAMS. */
static void
grow_state(Coded *coded)
{
	MemoryContext old = MemoryContextSwitchTo(coded->context);
	State	   *before = coded->state;
	int		   *levels = coded_levels(coded);
	int		   *spare = palloc(coded->columns * sizeof(int));

	for (int c = 0; c < coded->columns; c++)
		spare[c] = levels[c] + levels[c] / 2;
	if (coded->kernel->numbers_of_levels(coded->columns, spare) < MAX_PARAMS)
		memcpy(levels, spare, coded->columns * sizeof(int));
	coded->state = coded_reshaped(coded, levels, NULL);
	memcpy(coded->space, levels, coded->columns * sizeof(int));
	pfree(before);
	pfree(levels);
	pfree(spare);
	MemoryContextSwitchTo(old);
}

void
coded_flush(Coded *coded)
{
	if (!coded_has_space(coded))
		grow_state(coded);
	if (coded->rows > 0)
	{
		const double **block = palloc(coded->columns * sizeof(double *));

		for (int c = 0; c < coded->columns; c++)
			block[c] = coded->waiting + (Size) c * coded->capacity;
		coded->kernel->add(coded->state, &(RowBlock) {coded->rows, block});
		pfree(block);
	}
	coded->rows = 0;
}

void
coded_grow(Coded *coded)
{
	int			capacity = coded->capacity == 0 ? FIRST_ROWS : 2 * coded->capacity;
	double	   *grown = MemoryContextAlloc(coded->context, (Size) coded->columns * capacity * sizeof(double));

	for (int c = 0; c < coded->columns && coded->rows > 0; c++)
		memcpy(grown + (Size) c * capacity, coded->waiting + (Size) c * coded->capacity, coded->rows * sizeof(double));
	if (coded->waiting)
		pfree(coded->waiting);
	coded->waiting = grown;
	coded->capacity = capacity;
}

Coded *
coded_new(const Kernel *kernel, int columns)
{
	Coded	   *coded = palloc0(sizeof(Coded));

	coded->kernel = kernel;
	coded->context = CurrentMemoryContext;
	coded->columns = columns;
	coded->dicts = palloc0(columns * sizeof(Dict *));
	coded->space = palloc0(columns * sizeof(int));
	return coded;
}

void
coded_start(Coded *coded)
{
	for (int c = 0; c < coded->columns; c++)
		coded->space[c] = coded->dicts[c] ? 1 : 0;
	coded->state = coded->kernel->of_levels(coded->kernel, coded->columns, coded->space);
}
