/*
 * numbered.c: the aggregate around a kernel that sees an indicator of each level of a category, for levels that are not
 * known yet.
 *
 * x_numbered_accum(state, [y,] [weight,] most, x1, x2, ...) takes features of type double precision, and categories of any
 * type.  A level is numbered when it first comes, as for __levels, and gets a column in the state.  So the table is read
 * once, for the levels and for the state.  More than `most` levels of a category are an error.  Rows with a NULL and rows
 * of weight 0 are skipped, and their values get no number.
 */
#include "postgres.h"

#include "bounds.h"
#include "catalog/pg_type.h"
#include "indicated.h"
#include "numbered.h"
#include "state.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

Numbered *
numbered_new(const Kernel *kernel, int given)
{
	Numbered   *numbered = palloc0(sizeof(Numbered));

	numbered->kernel = kernel;
	numbered->context = CurrentMemoryContext;
	numbered->given = given;
	numbered->categories = palloc0(given * sizeof(Numbering *));
	numbered->counts = palloc0(given * sizeof(int));
	return numbered;
}

void
numbered_start(Numbered *numbered)
{
	for (int c = 0; c < numbered->given; c++)
		numbered->counts[c] = numbered->categories[c] ? 0 : -1;
	numbered->state = state_new(numbered->kernel, (int) indicated_width(numbered->given, numbered->counts), 0, NULL, 0);
}

State *
state_arranged(const Kernel *kernel, const State *from, int ncols, const int *columns)
{
	State	   *state = state_new(kernel, ncols, 0, NULL, 0);

	kernel->arrange(state, from, columns);
	state->rows_used = from->rows_used;
	state->rows_skipped = from->rows_skipped;
	return state;
}

/* Copies the state to one that has a column for each level there is. */
static void
widen(Numbered *numbered)
{
	MemoryContext old = MemoryContextSwitchTo(numbered->context);
	State	   *before = numbered->state;
	int		   *columns = palloc(MAX_COLUMNS * sizeof(int));
	int64		width = 0;
	int			from = 0;

	for (int c = 0; c < numbered->given; c++)
	{
		int			had = numbered->counts[c];
		int			has = numbered->categories[c] ? dict_count(numbered->categories[c]->dict) : 1;

		for (int i = 0; i < has && width + i < MAX_COLUMNS; i++)
			columns[width + i] = had < 0 || i < had ? from + i : -1;
		from += had < 0 ? 1 : had;
		width += has;
		if (had >= 0)
			numbered->counts[c] = has;
	}
	numbered->state = state_arranged(numbered->kernel, before, (int) Min(width, MAX_COLUMNS + 1), columns);
	pfree(before);
	pfree(columns);
	MemoryContextSwitchTo(old);
}

static bool
has_new_levels(const Numbered *numbered)
{
	for (int c = 0; c < numbered->given; c++)
		if (numbered->categories[c] && dict_count(numbered->categories[c]->dict) > numbered->counts[c])
			return true;
	return false;
}

void
numbered_flush(Numbered *numbered)
{
	const double **columns;
	Indicated	seen;

	if (has_new_levels(numbered))
		widen(numbered);
	if (numbered->rows == 0)
		return;
	columns = palloc(numbered->given * sizeof(double *));
	for (int c = 0; c < numbered->given; c++)
		columns[c] = numbered->waiting + (Size) c * NUMBERED_ROWS;
	seen = indicated_new(numbered->kernel, numbered->given, numbered->counts);
	indicated_add(numbered->kernel, numbered->state, &(RowBlock) {numbered->rows, columns}, &seen);
	numbered->rows = 0;
	indicated_free(&seen);
	pfree(columns);
}

static Numbered *
first_numbered(FunctionCallInfo fcinfo, const Kernel *kernel, int features, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Numbered   *numbered = numbered_new(kernel, features + kernel->scalars);
	int			first = PG_NARGS() - features;
	Oid			types[FUNC_MAX_ARGS];
	Oid			collations[FUNC_MAX_ARGS];

	if (PG_ARGISNULL(first - 1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the most levels must not be NULL")));
	feature_types(fcinfo, first, features, types, collations);
	for (int c = 0; c < features; c++)
		if (types[c] != FLOAT8OID)
			numbered->categories[c] = numbering_new(getBaseType(types[c]), collations[c],
													PG_GETARG_INT32(first - 1), context);
	numbered_start(numbered);
	numbered->waiting = palloc0((Size) numbered->given * NUMBERED_ROWS * sizeof(double));
	MemoryContextSwitchTo(old);
	return numbered;
}

/* Tells whether a row has no NULL and no weight of 0. */
static bool
is_usable(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	for (int arg = 1; arg < PG_NARGS(); arg++)
		if (PG_ARGISNULL(arg))
			return false;
	return kernel->scalars < 2 || PG_GETARG_FLOAT8(2) != 0;
}

/* Returns a value's number among the levels of column c, from 1. */
static inline double
level_number(const Numbered *numbered, int c, Datum value)
{
	int			number = numbering_number(numbered->categories[c], value);

	if (number >= numbered->categories[c]->most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("feature %d has more than %d distinct values", c + 1, numbered->categories[c]->most)));
	return number + 1;
}

/* x_numbered_accum(state, [y,] [weight,] most, x1, x2, ...) */
Datum
kernel_accumulate_numbered(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	int			first = kernel->scalars + 2;
	int			features = PG_NARGS() - first;
	MemoryContext context;
	Numbered   *numbered;
	double	   *row;

	aggregate_only(fcinfo, kernel->name, &context);
	numbered = PG_ARGISNULL(0) ? first_numbered(fcinfo, kernel, features, context)
		: (Numbered *) PG_GETARG_POINTER(0);
	if (!is_usable(fcinfo, kernel))
	{
		numbered->state->rows_skipped++;
		PG_RETURN_POINTER(numbered);
	}
	row = numbered->waiting + numbered->rows;
	for (int c = 0; c < features; c++)
	{
		Datum		x = PG_GETARG_DATUM(first + c);

		row[(Size) c * NUMBERED_ROWS] = numbered->categories[c] ? level_number(numbered, c, x) : DatumGetFloat8(x);
	}
	for (int s = 0; s < kernel->scalars; s++)
		row[(Size) (features + s) * NUMBERED_ROWS] = PG_GETARG_FLOAT8(1 + s);
	if (++numbered->rows == NUMBERED_ROWS)
		numbered_flush(numbered);
	PG_RETURN_POINTER(numbered);
}
