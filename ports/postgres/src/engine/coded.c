/*
 * coded.c: the aggregate around a kernel whose columns may be categories, numbered as they come.
 *
 * x_coded_accum(state, [y,] [weight,] limits, x1, x2, ...) takes the target and the features as they are: double precision,
 * or text, bigint or boolean, each value of which gets a number in a dictionary of the state.  The kernel sees the numbers.
 * One read is enough, and a category with a new value in each row is noticed before all of it is kept.
 *
 * The state has space for more levels than there are, and is laid out anew where they do not suffice.  Between processes and
 * at the end it is a bytea: a State of a shape that just fits, where a category without a value has one level all the same,
 * then the dictionaries of the target, if it is a category, and of each feature that is one, as dict_append() writes them.
 */
#include "postgres.h"

#include <math.h>

#include "bounds.h"
#include "catalog/pg_type.h"
#include "dict.h"
#include "kernel.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

#define FIRST_ROWS 4
#define MAX_ALL_NUMBERS (20 * 1000 * 1000)	/* in the states of all groups: 160 MB */

typedef struct Coded
{
	const Kernel *kernel;
	MemoryContext context;
	int			columns;		/* of a block */
	State	   *state;
	Dict	  **dicts;			/* of each column, NULL for numbers */
	int		   *space;			/* levels of each column that the state has space for, 0 for numbers */
	double	   *waiting;		/* columns of `capacity` rows */
	int			capacity;
	int			rows;
	double		numbers;		/* in a state that just fits, as last added to the sum of all groups */
} Coded;

/* Data that all groups of a query share, kept with the call. */
typedef struct Call
{
	double		numbers;		/* in the states of all groups */
	int			columns;
	int			limits;			/* argument */
	int		   *arguments;		/* of each column */
	Oid		   *types;			/* of each column */
} Call;

/* The column of the target: the first of the kernel's scalars. */
static int
target_of(const Kernel *kernel, int columns)
{
	return columns - kernel->scalars;
}

/* How many levels each column has, at least one of a category. */
static int *
levels_of(const Coded *coded)
{
	int		   *levels = palloc0(coded->columns * sizeof(int));

	for (int c = 0; c < coded->columns; c++)
		levels[c] = coded->dicts[c] ? Max(dict_count(coded->dicts[c]), 1) : 0;
	return levels;
}

/* Gives the state of `from` space for `levels`; `maps` are new codes of each column, NULL for those that there are. */
static State *
reshaped(const Coded *from, const int *levels, int *const *maps)
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

static bool
has_space(const Coded *coded)
{
	for (int c = 0; c < coded->columns; c++)
		if (coded->dicts[c] && dict_count(coded->dicts[c]) > coded->space[c])
			return false;
	return true;
}

/* Lays the state out anew: with space for all levels, and for half as many again while that is not too much. */
static void
grow_state(Coded *coded)
{
	MemoryContext old = MemoryContextSwitchTo(coded->context);
	State	   *before = coded->state;
	int		   *levels = levels_of(coded);
	int		   *spare = palloc(coded->columns * sizeof(int));

	for (int c = 0; c < coded->columns; c++)
		spare[c] = levels[c] + levels[c] / 2;
	if (coded->kernel->numbers_of_levels(coded->columns, spare) < MAX_PARAMS)
		memcpy(levels, spare, coded->columns * sizeof(int));
	coded->state = reshaped(coded, levels, NULL);
	memcpy(coded->space, levels, coded->columns * sizeof(int));
	pfree(before);
	pfree(levels);
	pfree(spare);
	MemoryContextSwitchTo(old);
}

/* Gives the kernel the rows that wait. */
static void
flush_rows(Coded *coded)
{
	if (!has_space(coded))
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

/* Makes space for twice as many waiting rows. */
static void
grow_waiting(Coded *coded)
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

/* A state of no rows, without dictionaries, in the current memory context. */
static Coded *
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

/* Once it is known which columns are categories: makes a state with space for a level of each. */
static void
coded_start(Coded *coded)
{
	for (int c = 0; c < coded->columns; c++)
		coded->space[c] = coded->dicts[c] ? 1 : 0;
	coded->state = coded->kernel->of_levels(coded->kernel, coded->columns, coded->space);
}

/* Arguments and their types: looked at once. */
static Call *
call_of(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	Call	   *call = fcinfo->flinfo->fn_extra;
	int			features = PG_NARGS() - kernel->scalars - 2;
	MemoryContext old;

	if (call != NULL)
		return call;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	call = palloc0(sizeof(Call));
	call->columns = features + kernel->scalars;
	call->limits = 1 + kernel->scalars;
	call->arguments = palloc(call->columns * sizeof(int));
	call->types = palloc(call->columns * sizeof(Oid));
	for (int c = 0; c < call->columns; c++)
	{
		bool		is_target = c == features;
		int			arg = c < features ? call->limits + 1 + c : 1 + c - features;
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, arg);

		if (is_target || type != FLOAT8OID)
			if ((type != BOOLOID && type != INT8OID && type != TEXTOID) || c > features)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("argument %d must be of type double precision, text, bigint or boolean", arg)));
		call->arguments[c] = arg;
		call->types[c] = type;
	}
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = call;
	return call;
}

static Coded *
first_coded(const Kernel *kernel, const Call *call, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Coded	   *coded = coded_new(kernel, call->columns);

	for (int c = 0; c < call->columns; c++)
		if (call->types[c] != FLOAT8OID)
			coded->dicts[c] = dict_of_type(call->types[c]);
	coded_start(coded);
	MemoryContextSwitchTo(old);
	return coded;
}

/* Raises an error where values are too many: `limits` are the most classes, and levels of a feature. */
static void
check_limits(FunctionCallInfo fcinfo, Call *call, Coded *coded)
{
	int			length;
	int			target = target_of(coded->kernel, coded->columns);
	const double *limits = PG_ARGISNULL(call->limits) ? NULL
		: vector_argument(PG_GETARG_ARRAYTYPE_P(call->limits), "limits", &length);
	int		   *levels = levels_of(coded);
	double		numbers = coded->kernel->numbers_of_levels(coded->columns, levels);

	if (limits == NULL || length != 2)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("limits must be two numbers")));
	for (int c = 0; c < Min(target + 1, coded->columns); c++)
	{
		double		most = limits[c == target ? 0 : 1];

		if (levels[c] > most)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 c == target ? errmsg("the target has more than %.0f distinct values", most)
					 : errmsg("feature %d has more than %.0f distinct values", c + 1, most),
					 c == target ? errhint("Group them first.")
					 : errhint("Group them first, or leave it out: it may be a name or a key.")));
	}
	pfree(levels);
	call->numbers += numbers - coded->numbers;
	coded->numbers = numbers;
	if (call->numbers > MAX_ALL_NUMBERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the groups are too many for so many classes and levels"),
				 errdetail("There would be more than %d numbers to keep.", MAX_ALL_NUMBERS),
				 errhint("Train on some of the groups at a time, or group rare values first.")));
}

/*
 * Whether the kernel can use a row: all scalars are there, and the features, unless it takes NULLs among them.  The values
 * of a row of weight 0 are not numbered.
 */
static bool
is_usable(FunctionCallInfo fcinfo, const Kernel *kernel, const Call *call)
{
	int			weight = target_of(kernel, call->columns) + 1;

	for (int c = kernel->takes_nulls ? target_of(kernel, call->columns) : 0; c < call->columns; c++)
		if (PG_ARGISNULL(call->arguments[c]))
			return false;
	return weight >= call->columns || PG_GETARG_FLOAT8(call->arguments[weight]) != 0;
}

/* x_coded_accum(state, [y,] [weight,] limits, x1, x2, ...) */
Datum
kernel_accumulate_coded(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	static const bool not_null = false;
	Call	   *call = call_of(fcinfo, kernel);
	MemoryContext context;
	Coded	   *coded;

	aggregate_only(fcinfo, kernel->name, &context);
	coded = PG_ARGISNULL(0) ? first_coded(kernel, call, context) : (Coded *) PG_GETARG_POINTER(0);
	if (!is_usable(fcinfo, kernel, call))
	{
		coded->state->rows_skipped++;
		PG_RETURN_POINTER(coded);
	}
	if (coded->rows == coded->capacity)
		grow_waiting(coded);
	for (int c = 0; c < coded->columns; c++)
	{
		NullableDatum x = fcinfo->args[call->arguments[c]];

		coded->waiting[(Size) c * coded->capacity + coded->rows] = x.isnull ? NAN
			: coded->dicts[c] == NULL ? DatumGetFloat8(x.value)
			: dict_code(coded->dicts[c], &x.value, &not_null);
	}
	if (++coded->rows == TAIL_ROWS)
	{
		if (!has_space(coded))
			check_limits(fcinfo, call, coded);
		flush_rows(coded);
	}
	PG_RETURN_POINTER(coded);
}

/* Adds `from` to `into`, which numbers the values of `from` as its own. */
static void
merge_coded(Coded *into, Coded *from)
{
	int		  **maps = palloc0(from->columns * sizeof(int *));
	int		   *levels;
	State	   *mine;
	State	   *other;
	MemoryContext old;

	flush_rows(into);
	flush_rows(from);
	for (int c = 0; c < from->columns; c++)
		if (from->dicts[c] && into->dicts[c])
			maps[c] = dict_merge(into->dicts[c], from->dicts[c]);
	levels = levels_of(into);
	other = reshaped(from, levels, maps);
	old = MemoryContextSwitchTo(into->context);
	mine = reshaped(into, levels, NULL);
	MemoryContextSwitchTo(old);
	into->kernel->merge(mine, other);
	mine->rows_used += other->rows_used;
	mine->rows_skipped += other->rows_skipped;
	memcpy(into->space, levels, into->columns * sizeof(int));
	pfree(into->state);
	into->state = mine;
}

/* coded_combine(state, other) */
PG_FUNCTION_INFO_V1(coded_combine);
Datum
coded_combine(PG_FUNCTION_ARGS)
{
	Coded	   *into = PG_ARGISNULL(0) ? NULL : (Coded *) PG_GETARG_POINTER(0);
	Coded	   *from = PG_ARGISNULL(1) ? NULL : (Coded *) PG_GETARG_POINTER(1);
	MemoryContext context;

	aggregate_only(fcinfo, "coded_combine", &context);
	if (from == NULL && into == NULL)
		PG_RETURN_NULL();
	if (from == NULL)
		PG_RETURN_POINTER(into);
	if (into == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		into = coded_new(from->kernel, from->columns);
		for (int c = 0; c < from->columns; c++)
			if (from->dicts[c])
				into->dicts[c] = dict_of_type(dict_type(from->dicts[c], 0));
		coded_start(into);
		MemoryContextSwitchTo(old);
	}
	if (into->kernel != from->kernel || into->columns != from->columns)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states of other columns cannot be merged")));
	merge_coded(into, from);
	PG_RETURN_POINTER(into);
}

/* Visits the columns with a dictionary in the order in which they are written: the target, then the features. */
static int
written(const Kernel *kernel, int columns, int nth)
{
	int			target = target_of(kernel, columns);

	return kernel->scalars == 0 ? nth : nth == 0 ? target : nth - 1;
}

/* coded_state(state): the serialization function, and the final one. */
PG_FUNCTION_INFO_V1(coded_state);
Datum
coded_state(PG_FUNCTION_ARGS)
{
	Coded	   *coded = PG_ARGISNULL(0) ? NULL : (Coded *) PG_GETARG_POINTER(0);
	StringInfoData bytes;
	State	   *state;

	aggregate_only(fcinfo, "coded_state", NULL);
	if (coded == NULL)
		PG_RETURN_NULL();
	flush_rows(coded);
	state = reshaped(coded, levels_of(coded), NULL);
	initStringInfo(&bytes);
	appendStringInfoSpaces(&bytes, VARHDRSZ);
	appendBinaryStringInfo(&bytes, (const char *) state, VARSIZE(state));
	for (int nth = 0; nth <= target_of(coded->kernel, coded->columns); nth++)
	{
		int			c = written(coded->kernel, coded->columns, nth);

		if (c < coded->columns && coded->dicts[c])
			dict_append(&bytes, coded->dicts[c]);
	}
	SET_VARSIZE(bytes.data, bytes.len);
	PG_RETURN_BYTEA_P(bytes.data);
}

/* coded_deserial(bytes, state): which columns are categories is what the levels of the state say. */
PG_FUNCTION_INFO_V1(coded_deserial);
Datum
coded_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	const char *at = VARDATA_ANY(bytes);
	const char *end = at + VARSIZE_ANY_EXHDR(bytes);
	const char *start = at;
	const Kernel *kernel;
	State	   *state;
	Coded	   *coded;
	int			size;

	aggregate_only(fcinfo, "coded_deserial", NULL);
	memcpy(&size, dict_take(&at, end, sizeof(int)), sizeof(int));
	size = Max(VARSIZE(&size), sizeof(State));
	at = start;
	state = memcpy(palloc(size), dict_take(&at, end, size), size);
	kernel = kernel_by_id(state->kernel);
	if (kernel == NULL || kernel->of_levels == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this is not a state with categories")));
	state = state_check(kernel, (bytea *) state);
	coded = coded_new(kernel, state->ncols);
	coded->state = state;
	kernel->levels(state, coded->space);
	for (int nth = 0; nth <= target_of(kernel, coded->columns); nth++)
	{
		int			c = written(kernel, coded->columns, nth);

		if (c < coded->columns && coded->space[c] > 0)
			coded->dicts[c] = dict_read(&at, end);
	}
	PG_RETURN_POINTER(coded);
}
