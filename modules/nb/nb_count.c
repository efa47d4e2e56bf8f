/*
 * nb_count.c: the kernel "nb" over classes and categories that are numbered as they come, so that one read is enough.
 *
 * The state is a Counter: a State of the kernel, with space for more classes and levels than there are, the numbers that
 * values have got, and rows that wait.  Between processes and at the end it is a bytea: a State of a shape that just
 * fits, where a category without a value has one level all the same; and the codes of the target, then of each category
 * in order, as nb_codes.c writes them.
 *
 * A value is its bytes: text as it is, a boolean or an integer as int64.
 */
#include "postgres.h"

#include "engine/bounds.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nb.h"
#include "nb_codes.h"
#include "utils/memutils.h"

#define FIRST_ROWS 4
#define MAX_ALL_CELLS (20 * 1000 * 1000)	/* in the states of all groups: 160 MB */

typedef struct Counter
{
	int			features;
	State	   *state;
	Codes	  **codes;			/* of each feature, NULL for a number; of the target the last */
	double	   *waiting;		/* features + 1 columns of `capacity` */
	int			capacity;
	int			rows;
	double		cells;			/* of a state that just fits, as last added to the sum of all groups */
} Counter;

/* Data that all groups of a query share, kept with the call. */
typedef struct Call
{
	double		cells;
	int			args;
	Oid			types[FLEXIBLE_ARRAY_MEMBER];
} Call;

/* A state without rows. */
static State *
state_of_shape(int features, int classes, const int *levels)
{
	double		cells = 0;
	double		size;
	double	   *params;
	double	   *to;
	State	   *state;

	for (int f = 0; f < features; f++)
		cells += nb_width(levels[f]);
	size = 1 + features + classes + classes * cells;
	if (size > MAX_PARAMS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d classes are too many for so many features and levels", classes),
				 errdetail("There would be %.0f numbers to keep, the most is %d.", size, MAX_PARAMS),
				 errhint("Group rare values first, or leave out what may be a name or a key.")));
	params = palloc0(size * sizeof(double));
	params[0] = classes;
	for (int f = 0; f < features; f++)
		params[1 + f] = levels[f];
	to = params + 1 + features + classes;
	for (int f = 0; f < features; f++)
	{
		if (levels[f] == 0)
			for (int c = 0; c < classes; c++)
				((Cell *) to)[c] = (Cell) {.low = INFINITY, .high = -INFINITY};
		to += (Size) classes * nb_width(levels[f]);
	}
	state = state_new(&nb_kernel, features + 1, size, params, 0);
	pfree(params);
	return state;
}

/* Copy a counter into a state of another shape; `maps` are new numbers of its values, NULL: they stay. */
static State *
state_reshaped(const Counter *counter, int classes, const int *levels, int *const *maps)
{
	int			features = counter->features;
	const State *from = counter->state;
	State	   *state = state_of_shape(features, classes, levels);
	int			old_classes = from->body[0];
	int			count = counter->codes[features]->count;
	double	   *rows = state->body + 1 + features;
	const double *old_rows = from->body + 1 + features;
	double	   *to = rows + classes;
	const double *cells = old_rows + old_classes;

	count = Min(count, old_classes);
	for (int c = 0; c < count; c++)
		rows[maps ? maps[features][c] : c] = old_rows[c];
	for (int f = 0; f < features; f++)
	{
		int			width = nb_width(levels[f]);
		int			old_width = nb_width(from->body[1 + f]);
		int			kept = counter->codes[f] ? Min(counter->codes[f]->count, old_width) : width;

		for (int c = 0; c < count; c++)
		{
			double	   *into = to + (Size) (maps ? maps[features][c] : c) * width;

			for (int i = 0; i < kept; i++)
				into[maps && maps[f] ? maps[f][i] : i] = cells[(Size) c * old_width + i];
		}
		to += (Size) classes * width;
		cells += (Size) old_classes * old_width;
	}
	state->rows_used = from->rows_used;
	state->rows_skipped = from->rows_skipped;
	return state;
}

/* The shape that all values need, and half as much again if `spare`. */
static State *
state_fitting(const Counter *counter, bool spare, int *const *maps, const Counter *wanted)
{
	int			features = wanted->features;
	int		   *levels = palloc0(features * sizeof(int));
	int			classes = Max(wanted->codes[features]->count, 1);
	double		cells = 0;
	State	   *state;

	for (int f = 0; f < features; f++)
	{
		levels[f] = wanted->codes[f] ? Max(wanted->codes[f]->count, 1) : 0;
		cells += nb_width(levels[f]);
	}
	if (spare && 3 * classes * cells < MAX_PARAMS)
	{
		classes += classes / 2;
		for (int f = 0; f < features; f++)
			levels[f] += levels[f] / 2;
	}
	state = state_reshaped(counter, classes, levels, maps);
	pfree(levels);
	return state;
}

static bool
has_room(const Counter *counter)
{
	for (int f = 0; f < counter->features; f++)
		if (counter->codes[f] && counter->codes[f]->count > counter->state->body[1 + f])
			return false;
	return counter->codes[counter->features]->count <= counter->state->body[0];
}

/* Give the kernel what waits. */
static void
counter_flush(Counter *counter, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	int			columns = counter->features + 1;

	if (!has_room(counter))
	{
		State	   *before = counter->state;

		counter->state = state_fitting(counter, true, NULL, counter);
		pfree(before);
	}
	MemoryContextSwitchTo(old);
	if (counter->rows > 0)
	{
		const double **block = palloc(columns * sizeof(double *));

		for (int j = 0; j < columns; j++)
			block[j] = counter->waiting + (Size) j * counter->capacity;
		nb_kernel.add(counter->state, &(RowBlock) {counter->rows, block});
		pfree(block);
	}
	counter->rows = 0;
}

/* Returns the counter with space for twice as many waiting rows. */
static void
counter_grow(Counter *counter, MemoryContext context)
{
	int			columns = counter->features + 1;
	int			capacity = counter->capacity == 0 ? FIRST_ROWS : 2 * counter->capacity;
	double	   *grown = MemoryContextAlloc(context, (Size) columns * capacity * sizeof(double));

	for (int j = 0; j < columns && counter->rows > 0; j++)
		memcpy(grown + (Size) j * capacity, counter->waiting + (Size) j * counter->capacity,
			   counter->rows * sizeof(double));
	if (counter->waiting)
		pfree(counter->waiting);
	counter->waiting = grown;
	counter->capacity = capacity;
}

static Counter *
counter_new(int features)
{
	Counter    *counter = palloc0(sizeof(Counter));

	counter->features = features;
	counter->codes = palloc0((features + 1) * sizeof(Codes *));
	counter->codes[features] = codes_new();
	return counter;
}

/* The state of no rows, once it is known which features are categories. */
static void
counter_start(Counter *counter)
{
	int		   *levels = palloc(counter->features * sizeof(int));

	for (int f = 0; f < counter->features; f++)
		levels[f] = counter->codes[f] ? 1 : 0;
	counter->state = state_of_shape(counter->features, 1, levels);
	pfree(levels);
}

/* Types of the arguments: looked at once. */
static Call *
call_of(FunctionCallInfo fcinfo)
{
	Call	   *call = fcinfo->flinfo->fn_extra;

	if (call != NULL)
		return call;
	call = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, offsetof(Call, types) + PG_NARGS() * sizeof(Oid));
	for (int arg = 1; arg < PG_NARGS(); arg++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, arg);

		if (arg != 2 && type != BOOLOID && type != INT8OID && type != TEXTOID && (arg == 1 || type != FLOAT8OID))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("argument %d must be of type double precision, text, bigint or boolean", arg)));
		call->types[arg] = type;
	}
	fcinfo->flinfo->fn_extra = call;
	return call;
}

/* The number of an argument's value. */
static int
argument_code(Codes *codes, MemoryContext context, Oid type, Datum value)
{
	if (type == TEXTOID)
	{
		text	   *given = DatumGetTextPP(value);

		return codes_code(codes, context, VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
	}
	else
	{
		int64		number = type == BOOLOID ? DatumGetBool(value) : DatumGetInt64(value);

		return codes_code(codes, context, (const char *) &number, sizeof(number));
	}
}

static Counter *
first_counter(FunctionCallInfo fcinfo, const Call *call, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	int			features = PG_NARGS() - 3;
	Counter    *counter = counter_new(features);

	for (int f = 0; f < features; f++)
		if (call->types[3 + f] != FLOAT8OID)
			counter->codes[f] = codes_new();
	counter_start(counter);
	MemoryContextSwitchTo(old);
	return counter;
}

/* That values are not too many: `limits` are the most classes, and levels of a category. */
static void
check_limits(FunctionCallInfo fcinfo, Call *call, Counter *counter)
{
	int			length;
	const double *limits = PG_ARGISNULL(2) ? NULL : vector_argument(PG_GETARG_ARRAYTYPE_P(2), "limits", &length);
	double		cells = 0;

	if (limits == NULL || length != 2)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("limits must be two numbers")));
	for (int f = 0; f <= counter->features; f++)
	{
		const Codes *codes = counter->codes[f];
		double		most = limits[f == counter->features ? 0 : 1];

		if (codes && codes->count > most)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 f == counter->features ? errmsg("the target has more than %.0f distinct values", most)
					 : errmsg("feature %d has more than %.0f distinct values", f + 1, most),
					 f == counter->features ? errhint("Group them first.")
					 : errhint("Group them first, or leave it out: it may be a name or a key.")));
		if (f < counter->features)
			cells += codes ? codes->count : CELL_SIZE;
	}
	cells *= counter->codes[counter->features]->count;
	call->cells += cells - counter->cells;
	counter->cells = cells;
	if (call->cells > MAX_ALL_CELLS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the groups are too many for so many classes and levels"),
				 errdetail("There would be more than %d numbers to keep.", MAX_ALL_CELLS),
				 errhint("Train on some of the groups at a time, or group rare values first.")));
}

/* nb_count_accum(state, y, limits, x1, x2, ...): x is double precision, or a category: text, bigint or boolean. */
PG_FUNCTION_INFO_V1(nb_count_accum);
Datum
nb_count_accum(PG_FUNCTION_ARGS)
{
	Call	   *call = call_of(fcinfo);
	MemoryContext context;
	Counter    *counter;
	double	   *row;

	aggregate_only(fcinfo, "nb_count", &context);
	counter = PG_ARGISNULL(0) ? first_counter(fcinfo, call, context) : (Counter *) PG_GETARG_POINTER(0);
	if (PG_ARGISNULL(1))
	{
		counter->state->rows_skipped++;
		PG_RETURN_POINTER(counter);
	}
	if (counter->rows == counter->capacity)
		counter_grow(counter, context);
	row = counter->waiting + counter->rows;
	for (int f = 0; f < counter->features; f++)
	{
		NullableDatum x = fcinfo->args[3 + f];

		row[(Size) f * counter->capacity] = x.isnull ? NAN
			: counter->codes[f] == NULL ? DatumGetFloat8(x.value)
			: argument_code(counter->codes[f], context, call->types[3 + f], x.value);
	}
	row[(Size) counter->features * counter->capacity] =
		argument_code(counter->codes[counter->features], context, call->types[1], PG_GETARG_DATUM(1));
	if (++counter->rows == TAIL_ROWS)
	{
		if (!has_room(counter))
			check_limits(fcinfo, call, counter);
		counter_flush(counter, context);
	}
	PG_RETURN_POINTER(counter);
}

PG_FUNCTION_INFO_V1(nb_count_combine);
Datum
nb_count_combine(PG_FUNCTION_ARGS)
{
	Counter    *into = PG_ARGISNULL(0) ? NULL : (Counter *) PG_GETARG_POINTER(0);
	Counter    *from = PG_ARGISNULL(1) ? NULL : (Counter *) PG_GETARG_POINTER(1);
	MemoryContext context;
	MemoryContext old;
	int		  **maps;
	State	   *mine;
	State	   *other;

	aggregate_only(fcinfo, "nb_count", &context);
	if (from == NULL && into == NULL)
		PG_RETURN_NULL();
	if (from == NULL)
		PG_RETURN_POINTER(into);
	old = MemoryContextSwitchTo(context);
	if (into == NULL)
	{
		into = counter_new(from->features);
		for (int f = 0; f < from->features; f++)
			if (from->codes[f])
				into->codes[f] = codes_new();
		counter_start(into);
	}
	MemoryContextSwitchTo(old);
	counter_flush(into, context);
	counter_flush(from, context);
	maps = palloc0((from->features + 1) * sizeof(int *));
	for (int f = 0; f <= from->features; f++)
		if (from->codes[f])
			maps[f] = codes_merge(into->codes[f], from->codes[f], context);
	other = state_fitting(from, false, maps, into);
	MemoryContextSwitchTo(context);
	mine = state_fitting(into, false, NULL, into);
	MemoryContextSwitchTo(old);
	nb_kernel.merge(mine, other);
	mine->rows_used += other->rows_used;
	mine->rows_skipped += other->rows_skipped;
	pfree(into->state);
	into->state = mine;
	PG_RETURN_POINTER(into);
}

/* The serialization function, and the final one. */
PG_FUNCTION_INFO_V1(nb_count_state);
Datum
nb_count_state(PG_FUNCTION_ARGS)
{
	Counter    *counter = PG_ARGISNULL(0) ? NULL : (Counter *) PG_GETARG_POINTER(0);
	MemoryContext context;
	StringInfoData bytes;
	State	   *state;

	aggregate_only(fcinfo, "nb_count", &context);
	if (counter == NULL)
		PG_RETURN_NULL();
	counter_flush(counter, context);
	state = state_fitting(counter, false, NULL, counter);
	initStringInfo(&bytes);
	appendStringInfoSpaces(&bytes, VARHDRSZ);
	appendBinaryStringInfo(&bytes, (const char *) state, VARSIZE(state));
	codes_append(&bytes, counter->codes[counter->features]);
	for (int f = 0; f < counter->features; f++)
		if (counter->codes[f])
			codes_append(&bytes, counter->codes[f]);
	SET_VARSIZE(bytes.data, bytes.len);
	PG_RETURN_BYTEA_P(bytes.data);
}

PG_FUNCTION_INFO_V1(nb_count_deserial);
Datum
nb_count_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	const char *at = VARDATA_ANY(bytes);
	const char *end = at + VARSIZE_ANY_EXHDR(bytes);
	State	   *state;
	Counter    *counter;
	int			size;

	aggregate_only(fcinfo, "nb_count", NULL);
	memcpy(&size, codes_take(&at, end, sizeof(int)), sizeof(int));
	at -= sizeof(int);
	size = Max(VARSIZE(&size), sizeof(State));
	state = memcpy(palloc(size), codes_take(&at, end, size), size);
	state = state_check(&nb_kernel, (bytea *) state);
	nb_check(state);
	counter = counter_new(state->ncols - 1);
	counter->state = state;
	counter->codes[counter->features] = codes_read(&at, end);
	for (int f = 0; f < counter->features; f++)
		if (state->body[1 + f] > 0)
			counter->codes[f] = codes_read(&at, end);
	PG_RETURN_POINTER(counter);
}
